"""A side: what an estimator makes of the moments of one variation.

Means, ratios, CUPED, strata and clusters all end as an estimate with the variance of one unit's part in it. So what is
made of two sides (a difference, a lift, a sequence, a margin, a belief) is written once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable, NotEstimableReason

REASONS: tuple[NotEstimableReason | None, ...] = (None, *NotEstimableReason)
"""Why a cell has no estimate, by the number that stands for it in arrays; 0 is none: there is an estimate."""

Codes = npt.NDArray[np.int8]


def code_of(reason: NotEstimableReason | None) -> int:
    """Return the number that stands for the reason in arrays."""
    return REASONS.index(reason)


def codes(shape: tuple[int, ...], *tests: tuple[npt.NDArray[np.bool_], NotEstimableReason]) -> Codes:
    """Return for each cell the code of the first of the tests that is true of it."""
    found = np.zeros(shape, dtype=np.int8)
    for is_so, reason in reversed(tests):
        found[is_so] = code_of(reason)
    return found


def either(one: Codes, other: Codes) -> Codes:
    """Return the codes of what is made of two: the reason that comes first in ``NotEstimableReason``, if any."""
    return np.where(one == 0, other, np.where(other == 0, one, np.minimum(one, other))).astype(np.int8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The estimate of one cell, ready to be shown; ``count`` is of units, or clusters."""

    count: int
    value: float
    standard_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Arrays of one shape: ``estimate`` has the squared standard error ``variance / count``.

    ``count`` is of the independent parts: units, or clusters. ``freedom`` is the degrees of freedom of the variance,
    ``count - 1`` but for estimators that spend more. ``baseline`` is what a lift divides by where it is not the
    estimate: CUPED's is the unadjusted mean, and ``baseline_variance`` its variance, None where the baseline is the
    estimate. ``reasons`` has a code of ``REASONS`` for each cell.
    """

    count: Floats
    estimate: Floats
    variance: Floats
    freedom: Floats
    baseline: Floats
    reasons: Codes
    baseline_variance: Floats | None = None

    def __getitem__(self, cells: Any) -> Side:
        """Return the side of some of the cells, by any index of their shape: ``sides[..., 1]`` is one variation's."""
        return Side(
            count=self.count[cells],
            estimate=self.estimate[cells],
            variance=self.variance[cells],
            freedom=self.freedom[cells],
            baseline=self.baseline[cells],
            # An index that leaves one cell would leave a scalar.
            reasons=np.asarray(self.reasons[cells]),
            baseline_variance=None if self.baseline_variance is None else self.baseline_variance[cells],
        )

    @property
    def squared_error(self) -> Floats:
        """The squared standard error of the estimate; NaN where there is none."""
        with np.errstate(all="ignore"):
            return self.variance / self.count

    def at(self, cell: Any) -> Estimate | NotEstimable:
        """Return what may be shown of one cell; a side may well have no variance."""
        reason = REASONS[self.reasons[cell]]
        if reason is not None:
            return NotEstimable(reason)
        return Estimate(
            count=int(self.count[cell]),
            value=float(self.estimate[cell]),
            standard_error=float(np.sqrt(self.squared_error[cell])),
        )
