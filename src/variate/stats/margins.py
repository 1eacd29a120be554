"""Non-inferiority: whether a treatment is not worse than the control by more than a margin fixed in advance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from variate.errors import InvalidInputError
from variate.stats import student
from variate.stats.contrasts import contrast
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable
from variate.stats.sides import REASONS, Codes, Side

Better = Literal[1, -1]
"""1 where more is better, -1 where less is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NonInferiority:
    """The test of one cell, ready to be shown; see ``NonInferiorities``."""

    statistic: float
    p_value: float
    worst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NonInferiorities:
    """Arrays of one shape. ``p_value`` is one-sided: that of so good a difference if it were just the margin.

    ``worst`` is the worst difference that the data allow, at ``alpha`` on its side only: within the margin exactly
    where the p-value is below alpha.
    """

    statistic: Floats
    p_value: Floats
    worst: Floats
    reasons: Codes

    def at(self, cell: Any) -> NonInferiority | NotEstimable:
        """Return what may be shown of one cell."""
        reason = REASONS[self.reasons[cell]]
        if reason is not None:
            return NotEstimable(reason)
        return NonInferiority(
            statistic=float(self.statistic[cell]), p_value=float(self.p_value[cell]), worst=float(self.worst[cell])
        )


def non_inferiority(
    treatment: Side,
    control: Side,
    *,
    margin: npt.ArrayLike,
    better: Better = 1,
    alpha: float = 0.05,
    critical: npt.ArrayLike | None = None,
    freedom: Floats | None = None,
) -> NonInferiorities:
    """Return the one-sided test that the treatment is worse by ``margin`` or more, on the metric's own scale.

    ``critical`` and ``freedom`` are as for ``difference``. Raises InvalidInputError for a margin below 0.
    """
    within = np.asarray(margin, dtype=np.float64)
    if not np.all(within >= 0):
        raise InvalidInputError("margin", "must be 0 or more")
    found = contrast(treatment, control, freedom=freedom)
    with np.errstate(all="ignore"):
        statistic = (better * found.difference + within) / found.standard_error
        reach = student.critical_value(alpha, found.freedom) if critical is None else np.asarray(critical)
        worst = found.difference - better * reach * found.standard_error
    return NonInferiorities(
        statistic=statistic, p_value=student.tail(statistic, found.freedom), worst=worst, reasons=found.reasons
    )
