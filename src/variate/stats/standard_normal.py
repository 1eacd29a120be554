"""The standard normal distribution to its last digit, for single numbers and for arrays.

Both tails are computed as such: neither is 1 less the other, so that a small one keeps its digits.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from variate.stats.moments import Floats

_ROOT_OF_TWO_PI = math.sqrt(2 * math.pi)


def below(value: float | Floats) -> Floats:
    """Return the chance of less than ``value``."""
    found: Floats = ndtr(value)
    return found


def above(value: float | Floats) -> Floats:
    """Return the chance of more than ``value``."""
    return below(-value)


def density(value: float | Floats) -> Floats:
    """Return the density at ``value``."""
    return np.exp(-0.5 * np.square(value)) / _ROOT_OF_TWO_PI


def quantile(chance: float) -> float:
    """Return the value that is above one drawn at random with this chance."""
    return float(ndtri(chance))


def upper_quantile(chance: float) -> float:
    """Return the value that is below one drawn at random with this chance, though the chance is small."""
    return -quantile(chance)
