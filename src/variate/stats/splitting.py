"""Units split at random into two sides, again and again, and the moments of each side.

Units with the same values are drawn together: how many of them fall on a side is binomial. What is left is drawn unit
by unit, a block of splits and a block of units at a time, and summed up by matrix products; so memory does not grow
with the splits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from variate.stats.moments import Floats, Moments

SPLITS_AT_A_TIME = 250
_ROWS_AT_A_TIME = 512
"""So that a block of draws stays near the processor; with 8,192 it all takes four times as long."""
_FEW_ALIKE = 16
"""From so many alike units on, one binomial draw costs less than one draw for each."""


@dataclass(frozen=True, slots=True)
class _Kinds:
    """Rows that stand for ``count`` units each."""

    rows: Floats
    count: Floats


def splits(
    values: Floats, *, shares: tuple[float, float], runs: int, generator: np.random.Generator
) -> Iterator[Moments]:
    """Yield the moments (splits, 2) of the units of ``values`` (units, variables), some of the ``runs`` at a time.

    Each unit falls on the first side with the chance ``shares[0]``, on the other with ``shares[1]``, and on neither
    with what is left to 1. The third moments are not computed and are NaN.
    """
    rows = np.ascontiguousarray(values, dtype=np.float64)
    with np.errstate(all="ignore"):  # what overflows is out of range, as its moments show
        middle = rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1])
        lone, alike = _told_apart(rows - middle)
    for start in range(0, runs, SPLITS_AT_A_TIME):
        number = min(SPLITS_AT_A_TIME, runs - start)
        with np.errstate(all="ignore"):
            sums = _drawn_alone(lone, shares, number, generator) + _drawn_together(alike, shares, number, generator)
            moments = _moments(sums, middle)
        yield moments


def _told_apart(rows: Floats) -> tuple[Floats, _Kinds]:
    """Return the rows of which there are few alike, and the kinds of which there are many."""
    if not len(rows):
        return rows, _Kinds(rows, np.zeros(0))
    in_order = rows[np.lexsort(rows.T)]
    starts = np.flatnonzero(np.concatenate([[True], (in_order[1:] != in_order[:-1]).any(axis=1)]))
    count = np.diff(np.append(starts, len(rows)))
    is_many = count >= _FEW_ALIKE
    lone = in_order[np.repeat(~is_many, count)]
    return lone, _Kinds(in_order[starts[is_many]], count[is_many].astype(np.float64))


def _drawn_alone(rows: Floats, shares: tuple[float, float], number: int, generator: np.random.Generator) -> Floats:
    """Return the sums of the rows' parts (splits, 2, parts)."""
    first, both = shares[0], shares[0] + shares[1]
    sums = np.zeros((number, 2, _width(rows)))
    for start in range(0, len(rows), _ROWS_AT_A_TIME):
        parts = _parts(rows[start : start + _ROWS_AT_A_TIME])
        drawn = generator.random((number, len(parts)), dtype=np.float32)
        on_first = (drawn < first).astype(np.float64) @ parts
        on_either = parts.sum(axis=0) if both >= 1 else (drawn < both).astype(np.float64) @ parts
        sums[:, 0] += on_first
        sums[:, 1] += on_either - on_first
    return sums


def _drawn_together(kinds: _Kinds, shares: tuple[float, float], number: int, generator: np.random.Generator) -> Floats:
    first, second = shares
    sums = np.zeros((number, 2, _width(kinds.rows)))
    for start in range(0, len(kinds.count), _ROWS_AT_A_TIME):
        parts = _parts(kinds.rows[start : start + _ROWS_AT_A_TIME])
        count = kinds.count[start : start + _ROWS_AT_A_TIME].astype(np.int64)
        on_first = generator.binomial(count, first, (number, len(count)))
        left = count - on_first
        on_second = left if first + second >= 1 else generator.binomial(left, second / (1 - first))
        sums[:, 0] += on_first.astype(np.float64) @ parts
        sums[:, 1] += on_second.astype(np.float64) @ parts
    return sums


def _width(rows: Floats) -> int:
    variables: int = rows.shape[1]
    return 1 + variables + variables * (variables + 1) // 2


def _parts(rows: Floats) -> Floats:
    """Return for each row a 1, its variables and each product of two of them: what sums up to moments."""
    one, other = np.triu_indices(rows.shape[1])
    return np.concatenate([np.ones((len(rows), 1)), rows, rows[:, one] * rows[:, other]], axis=1)


def _moments(sums: Floats, middle: Floats) -> Moments:
    variables = len(middle)
    count, rows = sums[..., 0], sums[..., 1 : 1 + variables]
    mean = np.where(count[..., None] > 0, rows / count[..., None], 0.0)
    products = np.empty((*count.shape, variables, variables))
    one, other = np.triu_indices(variables)
    products[..., one, other] = products[..., other, one] = sums[..., 1 + variables :]
    products -= count[..., None, None] * mean[..., :, None] * mean[..., None, :]
    return Moments(
        count=count,
        mean=np.where(count[..., None] > 0, mean + middle, 0.0),
        products=products,
        cubes=np.full(mean.shape, np.nan),
    )
