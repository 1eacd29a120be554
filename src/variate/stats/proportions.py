"""Shares of units: an interval that holds for few of them, and exact tests where cells are small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from variate.stats import student
from variate.stats.contrasts import contrast
from variate.stats.mean_sides import reasons_of
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable
from variate.stats.sides import REASONS, Codes, Side, either

SMALL_CELL = 10
"""Below this in any cell of the two by two table, the test is exact."""

FEW_CONVERSIONS = 50
"""With fewer on a side, or fewer without, a normal approximation to a share is not to be trusted."""

BARNARD_UNITS = 100
"""Up to this many units on each side the exact test is Barnard's; above, where that takes too long, Fisher's."""

Tables = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionTest:
    """The test of one cell, ready to be shown; see ``ProportionTests``."""

    low: float
    high: float
    p_value: float
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionTests:
    """Arrays of one shape: the ends of Newcombe's interval of the difference, and the two-sided p-value.

    ``is_exact`` where it is that of an exact test; else it is Welch's, as of any mean. Sides without a variance have
    both: nobody of 20 beside nobody of 30 says something.
    """

    low: Floats
    high: Floats
    p_value: Floats
    is_exact: npt.NDArray[np.bool_]
    reasons: Codes

    def at(self, cell: Any) -> ProportionTest | NotEstimable:
        """Return what may be shown of one cell."""
        reason = REASONS[self.reasons[cell]]
        if reason is not None:
            return NotEstimable(reason)
        return ProportionTest(
            low=float(self.low[cell]),
            high=float(self.high[cell]),
            p_value=float(self.p_value[cell]),
            exact=bool(self.is_exact[cell]),
        )


def proportion_side(successes: npt.ArrayLike, *, count: npt.ArrayLike) -> Side:
    """Return the share of ``count`` units with a success, with the sample variance: p (1 - p) n / (n - 1)."""
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


def proportion_test(treatment: Side, control: Side, *, alpha: float = 0.05) -> ProportionTests:
    """Return the tests of two sides that are plain means of variables of 0 and 1."""
    found = contrast(treatment, control)
    reasons = either(treatment.reasons, control.reasons)
    with np.errstate(all="ignore"):
        low, high = _newcombe(treatment, control, critical=float(special.ndtri(1 - alpha / 2)))
        usual = student.two_sided(found.difference / found.standard_error, found.freedom)
        exact = _exact_p_values(_tables(treatment, control), is_known=reasons == 0)
    is_exact = ~np.isnan(exact)
    return ProportionTests(
        low=low, high=high, p_value=np.where(is_exact, exact, usual), is_exact=is_exact, reasons=reasons
    )


def _newcombe(treatment: Side, control: Side, *, critical: float) -> tuple[Floats, Floats]:
    """Return the ends of the interval that is made of Wilson's two (Newcombe 1998, method 10)."""
    low_t, high_t = _wilson(treatment, critical)
    low_c, high_c = _wilson(control, critical)
    between = treatment.estimate - control.estimate
    low = between - np.hypot(treatment.estimate - low_t, high_c - control.estimate)
    high = between + np.hypot(high_t - treatment.estimate, control.estimate - low_c)
    return low, high


def _wilson(side: Side, critical: float) -> tuple[Floats, Floats]:
    share, units, square = side.estimate, side.count, critical**2
    centre = (share + square / (2 * units)) / (1 + square / units)
    half = critical / (1 + square / units) * np.sqrt(share * (1 - share) / units + square / (4 * units**2))
    return np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)


def _tables(treatment: Side, control: Side) -> Floats:
    """Return the tables (..., 2, 2): a row of successes and one of the others, the treatment first in each."""
    share = np.stack(np.broadcast_arrays(treatment.estimate, control.estimate), axis=-1)
    count = np.stack(np.broadcast_arrays(treatment.count, control.count), axis=-1)
    successes = np.rint(share * count)
    return np.stack([successes, count - successes], axis=-2)


def _exact_p_values(tables: Floats, *, is_known: npt.NDArray[np.bool_]) -> Floats:
    found = np.full(tables.shape[:-2], np.nan)
    is_small = is_known & (tables.min(axis=(-2, -1)) < SMALL_CELL)
    # Scipy's exact tests take one table; few are small, and equal ones are tested once.
    kinds, places = np.unique(tables[is_small].astype(np.int64), axis=0, return_inverse=True)
    found[is_small] = np.array([_exact(each) for each in kinds])[places.reshape(-1)]
    return found


def _exact(table: Tables) -> float:
    if table.sum(axis=1).min() == 0:
        return 1.0
    if table.sum(axis=0).max() <= BARNARD_UNITS:
        return float(stats.barnard_exact(table).pvalue)
    return float(stats.fisher_exact(table).pvalue)
