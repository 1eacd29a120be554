"""The preview of a change: what it would do to the units that have an assignment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Unpack

from variate.decision import CompiledSnapshot, Surroundings
from variate.definition.experiments import Experiments
from variate.errors import NotFoundError
from variate.model import Experiment, ExperimentStatus
from variate.model.decision import Reason
from variate.model.design_record import DesignFields
from variate.model.page import every
from variate.model.rules import check_id
from variate.model.snapshot import SNAPSHOT_FORMAT
from variate.publishing.content import experiment_content
from variate.stores.ports import AssignmentStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How many units have an assignment of the present version, and what the change does to them.

    ``moved`` get another variation or none; ``held`` keep theirs though the new allocation gives them another or none,
    because the ledger holds it; the others are drawn the same again. Attributes are not kept, so units are taken to be
    in the audience, and the schedule is left out. ``audience_matters`` says that the change is one of the audience, or
    of the switch that keeps units outside it: how many that touches cannot be told.
    """

    kept: int
    moved: int
    held: int
    audience_matters: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewing:
    """Tries a change out on the ledger; nothing is stored."""

    experiments: Experiments
    assignments: AssignmentStore
    flush: Callable[[], None]
    clock: Callable[[], datetime]

    def preview_change(
        self,
        experiment_id: str,
        *,
        variations: Iterable[Mapping[str, Any]] | None = None,
        **design: Unpack[DesignFields],
    ) -> Preview:
        """Return what ``update_experiment`` with this would do to the units that have an assignment.

        Raise what that would raise for a change that is not allowed. It reads every assignment of the experiment.
        """
        before = self._experiment(experiment_id)
        after = self.experiments.updated(before, variations=variations, design=design, at=self.clock()).experiment
        kept, differently = self._count(before, after)
        held = differently if _ledger_holds(after) else 0
        return Preview(
            kept=kept, moved=differently - held, held=held, audience_matters=_audience_matters(before, after)
        )

    def preview_new_version(
        self,
        experiment_id: str,
        *,
        variations: Iterable[Mapping[str, Any]] | None = None,
        **design: Unpack[DesignFields],
    ) -> Preview:
        """Return what ``start_new_version`` with this would do to the units that have an assignment.

        Raise what that would raise.
        """
        before = self._experiment(experiment_id)
        after = self.experiments.new_version(before, variations=variations, design=design, at=self.clock()).experiment
        kept, differently = self._count(before, after)
        return Preview(kept=kept, moved=differently, held=0, audience_matters=_audience_matters(before, after))

    def _experiment(self, experiment_id: str) -> Experiment:
        experiment = self.experiments.get_experiment(check_id("experiment_id", experiment_id))
        if experiment is None:
            raise NotFoundError("experiment", experiment_id)
        return experiment

    def _count(self, before: Experiment, after: Experiment) -> tuple[int, int]:
        """Return how many units have an assignment, and how many ``after`` draws otherwise."""
        self.flush()  # what this process has just assigned is counted, too
        decide = self._drawing(after)
        kept = differently = 0
        for assignment in every(self.assignments.of_experiment, before.id, at=self.clock()):
            if assignment.version != before.version:
                continue
            kept += 1
            decision = decide(assignment.unit.encode(), {})
            differently += decision.reason is not Reason.SPLIT or decision.variation != assignment.variation
        return kept, differently

    def _drawing(self, experiment: Experiment) -> Any:
        """Return what decides the experiment by its draws alone."""
        references, design = self.experiments.references, experiment.design
        # Of an experiment that has ended the range may be another's, and what it names may be gone.
        layer = None if design.layer is None else references.layers.get(design.layer.layer_id)
        if layer is not None and design.layer is not None:
            layer = replace(layer, ranges={experiment.id: design.layer})
        holdouts = {name: found for name in design.holdouts if (found := references.holdouts.get(name)) is not None}
        drawn = replace(
            experiment,
            status=ExperimentStatus.ACTIVE,
            design=replace(
                design,
                layer=None if layer is None else design.layer,
                holdouts=tuple(holdouts),
                audience=None,
                past=(),
                starts_at=None,
                ends_at=None,
                takes_new_units=True,
                reads_ledger=False,
            ),
        )
        content = {
            "format": SNAPSHOT_FORMAT,
            "audiences": {},
            "flags": {},
            "experiments": {
                experiment.id: experiment_content(
                    drawn, layers={} if layer is None else {layer.id: layer}, holdouts=holdouts, overrides=()
                )
            },
        }
        snapshot = CompiledSnapshot(content, Surroundings(clock=lambda: 0.0, kept=lambda *_: None))
        return snapshot.experiments[experiment.id]


def _ledger_holds(after: Experiment) -> bool:
    """Whether who is drawn otherwise keeps the assignment; in a draft only where the ledger is read for everybody."""
    design = after.design
    return after.status is not ExperimentStatus.DRAFT or design.reads_ledger or not design.takes_new_units


def _audience_matters(before: Experiment, after: Experiment) -> bool:
    old, new = before.design, after.design
    lets_out = old.keeps_outside_audience and not new.keeps_outside_audience and new.audience is not None
    return lets_out or old.audience != new.audience
