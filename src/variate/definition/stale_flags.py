"""Flags that have done their work: nobody changed them for long, and they decide nothing any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from variate.definition.flag_references import known_targeting
from variate.model import ExperimentStatus, FeatureFlag, FlagStatus
from variate.model.targeting import (
    EnvironmentState,
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

_MOST_KEPT = 20_000
_OVER = (ExperimentStatus.COMPLETED, ExperimentStatus.ARCHIVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gives:
    """What a flag gives once its schedules are over, at ``settled`` or from the start.

    ``experiments`` are those that its rules serve, each beside the rule's name; ``only`` is the one variation that it
    gives everybody in every environment, None where there is none; ``is_plain`` says that its rules are free-form and
    one plain value.
    """

    settled: datetime | None = None
    experiments: tuple[tuple[str, str], ...] = ()
    only: str | None = None
    is_plain: bool = False


class StaleFlags:
    """Tells of flags of one store whether they are stale. Thread-safe.

    What a flag gives is kept by its revision, as reading its rules takes nine tenths of the time: of thousands of flags
    it is read when they are first looked at, and then of those that changed.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, datetime, tuple[str, ...]], _Gives] = {}

    def reason(
        self,
        flag: FeatureFlag,
        *,
        environments: tuple[str, ...],
        status_of: StatusOf,
        at: datetime,
        unchanged_for: timedelta = UNCHANGED_FOR,
    ) -> str | None:
        """Return in words why the flag can go from the code, or None where it is not stale.

        It is in use or inactive (what is archived is gone already), nobody changed it for ``unchanged_for`` before
        ``at``, and: it is inactive; or it gives everybody one and the same variation in each of the ``environments``,
        with no schedule to come and no prerequisite; or a rule serves an experiment that is over. One with free-form
        rules is stale only where these are one plain value, or it is inactive. What cannot be read is not judged.
        """
        if flag.status is FlagStatus.ARCHIVED or flag.updated_at > at - unchanged_for:
            return None
        days = (at - flag.updated_at).days
        if flag.status is FlagStatus.INACTIVE:
            return f"It is switched off everywhere, and nobody changed it for {days} days."
        gives = self._gives(flag, environments)
        if gives.settled is not None and gives.settled > at:
            return None
        return _experiment_over(gives, status_of) or _one_for_all(gives, days)

    def _gives(self, flag: FeatureFlag, environments: tuple[str, ...]) -> _Gives:
        # The time beside the revision: a flag that was removed and made anew begins at the first one again.
        key = (flag.id, flag.revision, flag.updated_at, environments)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            found = self._kept[key] = _read(flag, environments)
        return found


def _experiment_over(gives: _Gives, status_of: StatusOf) -> str | None:
    for rule, experiment_id in gives.experiments:
        status = status_of(experiment_id)
        if status in _OVER:
            return f"Its rule {rule!r} serves the experiment {experiment_id!r}, which is {status}."
    return None


def _one_for_all(gives: _Gives, days: int) -> str | None:
    if gives.is_plain:
        return f"Its rules are one value for everybody, unchanged for {days} days."
    if gives.only is None:
        return None
    return f"It gives everybody {gives.only!r} in every environment, unchanged for {days} days."


def _read(flag: FeatureFlag, environments: Collection[str]) -> _Gives:
    targeting = known_targeting(flag)
    if targeting is None:
        return _Gives(is_plain=flag.targeting is None and isinstance(flag.rules.value, bool | int | float | str))
    rules = [*targeting.rules, *(rule for state in targeting.environments.values() for rule in state.rules or ())]
    return _Gives(
        settled=max(_moments(targeting), default=None),
        experiments=tuple(
            (rule.name, rule.serve.experiment_id) for rule in rules if isinstance(rule.serve, ServeExperiment)
        ),
        only=_only(targeting, environments),
    )


def _moments(targeting: Targeting) -> Iterator[datetime]:
    states: tuple[Targeting | EnvironmentState, ...] = (targeting, *targeting.environments.values())
    for each in states:
        yield from (moment for moment in (each.starts_at, each.ends_at) if moment is not None)


def _only(targeting: Targeting, environments: Collection[str]) -> str | None:
    served = {name for environment in environments for name in _served(targeting, environment)}
    return next(iter(served)) if len(served) == 1 and not targeting.prerequisites else None


def _served(targeting: Targeting, environment: str) -> Iterator[str | None]:
    """Yield each variation that somebody may get there after its end; None for those that an experiment gives."""
    state = targeting.environments.get(environment, EnvironmentState())
    off = targeting.off if state.off is None else state.off
    is_over = targeting.ends_at is not None or state.ends_at is not None
    if not state.enabled or is_over:
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
