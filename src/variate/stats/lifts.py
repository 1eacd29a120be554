"""The lift: the difference relative to the control's baseline, with the interval of Fieller (1954).

With difference D of variance V and baseline B of variance A, whose covariance is -K, the interval holds the lifts l
with (D - l B)^2 <= t^2 (V + 2 l K + l^2 A). At l = 0 that is the test of the difference: so the interval leaves out 0
exactly where the test rejects. Where the baseline is the control's estimate, A = K is its squared error and this is
Fieller's interval of the ratio of two means, less 1. CUPED's baseline is the unadjusted mean; what was taken off it is
uncorrelated with what is left, so that K is the adjusted estimate's squared error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from variate.stats.contrasts import Contrast
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.sides import Codes, Side, codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifts:
    """Arrays of one shape. Where not ``bounded`` the baseline is not told from 0, and the ends are infinite.

    Below 0 a baseline gives the lift the other sign than the difference: from -4 to -3 is -25 %.
    """

    lift: Floats
    low: Floats
    high: Floats
    bounded: npt.NDArray[np.bool_]
    reasons: Codes


def lifts(found: Contrast, *, control: Side, critical: Floats) -> Lifts:
    """Return the lifts of a contrast; its reasons are theirs, and a baseline of 0 is one more."""
    with np.errstate(all="ignore"):
        base = control.baseline
        lift = found.difference / base
        reach = critical * found.standard_error / np.abs(base)
        shared = critical**2 * control.squared_error / base**2
        spread = shared
        if control.baseline_variance is not None:
            spread = np.maximum(shared, critical**2 * control.baseline_variance / control.count / base**2)
        # The roots of lead l^2 - 2 half l + rest, each by the way that keeps its digits and its sign.
        lead, half, rest = 1 - spread, lift + shared, (np.abs(lift) - reach) * (np.abs(lift) + reach)
        root = np.sqrt(np.maximum(half**2 - lead * rest, 0))
        far = half + np.where(half < 0, -root, root)
        one, other = far / lead, np.where(far == 0, 0.0, rest / far)
        bounded = lead > 0
        low = np.where(bounded, np.minimum(one, other), -np.inf)
        high = np.where(bounded, np.maximum(one, other), np.inf)
    own = codes(
        lift.shape,
        (base == 0, NotEstimableReason.ZERO_DENOMINATOR),
        (~np.isfinite(lift) | np.isnan(low) | np.isnan(high), NotEstimableReason.OUT_OF_RANGE),
    )
    reasons = np.where(found.reasons == 0, own, found.reasons).astype(np.int8)
    return Lifts(lift=lift, low=low, high=high, bounded=bounded & (reasons == 0), reasons=reasons)
