"""Cells of an answer, in any order, put together into arrays by group, variation and day.

A group is a value of a dimension, or all units. Moments merge exactly (Chan, Golub & LeVeque 1979).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from variate.stats.moments import Floats, Moments
from variate.stats.strata import standardised
from variate.stores.aggregates import OVERALL, Cells, MetricQuantiles, Numbers, UnitCounts

MAX_VALUES = 50
"""Most values of a dimension that a report shows: those of the most units."""

FEWEST_A_PERIOD = 30
"""Fewest units of each variation of which a period between changes of the weights enters a metric.

With fewer its variance is hardly known, and a period may weigh much though a variation has few of its units.
"""

EVERYBODY = (OVERALL, None)
_EPOCH = date(1970, 1, 1)
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a report, everybody first: a dimension and a value of it each."""

    keys: tuple[tuple[str, str | None], ...]

    def places(self, cells: Cells) -> Numbers:
        """Return the place of each cell's group, -1 where it is in none."""
        known = {key: place for place, key in enumerate(self.keys)}
        everybody = known[EVERYBODY]
        found = (
            everybody if dimension == OVERALL else known.get((dimension, value), -1)
            for dimension, value in zip(cells.dimension, cells.value, strict=True)
        )
        return np.fromiter(found, dtype=np.int64, count=len(cells.dimension))

    def of(self, dimension: str) -> list[int]:
        """Return the places of a dimension's values."""
        return [place for place, (name, _) in enumerate(self.keys) if name == dimension and place]


def groups_of(units: UnitCounts, *, dimensions: Sequence[str]) -> Groups:
    """Return everybody, and of each dimension the ``MAX_VALUES`` values that have the most units, by name."""
    totals: dict[str, dict[str | None, int]] = {dimension: {} for dimension in dimensions}
    for dimension, value, count in zip(units.cells.dimension, units.cells.value, units.count.tolist(), strict=True):
        if dimension in totals:
            totals[dimension][value] = totals[dimension].get(value, 0) + count
    keys: list[tuple[str, str | None]] = [EVERYBODY]
    for dimension, of_value in totals.items():
        most = sorted(of_value, key=lambda value: (-of_value[value], value is None, value or ""))[:MAX_VALUES]
        keys += ((dimension, value) for value in sorted(most, key=lambda value: (value is None, value or "")))
    return Groups(tuple(keys))


def counted(units: UnitCounts, *, groups: Groups, periods: int, variations: int) -> Numbers:
    """Return how many units there are, by group, period and variation."""
    return _counted(units, groups.places(units.cells), shape=(len(groups.keys), periods, variations))


@dataclass(frozen=True, slots=True)
class Days:
    """The days from the first to the last of some exposures, in days from 1970; none where a source has no days."""

    numbers: tuple[int, ...]

    @property
    def dates(self) -> tuple[date, ...]:
        """The days as dates, in UTC."""
        return tuple(_EPOCH + timedelta(days=number) for number in self.numbers)


def days_of(units: UnitCounts) -> Days:
    """Return the days on which units were first exposed."""
    return Days(tuple(np.unique(units.cells.day[units.cells.day >= 0]).tolist()))


def counted_by_day(units: UnitCounts, *, days: Days, periods: int, variations: int) -> Numbers:
    """Return how many of all units were first exposed on each day, by day, period and variation."""
    return _counted(units, _day_places(units.cells, days), shape=(len(days.numbers), periods, variations))


def by_group(moments: Moments, *, cells: Cells, groups: Groups, periods: int, variations: int) -> Moments:
    """Return the moments by group and variation, of whose periods none weighs more in one variation than in another."""
    places = groups.places(cells)

    def of_period(inside: _Mask) -> Moments:
        keys = places * variations + cells.variation
        return _merged(moments, keys, inside & (places >= 0), len(groups.keys), variations)

    return _over_periods(of_period, cells=cells, periods=periods)


def cumulative(moments: Moments, *, cells: Cells, days: Days, periods: int, variations: int) -> Moments:
    """Return the moments of all units first exposed up to and including each day, by day and variation."""
    places = _day_places(cells, days)

    def of_period(inside: _Mask) -> Moments:
        keys = places * variations + cells.variation
        return _up_to_each_day(_merged(moments, keys, inside & (places >= 0), len(days.numbers), variations))

    return _over_periods(of_period, cells=cells, periods=periods)


def left_out(counts: Numbers) -> int:
    """Return how many of the units (periods, variations) no moments hold: of periods with too few in some variation."""
    if len(counts) == 1:
        return 0
    taken = np.asarray(counts, dtype=np.float64)
    nothing = np.zeros((*taken.shape, 0))
    moments = Moments(count=taken, mean=nothing, products=nothing[..., None, :], cubes=nothing)
    return int(standardised(moments, least=FEWEST_A_PERIOD).left_out.sum())


def _over_periods(of_period: Callable[[_Mask], Moments], *, cells: Cells, periods: int) -> Moments:
    if periods == 1:
        return of_period(np.ones(len(cells.period), dtype=bool))
    parts = [of_period(cells.period == period) for period in range(periods)]
    return standardised(
        Moments(
            count=np.stack([each.count for each in parts]),
            mean=np.stack([each.mean for each in parts]),
            products=np.stack([each.products for each in parts]),
            cubes=np.stack([each.cubes for each in parts]),
        ),
        least=FEWEST_A_PERIOD,
    ).moments


def _up_to_each_day(daily: Moments) -> Moments:
    with np.errstate(all="ignore"):  # a value beyond a float's range is told of where it is estimated
        weights = daily.count[..., None]
        total = weights.sum(axis=0)
        centre = np.where(total > 0, (weights * daily.mean).sum(axis=0) / total, 0.0)
        away = daily.mean - centre
        count = daily.count.cumsum(axis=0)
        mean_away = np.where(count[..., None] > 0, (weights * away).cumsum(axis=0) / count[..., None], 0.0)
        about = daily.products + weights[..., None] * away[..., :, None] * away[..., None, :]
        products = about.cumsum(axis=0) - count[..., None, None] * mean_away[..., :, None] * mean_away[..., None, :]
        variances = np.diagonal(daily.products, axis1=-2, axis2=-1)
        cubes = (daily.cubes + 3 * away * variances + weights * away**3).cumsum(axis=0)
        spread = np.diagonal(products, axis1=-2, axis2=-1)
        cubes = cubes - 3 * mean_away * spread - count[..., None] * mean_away**3
        mean = np.where(count[..., None] > 0, centre + mean_away, 0.0)
    return Moments(count=count, mean=mean, products=products, cubes=cubes)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileGrid:
    """A quantile by group and variation; NaN where there is none."""

    units: Floats
    quantile: Floats
    standard_error: Floats


def quantiles_by_group(found: MetricQuantiles, *, groups: Groups, variations: int) -> QuantileGrid:
    """Return the quantiles by group and variation."""
    places = groups.places(found.cells)
    inside = places >= 0
    where = (places[inside], found.cells.variation[inside])
    grids = []
    for values, empty in ((found.units, 0.0), (found.quantile, np.nan), (found.standard_error, np.nan)):
        grid = np.full((len(groups.keys), variations), empty)
        grid[where] = values[inside]
        grids.append(grid)
    return QuantileGrid(units=grids[0], quantile=grids[1], standard_error=grids[2])


def _day_places(cells: Cells, days: Days) -> Numbers:
    """Return the place of each cell's day, -1 for cells of a dimension or without a day."""
    known = np.asarray(days.numbers, dtype=np.int64)
    overall = np.fromiter((each == OVERALL for each in cells.dimension), dtype=bool, count=len(cells.dimension))
    inside = overall & np.isin(cells.day, known)
    return np.where(inside, np.searchsorted(known, cells.day), -1)


def _counted(units: UnitCounts, places: Numbers, *, shape: tuple[int, int, int]) -> Numbers:
    _, periods, variations = shape
    keys, inside = (places * periods + units.cells.period) * variations + units.cells.variation, places >= 0
    found = np.bincount(keys[inside], weights=units.count[inside], minlength=math.prod(shape))
    return np.rint(found).astype(np.int64).reshape(shape)


def _merged(moments: Moments, keys: Numbers, inside: _Mask, rows: int, columns: int) -> Moments:
    """Return the moments of the cells that have one key, for every key from 0 to before ``rows * columns``."""
    chosen = np.flatnonzero(inside)
    chosen = chosen[np.argsort(keys[chosen], kind="stable")]
    sorted_keys, parts, size = keys[chosen], moments[chosen], rows * columns
    width = moments.mean.shape[-1]
    found, starts = np.unique(sorted_keys, return_index=True)

    def summed(values: Floats) -> Floats:
        total = np.zeros((size, *values.shape[1:]))
        if found.size:
            total[found] = np.add.reduceat(values, starts, axis=0)
        return total

    with np.errstate(all="ignore"):  # a value beyond a float's range is told of where it is estimated
        weights = parts.count[:, None]
        count = summed(parts.count)
        mean = np.where(count[:, None] > 0, summed(weights * parts.mean) / count[:, None], 0.0)
        away = parts.mean - mean[sorted_keys]
        variances = np.diagonal(parts.products, axis1=-2, axis2=-1)
        products = summed(parts.products + weights[..., None] * away[:, :, None] * away[:, None, :])
        cubes = summed(parts.cubes + 3 * away * variances + weights * away**3)
    shape = (rows, columns)
    return Moments(
        count=count.reshape(shape),
        mean=mean.reshape(*shape, width),
        products=products.reshape(*shape, width, width),
        cubes=cubes.reshape(*shape, width),
    )
