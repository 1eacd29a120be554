"""The preview of a change: what it would do to the units that have an assignment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import ceil, floor
from threading import Semaphore
from typing import Any, Unpack

from variate.decision import CompiledSnapshot, Surroundings
from variate.definition.experiments import Experiments
from variate.errors import LimitExceededError, NotFoundError
from variate.model import Experiment, ExperimentStatus
from variate.model.decision import Reason
from variate.model.design_record import DesignFields
from variate.model.rules import check_id
from variate.model.snapshot import SNAPSHOT_FORMAT
from variate.publishing.content import experiment_content
from variate.stores.ports import AssignmentStore

LOOKED_AT = 20_000
"""How many assignments a preview decides anew at most: by as many a share is known to 0.7 percentage points."""
COUNTED = 1_000_000
"""How many assignments of an experiment, of every version, a preview counts at most."""
AT_ONCE = 2
"""How many previews a process makes at once: each keeps a processor and the ledger busy for a while."""
_RETRY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How many units have an assignment of the present version, and what the change does to them.

    ``moved`` get another variation or none; ``held`` keep theirs though the new allocation gives them another or none,
    because the ledger holds it; the others are drawn the same again. Attributes are not kept, so units are taken to be
    in the audience, and the schedule is left out. ``audience_matters`` says that the change is one of the audience, or
    of the switch that keeps units outside it: how many that touches cannot be told.

    Of many units ``looked_at`` were looked at, chosen by chance, and ``moved`` and ``held`` are estimated from those:
    how many are drawn otherwise, which is one of the two, lies from ``low`` to ``high`` with a confidence of 95 %.
    ``is_cut``: only the newest assignments were counted, and what is told is of those.
    """

    kept: int
    moved: int
    held: int
    looked_at: int
    low: int
    high: int
    audience_matters: bool = False
    is_cut: bool = False

    @property
    def is_estimate(self) -> bool:
        """Whether not all were looked at."""
        return self.looked_at < self.kept


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """Of ``kept`` units so many were looked at, and so many of those are drawn otherwise."""

    kept: int
    looked_at: int
    otherwise: int
    is_cut: bool

    def preview(self, *, holds: bool, audience_matters: bool) -> Preview:
        """Return what that says of all; ``holds``: who is drawn otherwise keeps the assignment."""
        otherwise = low = high = self.otherwise
        if self.looked_at < self.kept:
            from variate.stats.exact_share import exact_interval  # noqa: PLC0415 - scipy: only estimates wait for it

            ends = exact_interval(self.otherwise, trials=self.looked_at)
            otherwise = round(self.kept * self.otherwise / self.looked_at)
            low, high = floor(self.kept * ends[0]), ceil(self.kept * ends[1])
        return Preview(
            kept=self.kept,
            moved=0 if holds else otherwise,
            held=otherwise if holds else 0,
            looked_at=self.looked_at,
            low=low,
            high=high,
            audience_matters=audience_matters,
            is_cut=self.is_cut,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewing:
    """Tries a change out on the ledger; nothing is stored.

    A preview raises ``LimitExceededError`` where ``AT_ONCE`` are being made in this process: then try again.
    """

    experiments: Experiments
    assignments: AssignmentStore
    flush: Callable[[], None]
    clock: Callable[[], datetime]
    turns: Semaphore = field(default_factory=lambda: Semaphore(AT_ONCE))

    def preview_change(
        self,
        experiment_id: str,
        *,
        variations: Iterable[Mapping[str, Any]] | None = None,
        **design: Unpack[DesignFields],
    ) -> Preview:
        """Return what ``update_experiment`` with this would do to the units that have an assignment.

        Raise what that would raise for a change that is not allowed. Of more than ``LOOKED_AT`` it is an estimate.
        """
        before = self._experiment(experiment_id)
        after = self.experiments.updated(before, variations=variations, design=design, at=self.clock()).experiment
        counted = self._count(before, after)
        return counted.preview(holds=_ledger_holds(after), audience_matters=_audience_matters(before, after))

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
        return self._count(before, after).preview(holds=False, audience_matters=_audience_matters(before, after))

    def _experiment(self, experiment_id: str) -> Experiment:
        experiment = self.experiments.get_experiment(check_id("experiment_id", experiment_id))
        if experiment is None:
            raise NotFoundError("experiment", experiment_id)
        return experiment

    def _count(self, before: Experiment, after: Experiment) -> _Counted:
        """Return how many units have an assignment, and how many of those looked at ``after`` draws otherwise."""
        if not self.turns.acquire(blocking=False):
            raise LimitExceededError("too many previews are being made here: try again in some seconds", _RETRY_SECONDS)
        try:
            self.flush()  # what this process has just assigned is counted, too
            sample = self.assignments.sample(
                before.id, version=before.version, at=self.clock(), limit=LOOKED_AT, newest=COUNTED
            )
            decide = self._drawing(after)
            otherwise = 0
            for assignment in sample.assignments:
                decision = decide(assignment.unit.encode(), {})
                otherwise += decision.reason is not Reason.SPLIT or decision.variation != assignment.variation
        finally:
            self.turns.release()
        return _Counted(kept=sample.total, looked_at=len(sample.assignments), otherwise=otherwise, is_cut=sample.is_cut)

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
