"""A side: what an estimator makes of the moments of one variation.

Means, ratios, CUPED, strata and clusters all end as an estimate with the variance of one unit's part in it. So what is
made of two sides (a difference, a lift, a sequence, a margin, a belief) is written once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimableReason

REASONS: tuple[NotEstimableReason | None, ...] = (None, *NotEstimableReason)
"""Why a cell has no estimate, by the number that stands for it in arrays; 0 is none: there is an estimate."""

Codes = npt.NDArray[np.int8]


def code_of(reason: NotEstimableReason | None) -> int:
    """Return the number that stands for the reason in arrays."""
    return REASONS.index(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Arrays of one shape: ``estimate`` has the squared standard error ``variance / count``.

    ``count`` is of the independent parts: units, or clusters. ``freedom`` is the degrees of freedom of the variance,
    ``count - 1`` but for estimators that spend more. ``baseline`` is what a lift divides by where it is not the
    estimate: CUPED's is the unadjusted mean. ``reasons`` has a code of ``REASONS`` for each cell.
    """

    count: Floats
    estimate: Floats
    variance: Floats
    freedom: Floats
    baseline: Floats
    reasons: Codes
