"""Means and the difference of two of them, from moments.

With count n, mean m and sample variance v of each side, D = m_T - m_C and its standard error is the unpooled
sqrt(v_T / n_T + v_C / n_C). The interval is D plus and minus the normal quantile times that: Welch's, without Student's
t, which from ``MIN_UNITS`` on would widen it by less than 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from statistics import NormalDist

from variate.stats.not_estimable import NotEstimable, NotEstimableReason

MIN_UNITS = 30
"""The fewest units on a side for which the normal interval is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The count, mean and sample variance (over n - 1) of a set of numbers; the variance of fewer than two is 0."""

    count: int
    mean: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``value`` is the treatment's mean less the control's; the truth is between ``low`` and ``high`` with
    ``confidence``."""

    value: float
    standard_error: float
    low: float
    high: float
    confidence: float


def moments(values: Collection[float], *, zeros: int = 0) -> Moments | NotEstimable:
    """Return the moments of ``values`` and as many ``zeros`` besides.

    Two passes of exactly rounded sums (``math.fsum``), the second about the mean, so that digits hold when the mean is
    far from zero.
    """
    count = len(values) + zeros
    if count == 0:
        return NotEstimable(NotEstimableReason.NO_UNITS)
    try:
        mean = math.fsum(values) / count
        squares = math.fsum((value - mean) * (value - mean) for value in values) + zeros * mean * mean
    except (OverflowError, ValueError):
        return NotEstimable(NotEstimableReason.OUT_OF_RANGE)
    if not math.isfinite(squares):
        return NotEstimable(NotEstimableReason.OUT_OF_RANGE)
    return Moments(count=count, mean=mean, variance=squares / (count - 1) if count > 1 else 0.0)


def difference(treatment: Moments, *, control: Moments, confidence: float = 0.95) -> Difference | NotEstimable:
    """Return the difference of the means with its interval, or why there is none.

    Not estimated: with fewer than 30 units on a side, or where a side does not vary at all (nobody or everybody
    converted), because the interval would then claim to know that side exactly.
    """
    if min(treatment.count, control.count) < MIN_UNITS:
        return NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    if treatment.variance == 0 or control.variance == 0:
        return NotEstimable(NotEstimableReason.ZERO_VARIANCE)
    value = treatment.mean - control.mean
    standard_error = math.sqrt(treatment.variance / treatment.count + control.variance / control.count)
    half_width = NormalDist().inv_cdf((1 + confidence) / 2) * standard_error
    return Difference(
        value=value,
        standard_error=standard_error,
        low=value - half_width,
        high=value + half_width,
        confidence=confidence,
    )
