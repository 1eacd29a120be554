"""How likely a figure is by chance alone: tails of the chi-square and binomial distributions, from named formulas."""

from __future__ import annotations

import math

_CLOSED_UP_TO = 300
"""Degrees of freedom for which the closed form's terms are well within a double."""


def chi_square_tail(statistic: float, degrees: int) -> float:
    """Return how likely chi-square is to be at least that.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.4.4 (odd degrees of freedom) and 26.4.5 (even); for
    very many, where it is accurate to more digits than are asked for, Wilson and Hilferty's approximation of 1931.
    """
    if degrees > _CLOSED_UP_TO:
        spread = 2 / (9 * degrees)
        return _normal_tail(((statistic / degrees) ** (1 / 3) - (1 - spread)) / math.sqrt(spread))
    if degrees % 2:
        term, total = math.sqrt(2 * statistic / math.pi), 0.0
        for odd in range(3, degrees + 2, 2):
            total += term if odd <= degrees else 0.0
            term *= statistic / odd
        return math.erfc(math.sqrt(statistic / 2)) + math.exp(-statistic / 2) * total
    term, total = 1.0, 0.0
    for even in range(2, degrees + 2, 2):
        total += term
        term *= statistic / even
    return math.exp(-statistic / 2) * total


def _normal_tail(deviation: float) -> float:
    return math.erfc(deviation / math.sqrt(2)) / 2


def binomial_tails(found: int, tries: int, chance: float) -> tuple[float, float]:
    """Return how likely at most, and at least, so many successes are: the exact sums of the distribution's terms."""

    def exactly(count: int) -> float:
        ways = math.lgamma(tries + 1) - math.lgamma(count + 1) - math.lgamma(tries - count + 1)
        return math.exp(ways + count * math.log(chance) + (tries - count) * math.log1p(-chance))

    at_most = math.fsum(map(exactly, range(found + 1)))
    return at_most, 1 - at_most + exactly(found)
