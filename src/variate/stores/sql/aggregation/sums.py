"""Which sums moments are made of, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from variate.stats.moments import Floats, Moments
from variate.stores.sql.aggregation.dialect import LARGEST, Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A variable as it is read: ``text`` is its value, and ``about`` what is taken from it before it is summed."""

    text: str
    about: float
    is_share: bool
    named: Mapping[str, Any]
    """What stands for names in the text."""


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of some variables about constants, of their products, and of their cubes.

    And of how many units each was no number: 0, unless they were left out of the sums. A share is its own square.
    """

    read: tuple[Read, ...]

    @property
    def width(self) -> int:
        """How many sums there are."""
        return 2 * len(self.read) + len(self.pairs) + len(self.lone)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The variables whose products are summed."""
        pairs = combinations_with_replacement(range(len(self.read)), 2)
        return [(one, other) for one, other in pairs if one != other or not self.read[one].is_share]

    @property
    def lone(self) -> list[int]:
        """The variables whose cubes are summed."""
        return [place for place, each in enumerate(self.read) if not each.is_share]

    def texts(self, values: Values, *, guarded: bool) -> list[str]:
        """Return the sums as SQL."""
        away = []
        for each in self.read:
            values.named |= each.named
            difference = f"({each.text} - {values.of(each.about)})" if each.about else each.text
            away.append(f"CASE WHEN {_is_number(each)} THEN {difference} ELSE 0 END" if guarded else difference)
        sums = [f"sum({each})" for each in away]
        sums += [f"sum({away[one]} * {away[other]})" for one, other in self.pairs]
        sums += [f"sum({away[one]} * {away[one]} * {away[one]})" for one in self.lone]
        lost = [f"sum(CASE WHEN {_is_number(each)} THEN 0 ELSE 1 END)" if guarded else "0" for each in self.read]
        return sums + lost


def typical(values: Floats) -> Floats:
    """Return the value of each variable that is nearest to its mean, of a sample of units (n, k); 0 without any.

    Near the mean, digits hold. And it is a value that there is: where all units have it, nothing is left of them.
    """
    values = np.where(np.abs(values) <= LARGEST, values, 0.0)
    if not len(values):
        return np.zeros(values.shape[1])
    nearest = np.abs(values - values.mean(axis=0)).argmin(axis=0)
    found: Floats = np.take_along_axis(values, nearest[None, :], axis=0)[0]
    return found


def moments(table: Floats, sums: Sums) -> Moments:
    """Return the moments about the means, from cells of the count and the sums. Of what is no number, none is one."""
    width, pairs, lone = len(sums.read), sums.pairs, sums.lone
    count, firsts = table[:, 0], table[:, 1 : width + 1]
    squares, cubes = np.zeros((len(table), width, width)), firsts.copy()
    for place in range(width):
        squares[:, place, place] = firsts[:, place]
    for place, (one, other) in enumerate(pairs, start=width + 1):
        squares[:, one, other] = squares[:, other, one] = table[:, place]
    for place, one in enumerate(lone, start=width + 1 + len(pairs)):
        cubes[:, one] = table[:, place]
    lost = table[:, table.shape[1] - width :] > 0
    away = firsts / count[:, None]
    mean = np.asarray([each.about for each in sums.read]) + away
    raw = np.diagonal(squares, axis1=1, axis2=2)
    third = cubes - 3 * away * raw + 2 * away**2 * firsts
    products = squares - away[:, :, None] * firsts[:, None, :]
    # What is left where all units of a cell have one value is what sums are off by, and may even be below 0.
    same = np.diagonal(products, axis1=1, axis2=2) <= count[:, None] * np.finfo(np.float64).eps * raw
    third = np.where(same, 0.0, third)
    products = np.where(same[:, :, None] | same[:, None, :], 0.0, products)
    return Moments(
        count=count,
        mean=np.where(lost, np.nan, mean),
        products=np.where(lost[:, :, None] | lost[:, None, :], np.nan, products),
        cubes=np.where(lost, np.nan, third),
    )


def _is_number(read: Read) -> str:
    return f"{read.text} BETWEEN -{LARGEST} AND {LARGEST}"
