"""Groups of units by variation, day and dimensions together, made into the cells that are asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from variate.stats.moments import Floats
from variate.stores.aggregates import OVERALL, Cells, Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Groups of which each unit is in one, and how they add up: group ``source[i]`` is part of cell ``target[i]``."""

    cells: Cells
    source: npt.NDArray[np.intp]
    target: npt.NDArray[np.intp]

    def added(self, sums: Floats) -> Floats:
        """Return the sums of each cell, of those of each group."""
        total = np.zeros((len(self.cells.dimension), *sums.shape[1:]))
        with np.errstate(all="ignore"):
            np.add.at(total, self.target, sums[self.source])
        return total


Key: TypeAlias = tuple[str, str | None, int, int, int]
"""A dimension and a value of it, a variation, a day and a period."""


def groups(keys: Sequence[tuple[int, int, int, str | None]], *, dimensions: Sequence[str]) -> Groups:
    """Return the groups of these variations, days, periods and dimensions' values as JSON."""
    numbers: dict[Key, int] = {}
    source: list[int] = []
    target: list[int] = []
    read: dict[str, list[str | None]] = {}
    for place, (variation, day, period, text) in enumerate(keys):
        if dimensions and text is not None and text not in read:
            read[text] = json.loads(text)
        found = read[text] if dimensions and text is not None else []
        for name, value in ((OVERALL, None), *zip(dimensions, found, strict=False)):
            source.append(place)
            target.append(numbers.setdefault((name, value, variation, day, period), len(numbers)))
    return Groups(
        cells=cells_of(list(numbers)),
        source=np.asarray(source, dtype=np.intp),
        target=np.asarray(target, dtype=np.intp),
    )


def cells_of(keys: Sequence[Key]) -> Cells:
    """Return the cells of these keys."""
    return Cells(
        variation=_numbers([variation for _, _, variation, _, _ in keys]),
        dimension=tuple(name for name, *_ in keys),
        value=tuple(value for _, value, *_ in keys),
        day=_numbers([day for _, _, _, day, _ in keys]),
        period=_numbers([period for *_, period in keys]),
    )


def _numbers(values: list[int]) -> Numbers:
    return np.asarray(values, dtype=np.int64)
