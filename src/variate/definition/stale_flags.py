"""Flags that have done their work: nobody changed them for long, and they decide nothing any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timedelta

from variate.definition.flag_references import known_targeting
from variate.model import ExperimentStatus, FeatureFlag, FlagStatus
from variate.model.targeting import (
    EnvironmentState,
    FlagRule,
    Serve,
    ServeExperiment,
    ServeRollout,
    ServeVariation,
    Targeting,
)

UNCHANGED_FOR = timedelta(days=30)
"""How long nobody changed a flag that is stale, unless somebody asks for another time."""

StatusOf = Callable[[str], ExperimentStatus | None]
"""Returns the status of an experiment, by its id; None where there is none."""

_OVER = (ExperimentStatus.COMPLETED, ExperimentStatus.ARCHIVED)


def stale_reason(
    flag: FeatureFlag,
    *,
    environments: Collection[str],
    status_of: StatusOf,
    at: datetime,
    unchanged_for: timedelta = UNCHANGED_FOR,
) -> str | None:
    """Return in words why the flag can go from the code, or None where it is not stale.

    It is in use or inactive (what is archived is gone already), nobody changed it for ``unchanged_for`` before ``at``,
    and: it is inactive; or it gives everybody one and the same variation in each of the ``environments``, with no
    schedule to come and no prerequisite; or a rule serves an experiment that is over. One with free-form rules is stale
    only where these are one plain value, or it is inactive. What cannot be read is not judged.
    """
    if flag.status is FlagStatus.ARCHIVED or flag.updated_at > at - unchanged_for:
        return None
    days = (at - flag.updated_at).days
    if flag.status is FlagStatus.INACTIVE:
        return f"It is switched off everywhere, and nobody changed it for {days} days."
    targeting = known_targeting(flag)
    if targeting is None:
        is_plain = flag.targeting is None and isinstance(flag.rules.value, bool | int | float | str)
        return f"Its rules are one value for everybody, unchanged for {days} days." if is_plain else None
    if _has_a_schedule_to_come(targeting, at):
        return None
    return _experiment_over(targeting, status_of) or _one_for_all(targeting, environments, at, days)


def _experiment_over(targeting: Targeting, status_of: StatusOf) -> str | None:
    for rule in _rules(targeting):
        if isinstance(rule.serve, ServeExperiment):
            status = status_of(rule.serve.experiment_id)
            if status in _OVER:
                return f"Its rule {rule.name!r} serves the experiment {rule.serve.experiment_id!r}, which is {status}."
    return None


def _one_for_all(targeting: Targeting, environments: Collection[str], at: datetime, days: int) -> str | None:
    served = {name for environment in environments for name in _served(targeting, environment, at)}
    if len(served) != 1 or targeting.prerequisites:
        return None
    (only,) = served
    return None if only is None else f"It gives everybody {only!r} in every environment, unchanged for {days} days."


def _served(targeting: Targeting, environment: str, at: datetime) -> Iterator[str | None]:
    """Yield each variation that somebody may get there; None for those that an experiment gives."""
    state = targeting.environments.get(environment, EnvironmentState())
    off = targeting.off if state.off is None else state.off
    if not state.enabled or _is_over(targeting, state, at):
        yield off
        return
    for rule in targeting.rules if state.rules is None else state.rules:
        yield from _given(rule.serve)
        if rule.condition is None and not isinstance(rule.serve, ServeExperiment):
            return
    yield from _given(targeting.default if state.default is None else state.default)


def _given(serve: Serve) -> Iterator[str | None]:
    if isinstance(serve, ServeVariation):
        yield serve.variation
    elif isinstance(serve, ServeRollout):
        yield from (name for name, weight in serve.weights if weight > 0)
    else:
        yield None


def _is_over(targeting: Targeting, state: EnvironmentState, at: datetime) -> bool:
    end = targeting.ends_at if state.ends_at is None else state.ends_at
    return end is not None and end <= at


def _has_a_schedule_to_come(targeting: Targeting, at: datetime) -> bool:
    states: tuple[Targeting | EnvironmentState, ...] = (targeting, *targeting.environments.values())
    return any(moment is not None and moment > at for each in states for moment in (each.starts_at, each.ends_at))


def _rules(targeting: Targeting) -> Iterator[FlagRule]:
    yield from targeting.rules
    for state in targeting.environments.values():
        yield from state.rules or ()
