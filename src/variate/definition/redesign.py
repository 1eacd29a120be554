"""What may change of an experiment that runs, and what such a change leaves to be remembered."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from variate.errors import InvalidInputError
from variate.model import Experiment, ExperimentStatus, Variation
from variate.model.design import MAX_LISTED, ExperimentMetric, MetricRole, PastAllocation
from variate.model.design_record import design_record

_STARTED = frozenset({ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED})
_LOCKED: dict[str, Callable[[Experiment], Any]] = {
    "unit_type": lambda each: each.design.unit_type,
    "salt": lambda each: each.id if each.design.salt is None else each.design.salt,
    "layer": lambda each: each.design.layer,
    "holdouts": lambda each: each.design.holdouts,
    "control": lambda each: each.control,
    "hypothesis": lambda each: each.design.hypothesis,
    "plan": lambda each: each.design.plan,
}
"""What is fixed once an experiment has started, since to change it would move units, or move the goal."""

_WORDS = frozenset({"name", "description", "owner"})
"""What is said of an experiment: it decides nothing."""


def fixed_fields(experiment: Experiment) -> frozenset[str]:
    """Return what cannot change as the experiment stands, by the names of ``update_experiment``.

    Of what is not among them some parts may be fixed, too, as ``is_fixed`` says of a metric, and all of a variation but
    its weight. Archived, nothing changes.
    """
    if experiment.status is ExperimentStatus.DRAFT:
        return frozenset()
    if experiment.status in _STARTED:
        return frozenset(_LOCKED)
    of_results = {*design_record(experiment.design), "variations"}
    return frozenset(of_results if experiment.status is ExperimentStatus.COMPLETED else of_results | _WORDS)


def is_fixed(metric: ExperimentMetric, experiment: Experiment) -> bool:
    """Whether the experiment has to keep this one of its metrics in its role."""
    if experiment.status is ExperimentStatus.DRAFT:
        return False
    return experiment.status not in _STARTED or metric.role is not MetricRole.SECONDARY


def check_locked(before: Experiment, after: Experiment) -> None:
    """Raise ``InvalidInputError`` naming the field, where a started experiment changes in what is locked."""
    if before.status is ExperimentStatus.DRAFT:
        return
    if _locked_part(before.variations) != _locked_part(after.variations):
        raise InvalidInputError(
            "variations", f"of an experiment that is {before.status} may change only in weight, or with a new version"
        )
    for field, part in _LOCKED.items():
        if part(before) != part(after):
            raise InvalidInputError(field, "cannot change once the experiment has started; begin a new version")
    if _of_role(before, MetricRole.GOAL) != _of_role(after, MetricRole.GOAL):
        raise InvalidInputError(
            "metrics", "of the goal cannot change once the experiment has started; begin a new version"
        )
    if not _of_role(before, MetricRole.GUARDRAIL) <= _of_role(after, MetricRole.GUARDRAIL):
        raise InvalidInputError(
            "metrics",
            "that are guardrails cannot go, nor their margins change, once the experiment has started; "
            "begin a new version",
        )
    if before.design.reads_ledger and not after.design.reads_ledger:
        # Whoever was assigned otherwise than by the draw would move.
        raise InvalidInputError(
            "reads_ledger", "cannot be switched off once the experiment has started; begin a new version"
        )
    if before.status is ExperimentStatus.COMPLETED:
        _check_ended(before, after)


def _check_ended(before: Experiment, after: Experiment) -> None:
    """What an experiment was is the record of what its results are of."""
    old, new = design_record(before.design), design_record(after.design)
    changed = [field for field in old if old[field] != new[field]]
    if [each.weight for each in before.variations] != [each.weight for each in after.variations]:
        changed.append("variations")
    if changed:
        raise InvalidInputError(changed[0], "cannot change any more: the experiment has ended")


def remembering(before: Experiment, after: Experiment, *, at: datetime, delay: timedelta) -> Experiment:
    """Return ``after`` with the allocation of ``before`` remembered, where a started experiment shares out anew.

    The new allocation is in force ``delay`` after ``at``: by then every process knows of it, and what was decided by
    the old one is in the ledger. It is not in force before the old one, which a process with a longer delay, or whose
    clock is ahead, may have put off further: decisions take the ends to be in order.
    """
    old, new = _allocation(before), _allocation(after)
    if before.status not in _STARTED or old == new:
        return after
    if len(before.design.past) >= MAX_LISTED:
        raise InvalidInputError(
            next(name for name in old if old[name] != new[name]),
            f"cannot change: units were shared out anew {MAX_LISTED} times since the start; begin a new version",
        )
    until = at + delay
    if before.design.past:
        until = max(until, before.design.past[-1].until)
    design = before.design
    past = PastAllocation(weights=old["variations"], traffic=design.traffic, audience=design.audience, until=until)
    return replace(after, design=replace(after.design, past=(*before.design.past, past)))


def check_started(experiment: Experiment) -> None:
    """Raise ``InvalidInputError`` unless the experiment has started and not ended."""
    if experiment.status not in _STARTED:
        raise InvalidInputError("experiment_id", f"must be of a started experiment; this one is {experiment.status}")


def anew(experiment: Experiment, *, reads_ledger: bool) -> Experiment:
    """Return the experiment as a version in which every unit is drawn anew: nothing of before is remembered."""
    design = replace(experiment.design, past=(), reads_ledger=reads_ledger)
    return replace(experiment, version=experiment.version + 1, design=design)


def _allocation(experiment: Experiment) -> dict[str, Any]:
    """Return how units are shared out, by the field that says so."""
    weights = tuple(each.weight for each in experiment.variations)
    return {"variations": weights, "traffic": experiment.design.traffic, "audience": experiment.design.audience}


def _of_role(experiment: Experiment, role: MetricRole) -> set[ExperimentMetric]:
    return {each for each in experiment.design.metrics if each.role is role}


def _locked_part(variations: Iterable[Variation]) -> list[tuple[str, str, str]]:
    return [(variation.name, variation.description, variation.value.text) for variation in variations]
