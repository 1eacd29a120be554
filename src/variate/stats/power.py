"""Power, sample size and the smallest effect that can be told, of every metric and every way to judge it.

With a share w of N units in each of two sides and the variance v of a unit's part, the squared standard error of their
difference is V = (v_T / w_T + v_C / w_C) / N, and an effect is told with the power of a statistic that has the mean
effect / sqrt(V) at the end: at one look and half the units each, N / 2 = 2 v (z_(alpha/2) + z_beta)^2 / effect^2. At
several looks the power is exact by the recursion of ``crossing``. All is of the normal distribution, which from some
fifty units on differs little from Student's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq

from variate.errors import InvalidInputError
from variate.model.rules import shown
from variate.stats.baselines import Baseline
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.procedures import AlwaysValid, Procedure
from variate.stats.sequence import cautious_error

DEFAULT_POWER = 0.8
_MANY = 1e12
"""As many units as a sum over the variances has to have for n - 1 to be n."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """What it takes: ``units`` of each variation, control first, ``total`` in all of them.

    ``expected`` is the total on average, where the experiment ends at the first look that decides. ``days`` is how long
    the total takes, None where nobody said how many units come a day.
    """

    units: tuple[int, ...]
    total: int
    expected: float
    days: int | None


def sample_size(
    baseline: Baseline,
    *,
    effect: float,
    procedure: Procedure,
    power: float = DEFAULT_POWER,
    daily_units: float | None = None,
) -> SampleSize:
    """Return how many units tell an ``effect`` with this power, in the comparison that has the fewest.

    In each variation they are no fewer than the procedure's ``fewest``.

    ``effect`` is the difference to be told, on the metric's scale; with a margin it is what the difference is thought
    to be, 0 for none. ``daily_units`` come into all variations together.

    Raises ``InvalidInputError`` for an effect that is 0, that the metric cannot have, or that is worse than the margin;
    for a power that is not above alpha and below 1; and for no daily units.
    """
    distance = _distance(baseline, effect, procedure)
    drift = procedure.drift(power)
    if daily_units is not None and not 0 < daily_units < math.inf:
        raise InvalidInputError("daily_units", f"must be finite and above 0, not {shown(daily_units)}")
    whole = _spread(baseline, effect, procedure) * (drift / distance) ** 2
    whole = max(whole, procedure.fewest / min(procedure.shares))
    units = tuple(math.ceil(whole * share - 1e-9) for share in procedure.shares)
    total = sum(units)
    return SampleSize(
        units=units,
        total=total,
        expected=total * procedure.mean_share(drift),
        days=None if daily_units is None else math.ceil(total / daily_units),
    )


def power_of(baseline: Baseline, *, effect: float, units: float, procedure: Procedure) -> float:
    """Return the chance of telling an ``effect`` with so many ``units`` in all variations.

    Raises ``InvalidInputError`` as ``sample_size`` does, and where there are no units.
    """
    distance = _distance(baseline, effect, procedure)
    return procedure.power_under(distance / _error(baseline, effect, _checked(units), procedure))


def minimal_effect(
    baseline: Baseline, *, units: float, procedure: Procedure, power: float = DEFAULT_POWER
) -> float | NotEstimable:
    """Return the MDE: the smallest effect in the procedure's direction that so many ``units`` in all tell.

    With a margin it is the worst that the difference may truly be, and may be on the worse side of 0. There is none
    (``TOO_FEW_UNITS``) where a variation has fewer units than the procedure's ``fewest``, and where not even the
    greatest effect that the metric can have would be told.

    Raises ``InvalidInputError`` for a power that is not above alpha and below 1, and where there are no units.
    """
    drift, units = procedure.drift(power), _checked(units)
    if units * min(procedure.shares) < procedure.fewest:
        return NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    margin = procedure.margin or 0.0

    def excess(gain: float) -> float:
        return gain + margin - drift * _error(baseline, procedure.sign * gain, units, procedure)

    room = baseline.greatest - baseline.level if procedure.sign > 0 else baseline.level - baseline.least
    behind = baseline.level - baseline.least if procedure.sign > 0 else baseline.greatest - baseline.level
    least = -min(margin, behind)
    most = min(room, drift * _error(baseline, 0.0, units, procedure))
    for _ in range(60):
        if excess(most) >= 0 or most >= room:
            break
        most = min(room, 2 * most)
    if excess(most) < 0:
        return NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    if excess(least) >= 0:
        return procedure.sign * least
    return procedure.sign * float(brentq(excess, least, most, xtol=1e-14 * max(most, margin), rtol=1e-13))


def minimal_margin(
    baseline: Baseline, *, units: float, procedure: Procedure, effect: float = 0.0, power: float = DEFAULT_POWER
) -> float | NotEstimable:
    """Return the smallest margin that so many ``units`` in all can rule out with this power, 0 where any can.

    ``effect`` is what the difference is thought to be; the procedure's own margin says only that it is one-sided. There
    is none (``TOO_FEW_UNITS``) where a variation has fewer units than the procedure's ``fewest``.

    Raises ``InvalidInputError`` for a procedure without a margin, and as ``minimal_effect`` does.
    """
    if procedure.margin is None:
        raise InvalidInputError("margin", "must be given: without one nothing is ruled out")
    _check_possible(baseline, effect)
    if _checked(units) * min(procedure.shares) < procedure.fewest:
        return NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    needed = procedure.drift(power) * _error(baseline, effect, units, procedure)
    return max(0.0, needed - procedure.sign * effect)


def _distance(baseline: Baseline, effect: float, procedure: Procedure) -> float:
    """Return how far the effect is from what the test is against, in the direction that counts."""
    _check_possible(baseline, effect)
    if procedure.margin is None:
        if effect == 0:
            raise InvalidInputError("effect", "must not be 0: no number of units tells nothing from nothing")
        return abs(effect)
    distance = procedure.sign * effect + procedure.margin
    if not distance > 0:
        raise InvalidInputError("effect", "must be better than the margin allows: it could not be ruled out otherwise")
    return distance


def _check_possible(baseline: Baseline, effect: float) -> None:
    if not math.isfinite(effect) or not baseline.least <= baseline.level + effect <= baseline.greatest:
        raise InvalidInputError(
            "effect", f"must leave the metric where it can be, not {shown(effect)} from its baseline"
        )


def _error(baseline: Baseline, effect: float, units: float, procedure: Procedure) -> float:
    return math.sqrt(_spread(baseline, effect, procedure) / units)


def _spread(baseline: Baseline, effect: float, procedure: Procedure) -> float:
    """Return the squared standard error of the difference, times the units in all variations."""
    shares = procedure.least_shares
    level = baseline.level
    variances = (baseline.variance_at(level + effect), baseline.variance_at(level))
    if isinstance(procedure.monitoring, AlwaysValid):
        counts = (shares[0] * _MANY, shares[1] * _MANY)
        return float(cautious_error(effect, counts=counts, variances=variances)) ** 2 * _MANY
    return variances[0] / shares[0] + variances[1] / shares[1]


def _checked(units: float) -> float:
    if not 0 < units < math.inf:
        raise InvalidInputError("units", f"must be finite and above 0, not {shown(units)}")
    return units
