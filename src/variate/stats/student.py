"""Student's t with any degrees of freedom, whole or not: tails that keep their digits, and the quantile."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from variate.stats.moments import Floats


def tail(statistic: npt.ArrayLike, freedom: npt.ArrayLike) -> Floats:
    """Return the chance of more than ``statistic``; small ones are not lost to a subtraction from 1."""
    return np.asarray(special.stdtr(freedom, -np.asarray(statistic, dtype=np.float64)), dtype=np.float64)


def two_sided(statistic: npt.ArrayLike, freedom: npt.ArrayLike) -> Floats:
    """Return the chance of more than ``statistic`` on either side."""
    return 2 * tail(np.abs(statistic), freedom)


def critical_value(alpha: float, freedom: npt.ArrayLike) -> Floats:
    """Return what is exceeded with the chance ``alpha``, on one side."""
    return np.asarray(-special.stdtrit(freedom, alpha), dtype=np.float64)
