"""Whether there are units enough for a skewed metric's mean to be normal."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from variate.stats.moments import Floats, Moments

UNITS_PER_SQUARED_SKEWNESS = 355
"""Kohavi, Deng, Longbotham & Xu 2014: with so many the 2.5 % tails of the mean are within 2 and 3 %."""


def skewness(moments: Moments, *, variable: int = 0) -> Floats:
    """Return the third moment about the mean over the standard deviation cubed; NaN where nothing varies."""
    with np.errstate(all="ignore"):
        variance = moments.products[..., variable, variable] / moments.count
        found = moments.cubes[..., variable] / moments.count / variance**1.5
    return np.where(np.isfinite(found), found, np.nan)


def too_skewed(moments: Moments, *, variable: int = 0) -> npt.NDArray[np.bool_]:
    """Return where there are fewer units than 355 times the squared skewness, so that tails are not to be trusted."""
    return moments.count < UNITS_PER_SQUARED_SKEWNESS * skewness(moments, variable=variable) ** 2
