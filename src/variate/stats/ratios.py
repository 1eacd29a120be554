"""The ratio of two sums over units as a side, by the delta method (Deng, Knoblich & Lu 2018).

R = sum(y) / sum(d) has the variance var(y - R d) / (n mean(d)^2). The unit is the one that was randomised: for
clusters see ``variate.stats.clusters``.

Where few units have any of what is divided by, such as the buyers of the first hour among all who came, the others tell
nothing of the ratio. The units that do count are then about (sum d)^2 / sum d^2 (Kish 1965, section 11.7): with one
order each, the buyers exactly, and the variance and its degrees of freedom are those of the mean over them.
"""

from __future__ import annotations

import numpy as np

from variate.stats.mean_sides import reasons_of, without_noise
from variate.stats.moments import Floats, Moments
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.sides import Side, codes, either

ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""What is left of terms that cancel is rounding where it is no more of them than this."""
FEW_EFFECTIVE = 50
"""With fewer units that count on a side, the delta method's own count of all units would claim too much."""


def effective_units(moments: Moments, *, lower: int) -> Floats:
    """Return how many units count in a ratio over the variable ``lower``: all but where these are few and a minority.

    So clusters of different sizes are all counted, and a ratio of many units is the delta method's to the last digit.
    """
    with np.errstate(all="ignore"):
        mean, count = moments.mean[..., lower], moments.count
        effective = count * mean**2 / (mean**2 + moments.variance(lower) * (count - 1) / count)
        is_few = (effective < FEW_EFFECTIVE) & (effective < count / 2)
        return np.where(is_few, effective, count)


def few_correction(count: Floats, effective: Floats) -> Floats:
    """Return what the variance is multiplied by where fewer than all units count, for it to be that of so few."""
    with np.errstate(all="ignore"):
        return np.where(effective < count, effective / (effective - 1) * (count - 1) / count, 1.0)


def ratio_side(moments: Moments, *, upper: int = 0, lower: int = 1) -> Side:
    """Return the ratio of two variables' sums with the variance of y - R d over mean(d) squared."""
    denominator = moments.mean[..., lower]
    with np.errstate(all="ignore"):
        ratio = moments.mean[..., upper] / denominator
        one, two = moments.variance(upper), ratio * ratio * moments.variance(lower)
        both = 2 * ratio * moments.covariance(upper, lower)
        left = without_noise(one - both + two, scale=ROUNDING * (one + np.abs(both) + two))
        effective = effective_units(moments, lower=lower)
        variance = left / denominator**2 * few_correction(moments.count, effective)
    bad = codes(
        moments.count.shape,
        ((moments.count > 0) & (denominator == 0), NotEstimableReason.ZERO_DENOMINATOR),
        ((moments.count > 0) & (denominator < 0), NotEstimableReason.NEGATIVE_DENOMINATOR),
        ((moments.count > 1) & (effective < 2), NotEstimableReason.TOO_FEW_UNITS),
    )
    found = reasons_of(moments.count, ratio, variance)
    return Side(
        count=moments.count,
        estimate=ratio,
        variance=variance,
        freedom=effective - 1,
        baseline=ratio,
        # A ratio over 0 is infinite because of the 0.
        reasons=np.where((bad > 0) & (moments.count > 1), bad, either(found, bad)).astype(np.int8),
    )
