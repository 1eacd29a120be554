"""How large an experiment has to be, as somebody asks: two of units, effect and power give the third."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from variate.errors import InvalidInputError
from variate.model.metric import Direction
from variate.model.plan import Spending
from variate.stats.baselines import Adjusted, Baseline, Clustered
from variate.stats.not_estimable import NotEstimable
from variate.stats.power import DEFAULT_POWER, SampleSize, minimal_effect, minimal_margin, power_of, sample_size
from variate.stats.procedures import AlwaysValid, AtTheEnd, GroupSequential, Monitoring, Procedure

_NAMES = {
    "cluster.correlation": "icc",
    "cluster.size": "cluster_size",
    "correlation": "covariate_correlation",
    "tests": "goals",
    "weights": "shares",
}
"""What the statistics call otherwise than ``Asked`` does."""
_TIMES = (0.5, 0.75, 1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of any kind of metric; None where something is not given.

    ``is_relative`` says that ``mde``, ``margin`` and ``expected`` are shares of the baseline.
    """

    mde: float | None
    units: float | None
    power: float | None
    is_relative: bool
    margin: float | None
    expected: float | None
    direction: Direction
    alpha: float
    variations: int | None
    shares: tuple[float, ...] | None
    goals: int
    looks: int
    spending: Spending | None
    always_valid: bool
    covariate_correlation: float | None
    cluster_size: float | None
    icc: float | None
    daily_units: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """What another effect, or another number of units, would come to."""

    effect: float
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The three, whichever of them was asked for, and what follows.

    ``effect`` is the difference that is told, None where these units tell none; with a margin it is what the difference
    is thought to be. ``power`` is what was asked for, but what the units have where they were given beside the effect.
    ``size.units`` are by variation, control first. ``smallest_margin`` is the smallest that the units rule out with
    ``power``, None where that was not asked or they rule out none.
    """

    solved: str
    baseline: Baseline
    procedure: Procedure
    effect: float | None
    power: float
    size: SampleSize
    daily_units: float | None
    smallest_margin: float | None
    others: tuple[Other, ...]


def answered(baseline: Baseline, *, asked: Asked) -> Answer:
    """Return the answer; raise ``InvalidInputError`` naming what is wrong of ``Asked``, or of the baseline."""
    try:
        adjusted = _adjusted(baseline, asked)
        return _solved(adjusted, _procedure(asked, level=baseline.level), asked)
    except InvalidInputError as error:
        effect = "mde" if asked.margin is None else "expected"
        named = _NAMES.get(error.field, effect if error.field == "effect" else error.field)
        raise InvalidInputError(named, error.rule) from error
    except OverflowError as error:
        raise InvalidInputError("baseline", "and the effect are numbers too far apart to reckon with") from error


def _solved(baseline: Baseline, procedure: Procedure, asked: Asked) -> Answer:
    effect = _effect(asked, procedure, level=baseline.level)
    power = DEFAULT_POWER if asked.power is None else asked.power
    if asked.units is None:
        if effect is None:
            raise InvalidInputError("mde", "must be given, or units: two of units, effect and power give the third")
        size = sample_size(baseline, effect=effect, procedure=procedure, power=power, daily_units=asked.daily_units)
        return Answer(
            solved="units",
            baseline=baseline,
            procedure=procedure,
            effect=effect,
            power=power,
            size=size,
            daily_units=asked.daily_units,
            smallest_margin=None,
            others=tuple(_other_effects(baseline, procedure, effect=effect, power=power)),
        )
    if effect is not None:
        return _power_answer(baseline, procedure, asked, effect=effect, units=asked.units)
    least = minimal_effect(baseline, units=asked.units, procedure=procedure, power=power)
    return Answer(
        solved="mde",
        baseline=baseline,
        procedure=procedure,
        effect=None if isinstance(least, NotEstimable) else least,
        power=power,
        size=_size(procedure, asked, units=asked.units, drift=procedure.drift(power)),
        daily_units=asked.daily_units,
        smallest_margin=None,
        others=tuple(_other_units(baseline, procedure, units=asked.units, power=power)),
    )


def _power_answer(baseline: Baseline, procedure: Procedure, asked: Asked, *, effect: float, units: float) -> Answer:
    if asked.power is not None and procedure.margin is None:
        raise InvalidInputError("power", "cannot be given beside units and an effect: it follows from them")
    power = power_of(baseline, effect=effect, units=units, procedure=procedure)
    wanted = DEFAULT_POWER if asked.power is None else asked.power
    smallest = None
    if procedure.margin is not None:
        found = minimal_margin(baseline, units=units, procedure=procedure, effect=effect, power=wanted)
        smallest = None if isinstance(found, NotEstimable) else found
    drift = procedure.drift(power) if procedure.test_alpha < power < 1 else None
    return Answer(
        solved="power",
        baseline=baseline,
        procedure=procedure,
        effect=effect,
        power=power,
        size=_size(procedure, asked, units=units, drift=drift),
        daily_units=asked.daily_units,
        smallest_margin=smallest,
        others=(),
    )


def _size(procedure: Procedure, asked: Asked, *, units: float, drift: float | None) -> SampleSize:
    by_variation = tuple(math.floor(units * share + 1e-9) for share in procedure.shares)
    if asked.daily_units is not None and not 0 < asked.daily_units < math.inf:
        raise InvalidInputError("daily_units", "must be finite and above 0")
    return SampleSize(
        units=by_variation,
        total=int(units),
        expected=units if drift is None else units * procedure.mean_share(drift),
        days=None if asked.daily_units is None else math.ceil(units / asked.daily_units),
    )


def _effect(asked: Asked, procedure: Procedure, *, level: float) -> float | None:
    """Return the effect that is meant, on the metric's scale, or None where it is asked for."""
    if asked.margin is None:
        if asked.expected is not None:
            raise InvalidInputError("expected", "goes with a margin; without one the effect to tell says it")
        if asked.mde is None:
            return None
        if not 0 < asked.mde < math.inf:
            raise InvalidInputError("mde", "must be finite and above 0; the direction says which way it is")
        return procedure.sign * _absolute(asked.mde, asked, level=level)
    if asked.mde is not None:
        raise InvalidInputError(
            "mde", "cannot go with a margin: what is expected says what the difference is thought to be"
        )
    return _absolute(asked.expected or 0.0, asked, level=level)


def _procedure(asked: Asked, *, level: float) -> Procedure:
    shares = asked.shares or (1.0,) * (asked.variations or 2)
    if asked.variations is not None and len(shares) != asked.variations:
        raise InvalidInputError("shares", f"must be {asked.variations} numbers, as many as variations")
    is_guarded = asked.margin is not None
    return Procedure(
        alpha=asked.alpha,
        # A guardrail's alpha is its own; goals and variations share theirs.
        tests=1 if is_guarded else asked.goals * (len(shares) - 1),
        weights=shares,
        margin=None if asked.margin is None else _absolute(asked.margin, asked, level=level),
        direction=asked.direction,
        monitoring=_monitoring(asked, is_guarded=is_guarded),
    )


def _monitoring(asked: Asked, *, is_guarded: bool) -> Monitoring:
    """Return how a report judges such a metric: guardrails by a sequence, unless something else is asked for."""
    if asked.always_valid and asked.spending is not None:
        raise InvalidInputError("spending", "cannot go with a confidence sequence, which spends nothing")
    if asked.looks == 1 and not asked.always_valid:
        return AtTheEnd()
    if asked.always_valid or (is_guarded and asked.spending is None):
        return AlwaysValid(looks=asked.looks)
    return GroupSequential(looks=asked.looks, spending=asked.spending or Spending.OBRIEN_FLEMING)


def _adjusted(baseline: Baseline, asked: Asked) -> Baseline:
    if (asked.cluster_size is None) is not (asked.icc is None):
        missing = "cluster_size" if asked.cluster_size is None else "icc"
        raise InvalidInputError(missing, "must be given: clusters have both a size and an intraclass correlation")
    if asked.covariate_correlation is not None:
        baseline = Adjusted(baseline=baseline, correlation=asked.covariate_correlation)
    if asked.cluster_size is not None and asked.icc is not None:
        baseline = Clustered(baseline=baseline, size=asked.cluster_size, correlation=asked.icc)
    return baseline


def _absolute(value: float, asked: Asked, *, level: float) -> float:
    if not asked.is_relative:
        return value
    if level == 0:
        raise InvalidInputError("is_relative", "cannot be: the baseline is 0, and nothing is a share of it")
    return value * abs(level)


def _other_effects(baseline: Baseline, procedure: Procedure, *, effect: float, power: float) -> Iterator[Other]:
    if effect == 0:
        return
    for times in _TIMES:
        other = effect * times
        if baseline.least <= baseline.level + other <= baseline.greatest and _is_told(other, procedure):
            size = sample_size(baseline, effect=other, procedure=procedure, power=power)
            yield Other(effect=other, units=size.total)


def _is_told(effect: float, procedure: Procedure) -> bool:
    return procedure.margin is None or procedure.sign * effect + procedure.margin > 0


def _other_units(baseline: Baseline, procedure: Procedure, *, units: float, power: float) -> Iterator[Other]:
    for times in _TIMES:
        effect = minimal_effect(baseline, units=units * times, procedure=procedure, power=power)
        if not isinstance(effect, NotEstimable):
            yield Other(effect=effect, units=int(units * times))
