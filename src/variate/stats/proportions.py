"""Shares of units, from counts: Newcombe's interval, and exact tests where cells are small."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

from variate.stats.mean_sides import reasons_of
from variate.stats.moments import Floats
from variate.stats.sides import Side

SMALL_CELL = 10
"""Below this in any cell of the two by two table, the test is exact."""

BARNARD_UNITS = 100
"""Up to this many units on both sides the exact test is Barnard's; above, where that takes too long, Fisher's."""


def proportion_side(successes: npt.ArrayLike, count: npt.ArrayLike) -> Side:
    """Return the share of units with a success, with the sample variance: p (1 - p) n / (n - 1)."""
    units = np.asarray(count, dtype=np.float64)
    with np.errstate(all="ignore"):
        share = np.asarray(successes, dtype=np.float64) / units
        variance = share * (1 - share) * units / (units - 1)
    return Side(
        count=units,
        estimate=share,
        variance=variance,
        freedom=units - 1,
        baseline=share,
        reasons=reasons_of(units, share, variance),
    )


def newcombe_interval(treatment: Side, control: Side, *, critical: float = 1.959963984540054) -> tuple[Floats, Floats]:
    """Return the low and high end of the difference of two proportions (Newcombe 1998, method 10).

    It is made of Wilson's intervals (1927), so it stays within -1 and 1 and has a width also where a side has no
    success. ``critical`` is in standard errors.
    """
    with np.errstate(all="ignore"):
        low_t, high_t = _wilson(treatment, critical)
        low_c, high_c = _wilson(control, critical)
        between = treatment.estimate - control.estimate
        low = between - np.hypot(treatment.estimate - low_t, high_c - control.estimate)
        high = between + np.hypot(high_t - treatment.estimate, control.estimate - low_c)
    return low, high


def exact_p_values(treatment: Side, control: Side) -> Floats:
    """Return the two-sided p-value of Barnard (1945) or Fisher (1922) where a cell is under 10, and NaN elsewhere."""
    tables = np.stack(
        np.broadcast_arrays(
            np.rint(treatment.estimate * treatment.count),
            np.rint(control.estimate * control.count),
            np.rint((1 - treatment.estimate) * treatment.count),
            np.rint((1 - control.estimate) * control.count),
        ),
        axis=-1,
    )
    found = np.full(tables.shape[:-1], np.nan)
    is_small = np.isfinite(tables).all(axis=-1) & (tables.min(axis=-1) < SMALL_CELL)
    for cell in zip(*np.nonzero(np.atleast_1d(is_small)), strict=True):
        np.atleast_1d(found)[cell] = _exact(np.atleast_2d(tables)[cell].astype(np.int64).reshape(2, 2))
    return found


def _exact(table: npt.NDArray[np.int64]) -> float:
    if table.sum(axis=1).min() == 0:
        return 1.0
    if table.sum(axis=0).max() <= BARNARD_UNITS:
        return float(stats.barnard_exact(table).pvalue)
    return float(stats.fisher_exact(table).pvalue)


def _wilson(side: Side, critical: float) -> tuple[Floats, Floats]:
    share, units, square = side.estimate, side.count, critical**2
    centre = (share + square / (2 * units)) / (1 + square / units)
    half = critical / (1 + square / units) * np.sqrt(share * (1 - share) / units + square / (4 * units**2))
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)
