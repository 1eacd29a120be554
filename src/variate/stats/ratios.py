"""The ratio of two sums over units as a side, by the delta method (Deng, Knoblich & Lu 2018).

R = sum(y) / sum(d) has the variance var(y - R d) / (n mean(d)^2). The unit is the one that was randomised: for
clusters see ``variate.stats.clusters``.
"""

from __future__ import annotations

import numpy as np

from variate.stats.mean_sides import reasons_of, without_noise
from variate.stats.moments import Moments
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.sides import Side, codes, either

ROUNDING = 64 * float(np.finfo(np.float64).eps)
"""What is left of terms that cancel is rounding where it is no more of them than this."""


def ratio_side(moments: Moments, *, upper: int = 0, lower: int = 1) -> Side:
    """Return the ratio of two variables' sums with the variance of y - R d over mean(d) squared."""
    denominator = moments.mean[..., lower]
    with np.errstate(all="ignore"):
        ratio = moments.mean[..., upper] / denominator
        one, two = moments.variance(upper), ratio * ratio * moments.variance(lower)
        both = 2 * ratio * moments.covariance(upper, lower)
        left = without_noise(one - both + two, scale=ROUNDING * (one + np.abs(both) + two))
        variance = left / denominator**2
    bad = codes(
        moments.count.shape,
        ((moments.count > 0) & (denominator == 0), NotEstimableReason.ZERO_DENOMINATOR),
        ((moments.count > 0) & (denominator < 0), NotEstimableReason.NEGATIVE_DENOMINATOR),
    )
    found = reasons_of(moments.count, ratio, variance)
    return Side(
        count=moments.count,
        estimate=ratio,
        variance=variance,
        freedom=moments.count - 1,
        baseline=ratio,
        # A ratio over 0 is infinite because of the 0.
        reasons=np.where((bad > 0) & (moments.count > 1), bad, either(found, bad)).astype(np.int8),
    )
