"""Quantiles of events' values, clustered by unit (Deng, Knoblich & Lu 2018), read from the events themselves.

What is kept of a unit does not tell a quantile, so each look reads all of the metric's events anew.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from sqlalchemy import Connection

from variate.model.metric import Measure, Metric
from variate.stats.moments import Floats, Moments
from variate.stats.quantiles import share_bounds
from variate.stores.aggregates import OVERALL, MetricQuantiles
from variate.stores.sql.aggregation.cells import Key, cells_of
from variate.stores.sql.aggregation.dialect import Dialect, Values
from variate.stores.sql.aggregation.filling import Scope, is_shared, is_within, lives
from variate.stores.sql.aggregation.keeping import State
from variate.stores.sql.aggregation.variables import micros

_CELLS_A_TIME = 500

_Key: TypeAlias = tuple[int, str]
"""A variation's place, and the dimension's value as JSON: empty where all units are together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileReading:
    """Reads one quantile metric, on one connection that sees one moment of the rows."""

    connection: Connection
    dialect: Dialect
    scope: Scope
    state: State
    metric: Metric

    def read(self, *, entered: int) -> MetricQuantiles:
        """Return the quantile by cell; ``entered`` is how many units there are."""
        found: list[tuple[Key, tuple[float, ...]]] = []
        for place, name in enumerate((OVERALL, *self.scope.dimensions)):
            key = "''" if name == OVERALL else f"coalesce({self.dialect.item('unit.dimensions', place - 1)}, 'null')"
            for (variation, value), row in self._cells(key).items():
                found.append(((name, json.loads(value) if value else None, variation, -1, 0), row))
        table = np.asarray([row for _, row in found], dtype=np.float64).reshape(len(found), 4)
        return MetricQuantiles(
            metric_id=self.metric.id,
            cells=cells_of([key for key, _ in found]),
            units=table[:, 0].astype(np.int64),
            events=table[:, 1].astype(np.int64),
            quantile=table[:, 2],
            standard_error=table[:, 3],
            waiting=entered - self._in(),
        )

    def _cells(self, key: str) -> dict[_Key, tuple[float, float, float, float]]:
        """Return the units, events, quantile and standard error of each cell."""
        counts = self._counts(key)
        share = Fraction(repr(float(self.metric.quantile or 0)))
        quantiles = self._at(key, {cell: [math.ceil(share * events)] for cell, (events, _) in counts.items()})
        below = self._below(key, {cell: found[0] for cell, found in quantiles.items()})
        order = list(counts)
        bounds = share_bounds(_moments([(counts[cell][1], *below[cell]) for cell in order]), nu=float(share))
        ranks = {
            cell: [_rank(low, counts[cell][0]), _rank(high, counts[cell][0])]
            for cell, low, high in zip(order, bounds.low, bounds.high, strict=True)
            if math.isfinite(low) and math.isfinite(high)
        }
        ends = self._at(key, ranks)
        nowhere = [math.nan, math.nan]
        low, high = (np.asarray([ends.get(cell, nowhere)[end] for cell in order]) for end in (0, 1))
        errors = bounds.standard_error(low, high)
        return {
            cell: (counts[cell][1], counts[cell][0], quantiles[cell][0], float(error))
            for cell, error in zip(order, errors, strict=True)
        }

    def _counts(self, key: str) -> dict[_Key, tuple[int, int]]:
        """Return by cell how many events there are, and of how many units."""
        values = Values()
        rows = values.execute(
            self.connection,
            "SELECT variation, cell, sum(happened), count(*) FROM"
            " (SELECT variation, cell, user_id, count(*) AS happened"
            f" FROM ({self._events(key, values)}) AS event GROUP BY variation, cell, user_id) AS unit"
            " GROUP BY variation, cell ORDER BY variation, cell",
        )
        return {(row[0], row[1]): (int(row[2]), row[3]) for row in rows}

    def _at(self, key: str, ranks: Mapping[_Key, Sequence[int]]) -> dict[_Key, list[float]]:
        """Return the values at these ranks, from 1 on, of each cell."""
        found: dict[tuple[_Key, int], float] = {}
        for part in _parts([(*cell, rank) for cell, each in ranks.items() for rank in set(each)]):
            values = Values()
            rows = values.execute(
                self.connection,
                f"WITH wanted (variation, cell, place) AS (VALUES {_table(part, values)}), ranked AS (SELECT variation,"
                " cell, value, row_number() OVER (PARTITION BY variation, cell ORDER BY value) AS place"
                f" FROM ({self._events(key, values)}) AS event) SELECT ranked.variation, ranked.cell, ranked.place,"
                " ranked.value FROM ranked JOIN wanted ON wanted.variation = ranked.variation"
                " AND wanted.cell = ranked.cell AND wanted.place = ranked.place",
            )
            found |= {((row[0], row[1]), row[2]): row[3] for row in rows}
        return {cell: [found[cell, rank] for rank in each] for cell, each in ranks.items()}

    def _below(self, key: str, quantiles: Mapping[_Key, float]) -> dict[_Key, tuple[float, ...]]:
        """Return by cell, over the units, the sums of how many events are at or below the quantile, and of how many."""
        found: dict[_Key, tuple[float, ...]] = {}
        for part in _parts([(*cell, quantile) for cell, quantile in quantiles.items()]):
            values = Values()
            rows = values.execute(
                self.connection,
                f"WITH wanted (variation, cell, quantile) AS (VALUES {_table(part, values)}) SELECT variation, cell,"
                " sum(below), sum(happened), sum(below * below), sum(below * happened), sum(happened * happened) FROM"
                " (SELECT event.variation, event.cell, event.user_id, count(*) AS happened,"
                " count(CASE WHEN event.value <= wanted.quantile THEN 1 END) AS below"
                f" FROM ({self._events(key, values)}) AS event JOIN wanted ON wanted.variation = event.variation"
                " AND wanted.cell = event.cell GROUP BY event.variation, event.cell, event.user_id) AS unit"
                " GROUP BY variation, cell",
            )
            found |= {(row[0], row[1]): tuple(float(each) for each in row[2:]) for row in rows}
        return found

    def _events(self, key: str, values: Values) -> str:
        """The events of the units that are in, each with its value, variation and cell."""
        measure, scope = self.metric.measure or Measure(event_type=""), self.scope
        start, end = self._window
        within = is_within("event.at", start, end, scope, values, self.dialect, entry="unit")
        return (
            f"SELECT unit.variation, {key} AS cell, unit.user_id, {self.dialect.value('event', measure.field, values)}"
            f" AS value FROM {self._units(values)}"
            f" JOIN events AS event ON event.user_id = unit.user_id"
            f" AND {self.dialect.is_measured('event', [measure.event_type], values)} AND {within}"
            f" AND {is_shared('event', scope, values)} AND event.at < {values.of(scope.at)}"
            f" AND {lives('event', scope, values)}"
        )

    def _in(self) -> int:
        values = Values()
        count: int = values.execute(self.connection, f"SELECT count(*) FROM {self._units(values)}").scalar_one()
        return count

    def _units(self, values: Values) -> str:
        condition = ""
        _, end = self._window
        if end is not None:
            condition = f" AND {self.dialect.later('first_at', end)} <= {values.of(self.scope.at)}"
        return (
            f"(SELECT * FROM analysis_units WHERE analysis = {values.of(self.state.id)} AND page = 0 AND variation >= 0"
            f" AND overridden = 0{condition}) AS unit"
        )

    @property
    def _window(self) -> tuple[int, int | None]:
        end = self.metric.window_end
        return micros(self.metric.window_start), None if end is None else micros(end)


def _parts(rows: Sequence[tuple[Any, ...]]) -> Iterable[Sequence[tuple[Any, ...]]]:
    """An engine takes only so many values in a statement."""
    for start in range(0, len(rows), _CELLS_A_TIME):
        yield rows[start : start + _CELLS_A_TIME]


def _table(rows: Sequence[tuple[Any, ...]], values: Values) -> str:
    return ", ".join(f"({', '.join(values.of(value) for value in row)})" for row in rows)


def _rank(share: float, events: int) -> int:
    return min(max(math.ceil(share * events), 1), events)


def _moments(sums: Sequence[tuple[float, ...]]) -> Moments:
    """Return the moments of two counts, from the number of units, their sums, and the sums of their products."""
    table: Floats = np.asarray(sums, dtype=np.float64).reshape(len(sums), 6)
    count, totals = table[:, 0], table[:, 1:3]
    squares = table[:, [3, 4, 4, 5]].reshape(-1, 2, 2)
    mean = totals / count[:, None]
    return Moments(
        count=count, mean=mean, products=squares - mean[:, :, None] * totals[:, None, :], cubes=np.zeros_like(mean)
    )
