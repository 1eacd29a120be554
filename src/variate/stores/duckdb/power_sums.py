"""Power sums about a constant, by SQL, and the moments they make.

Sums of raw powers lose the digits that count when a mean is far from zero, so each variable is first moved by a
constant near its mean (Chan, Golub & LeVeque 1979 compare the ways). A glance at some rows is enough to find one; where
it was not, the sums are made again about the mean they gave. The constant is of all cells: one whose values are a
million times closer to each other than to the constant has no digits left, and is said to have no variance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
import numpy.typing as npt

from variate.stats.moments import Floats, Moments
from variate.stores.duckdb.unit_rows import MetricColumns

_FAR = 1e6
"""How many times its variance the square of a mean's distance from the constant may be, so that ten digits are left."""
_DUST = 1e-14
"""Below this part of the sum of squares, what is left of it is what rounding leaves of nothing."""


@dataclass(slots=True)
class Sums:
    """How a metric is to be added up: the constants of its variables and, where it has a cap, where its values are cut.

    ``fills`` are what stands for a covariate that a unit does not have.
    ``is_plain`` holds as long as every unit has all of the variables; otherwise SQL has to look at each.
    """

    metric: MetricColumns
    constants: list[float]
    fills: list[float]
    caps: Mapping[str, float]
    is_plain: bool = True
    is_moved: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that are added up; those that turn out to be of no use are left out at the end."""
        covariates = self.metric.variables[self.metric.needed :]
        missing = () if self.is_plain else tuple(f"missing{place}" for place in range(1, len(covariates) + 1))
        return (*self.metric.variables, *missing, *(("raw",) if "y" in self.caps else ()))

    def columns(self, prefix: str) -> Iterator[str]:
        """Yield what SQL selects of each unit: its variables, moved, as ``{prefix}_0`` ..."""
        for place, moved in enumerate(self._moved()):
            yield f"{moved} AS {prefix}_{place}"

    def aggregates(self, prefix: str) -> Iterator[str]:
        """Yield what SQL adds up of them, in the order in which ``Totals`` reads it."""
        names = [f"{prefix}_{place}" for place in range(len(self.variables))]
        yield from (f"count({name})" for name in names)
        yield from (f"sum({name})" for name in names)
        yield from (f"sum({one} * {other})" for one, other in combinations_with_replacement(names, 2))
        yield from (f"sum({name} * {name} * {name})" for name in names)

    @property
    def width(self) -> int:
        """How many aggregates there are."""
        count = len(self.variables)
        return 3 * count + count * (count + 1) // 2

    def _moved(self) -> Iterator[str]:
        metric = self.metric
        is_in = " AND ".join(f"{column} IS NOT NULL" for column in metric.columns[: metric.needed])
        for place, (column, constant) in enumerate(zip(metric.columns, self.constants, strict=True)):
            value = self._cut(column, metric.variables[place])
            moved = f"({value} - {_number(constant)})"
            if not self.is_plain:
                filled = (
                    moved if place < metric.needed else f"coalesce({moved}, {_number(self.fills[place] - constant)})"
                )
                moved = f"CASE WHEN {is_in} THEN {filled} END"
            yield moved
        if not self.is_plain:
            for column in metric.columns[metric.needed :]:
                yield f"CASE WHEN {is_in} THEN CAST({column} IS NULL AS DOUBLE) END"
        if "y" in self.caps:
            raw = f"({metric.columns[0]} - {_number(self.constants[0])})"
            yield raw if self.is_plain else f"CASE WHEN {is_in} THEN {raw} END"

    def _cut(self, column: str, variable: str) -> str:
        if variable not in self.caps:
            return column
        cap = _number(self.caps[variable])
        # To DuckDB no number is greater than what is no number; it stays what it is. By the least and greatest values
        # that a Parquet file notes, which leave it out, DuckDB takes ``isnan`` to be never true, so that is not asked.
        is_number = f"(isfinite({column}) OR isinf({column}))"
        return f"CASE WHEN {column} > {cap} AND {is_number} THEN {cap} ELSE {column} END"

    def all_constants(self) -> Floats:
        """Return the constant of each of ``variables``."""
        raw = [self.constants[0]] if "y" in self.caps else []
        indicators = len(self.variables) - len(self.constants) - len(raw)
        return np.array([*self.constants, *[0.0] * indicators, *raw])


@dataclass(frozen=True, slots=True)
class Totals:
    """What ``Sums`` gave by cell: arrays of shape (cells,) with the variables' axes after it."""

    units: Floats
    counts: Floats
    first: Floats
    second: Floats
    third: Floats

    @classmethod
    def read(cls, columns: Sequence[npt.NDArray[Any]], *, units: Floats, variables: int) -> Totals:
        """Return what the columns of the aggregates say; a sum over nothing is 0."""
        width = variables
        table = np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)
        counts, first = table[:, :width], table[:, width : 2 * width]
        first = np.where(counts > 0, first, 0.0)
        second = np.zeros((len(table), width, width))
        pairs = list(combinations_with_replacement(range(width), 2))
        for place, (one, other) in enumerate(pairs, start=2 * width):
            found = np.where(np.minimum(counts[:, one], counts[:, other]) > 0, table[:, place], 0.0)
            second[:, one, other] = second[:, other, one] = found
        third = np.where(counts > 0, table[:, 2 * width + len(pairs) :], 0.0)
        return cls(units, counts, first, second, third)

    @property
    def are_whole(self) -> bool:
        """Whether every unit had all of the variables."""
        return bool((self.counts == self.units[:, None]).all())

    @property
    def measured(self) -> Floats:
        """How many units are in; shape (cells,)."""
        return self.counts[:, 0]

    def moments(self, constants: Floats) -> Moments:
        """Return the moments of the cells."""
        count = self.measured
        # What is infinite or no number stays so, and what has no units is 0.
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            off = np.where(count[:, None] > 0, self.first / count[:, None], 0.0)
            products = self.second - count[:, None, None] * off[:, :, None] * off[:, None, :]
            squares = np.diagonal(self.second, axis1=1, axis2=2)
            dust = np.diagonal(products, axis1=1, axis2=2) <= _DUST * squares
            products = np.where(dust[:, :, None] | dust[:, None, :], 0.0, products)
            cubes = self.third - 3 * off * squares + 2 * count[:, None] * off**3
            cubes = np.where(dust, 0.0, cubes)
            mean = np.where(count[:, None] > 0, off + constants, 0.0)
        return Moments(count=count, mean=mean, products=products, cubes=cubes)

    def means(self, constants: Floats) -> Floats:
        """Return the variables' means over all cells, each over the units that have it; the constant where none has."""
        counts = self.counts.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            found: Floats = constants + np.where(counts > 0, self.first.sum(axis=0) / counts, 0.0)
        return np.where(np.isfinite(found), found, constants)

    def are_far(self) -> bool:
        """Whether a constant was so far from its variable's mean that the digits do not hold."""
        count = self.measured.sum()
        if count < 2:
            return False
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            off = self.first.sum(axis=0) / count
            squares = np.diagonal(self.second.sum(axis=0))
            spread = squares / count - off**2
            return bool((np.isfinite(spread) & (off**2 > _FAR * np.maximum(spread, 0.0)) & (off != 0)).any())


def guesses(metrics: Sequence[MetricColumns]) -> str:
    """Return what SQL selects of some rows to find constants near the means."""
    found = dict.fromkeys(column for metric in metrics for column in metric.columns)
    return ", ".join(f"median(CASE WHEN isfinite({column}) THEN {column} END)" for column in found)


def starting_sums(
    metrics: Sequence[MetricColumns], guessed: Sequence[float | None], *, caps: Mapping[str, Mapping[str, float]]
) -> list[Sums]:
    """Return how the metrics are to be added up at first, from what ``guesses`` found."""
    columns = dict.fromkeys(column for metric in metrics for column in metric.columns)
    near = dict(zip(columns, guessed, strict=True))
    return [
        Sums(
            metric=metric,
            constants=[near[column] or 0.0 for column in metric.columns],
            fills=[0.0 for _ in metric.columns],
            caps=caps[metric.metric_id],
        )
        for metric in metrics
    ]


def _number(value: float) -> str:
    return f"CAST('{value!r}' AS DOUBLE)"
