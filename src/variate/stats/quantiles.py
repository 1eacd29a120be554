"""A quantile of values that come in clusters, such as the requests of users (Deng, Knoblich & Lu 2018, outer interval).

The share of values at or below the quantile is a ratio over units, and so has a variance by the delta method. The
quantiles at that share's two bounds are an interval of the quantile; its width in standard errors is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from variate.stats.moments import Floats, Moments, moments_of
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.ratios import ratio_side
from variate.stats.sides import Codes, Side, codes

_REACH = 1.959963984540054
"""The normal distribution's 97.5 %: how many standard errors the bounds are away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareBounds:
    """Read the quantiles at ``low`` and ``high``; they are ``standard_errors`` apart. NaN where there are none."""

    low: Floats
    high: Floats
    standard_errors: Floats
    reasons: Codes

    def standard_error(self, low: npt.ArrayLike, high: npt.ArrayLike) -> Floats:
        """Return the standard error of the quantile, from the quantiles read at the two bounds."""
        with np.errstate(all="ignore"):
            return (np.asarray(high, dtype=np.float64) - np.asarray(low, dtype=np.float64)) / self.standard_errors


def share_bounds(moments: Moments, *, nu: float) -> ShareBounds:
    """Return the shares between which to read, for the quantile at ``nu``.

    ``moments`` are over units, of two variables: how many of a unit's values are at or below the sample quantile, and
    how many it has.
    """
    share = ratio_side(moments)
    with np.errstate(all="ignore"):
        error = np.sqrt(share.squared_error)
        low, high = np.maximum(nu - _REACH * error, 0.0), np.minimum(nu + _REACH * error, 1.0)
        return ShareBounds(low=low, high=high, standard_errors=(high - low) / error, reasons=share.reasons)


def quantile_side(units: npt.ArrayLike, quantile: npt.ArrayLike, *, standard_error: npt.ArrayLike) -> Side:
    """Return the quantile as a side: ``units`` clusters, and the standard error of ``ShareBounds``.

    A standard error of 0 or NaN is ZERO_VARIANCE: the values are too coarse for one.
    """
    count = np.asarray(units, dtype=np.float64)
    estimate = np.asarray(quantile, dtype=np.float64)
    with np.errstate(all="ignore"):
        variance = np.asarray(standard_error, dtype=np.float64) ** 2 * count
    return Side(
        count=count,
        estimate=estimate,
        variance=variance,
        freedom=count - 1,
        baseline=estimate,
        reasons=codes(
            count.shape,
            (count < 1, NotEstimableReason.NO_UNITS),
            (count < 2, NotEstimableReason.TOO_FEW_UNITS),
            (~np.isfinite(estimate) | np.isinf(variance), NotEstimableReason.OUT_OF_RANGE),
            (~(variance > 0), NotEstimableReason.ZERO_VARIANCE),
        ),
    )


def quantile_of_rows(values: Floats, *, units: npt.NDArray[np.int64], nu: float) -> Side:
    """Return the quantile of values whose units are numbered, as one cell: what a store is to agree with.

    A quantile is the smallest value that has at least that share of the values at or below it.
    """
    numbers, places = np.unique(units, return_inverse=True)
    if not len(values):
        return quantile_side(0.0, np.nan, standard_error=np.nan)
    quantile = np.quantile(values, nu, method="inverted_cdf")
    below = np.bincount(places, weights=values <= quantile)
    bounds = share_bounds(moments_of(np.stack([below, np.bincount(places)], axis=1).astype(np.float64)), nu=nu)
    if bounds.reasons or not np.isfinite(bounds.low):
        return quantile_side(float(len(numbers)), quantile, standard_error=np.nan)
    ends = np.quantile(values, [bounds.low, bounds.high], method="inverted_cdf")
    return quantile_side(float(len(numbers)), quantile, standard_error=bounds.standard_error(ends[0], ends[1]))
