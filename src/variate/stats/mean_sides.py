"""The mean of a variable as a side."""

from __future__ import annotations

import numpy as np

from variate.stats.moments import Floats, Moments
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.sides import Codes, Side, codes

_NOISE = 1e-13
"""A standard deviation that is no more of the mean than this is rounding: the numbers are all the same."""


def mean_side(moments: Moments, *, variable: int = 0) -> Side:
    """Return the mean with the sample variance (over n - 1), also of proportions.

    A side may be constant: only a difference of two constants has ZERO_VARIANCE.
    """
    mean = moments.mean[..., variable]
    with np.errstate(all="ignore"):
        variance = without_noise(moments.variance(variable), scale=(_NOISE * mean) ** 2)
    reasons = reasons_of(moments.count, mean, variance)
    mean = np.where(moments.count > 0, mean, np.nan)
    return Side(
        count=moments.count,
        estimate=mean,
        variance=variance,
        freedom=moments.count - 1,
        baseline=mean,
        reasons=reasons,
    )


def without_noise(variance: Floats, *, scale: Floats) -> Floats:
    """Return the variance, 0 where it is no more than ``scale``, which is what rounding alone can make of 0."""
    return np.where((variance <= scale) & np.isfinite(variance), 0.0, variance)


def reasons_of(count: Floats, estimate: Floats, variance: Floats) -> Codes:
    """Return why a mean or a variance is none, by cell."""
    return codes(
        np.shape(count),
        (count < 1, NotEstimableReason.NO_UNITS),
        (count < 2, NotEstimableReason.TOO_FEW_UNITS),
        (~(np.isfinite(estimate) & np.isfinite(variance)), NotEstimableReason.OUT_OF_RANGE),
    )
