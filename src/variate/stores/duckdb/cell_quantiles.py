"""A quantile of events by cell, with the error of its clusters.

Deng, Knoblich & Lu 2018, the outer interval: the error of the share of events up to the quantile is that of a ratio of
sums over units; the events' values at the shares that lie that far below and above give the interval of the quantile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from variate.errors import MissingExtraError
from variate.stats.moments import Moments
from variate.stats.quantiles import share_bounds
from variate.stores.aggregates import OVERALL, Cells, MetricQuantiles
from variate.stores.duckdb.cell_moments import place_of
from variate.stores.duckdb.session import Session
from variate.stores.duckdb.unit_rows import EventRows

try:
    import pyarrow as pa
except ImportError as error:
    raise MissingExtraError("pyarrow", "duckdb") from error

_CELLS_A_TIME = 64
"""Cells whose values are looked up in one statement."""

_Key: TypeAlias = tuple[int, str | None]
"""A variation's place, and the dimension's value."""
_Row: TypeAlias = tuple[str, _Key, int, int, float, float]


def cell_quantiles(session: Session, rows: EventRows) -> MetricQuantiles:
    """Return the quantile in each cell that has an event."""
    dimensions = "".join(f", {text} AS g{place}" for place, (_, text) in enumerate(rows.dimensions))
    unit = "NULL" if rows.unit is None else rows.unit
    session.run(
        f"CREATE OR REPLACE TEMP TABLE events_in AS SELECT * FROM (SELECT {rows.variation} AS v, "
        f"{unit} AS unit, {rows.value} AS value{dimensions} FROM {rows.relation}) "
        f"WHERE v IS NOT NULL AND value IS NOT NULL",
        what="reading the events",
    )
    found = list(_cells(session, OVERALL, "NULL", rows))
    for place, (name, _) in enumerate(rows.dimensions):
        found += _cells(session, name, f"g{place}", rows)
    session.run("DROP TABLE events_in")
    return MetricQuantiles(
        metric_id=rows.metric_id,
        cells=Cells(
            variation=np.array([key[0] for _, key, *_ in found], dtype=np.int64),
            dimension=tuple(name for name, *_ in found),
            value=tuple(key[1] for _, key, *_ in found),
            day=np.full(len(found), -1, dtype=np.int64),
            period=np.zeros(len(found), dtype=np.int64),
        ),
        units=np.array([row[2] for row in found], dtype=np.int64),
        events=np.array([row[3] for row in found], dtype=np.int64),
        quantile=np.array([row[4] for row in found], dtype=np.float64),
        standard_error=np.array([row[5] for row in found], dtype=np.float64),
        waiting=rows.waiting,
        unmeasured=rows.unmeasured,
    )


def _cells(session: Session, name: str, value: str, rows: EventRows) -> Iterator[_Row]:
    events = f"(SELECT v, CAST({value} AS VARCHAR) AS g, unit, value FROM events_in)"
    sizes: dict[_Key, int] = {
        (v, g): count
        for v, g, count in session.rows(f"SELECT v, g, count(*) FROM {events} GROUP BY 1, 2 ORDER BY 1, 2")
    }
    middles = _at(session, events, {key: [place_of(rows.quantile, count=count)] for key, count in sizes.items()}, sizes)
    clusters = _clusters(session, events, {key: found[0] for key, found in middles.items()}, rows)
    bounds = share_bounds(_moments([clusters[key] for key in sizes]), nu=rows.quantile)
    ends = {}
    for at, key in enumerate(sizes):
        if not bounds.reasons[at] and math.isfinite(bounds.low[at]):
            ends[key] = [place_of(float(share[at]), count=sizes[key]) for share in (bounds.low, bounds.high)]
    read = _at(session, events, ends, sizes)
    nowhere = [math.nan, math.nan]
    low, high = ([read.get(key, nowhere)[end] for key in sizes] for end in (0, 1))
    errors = bounds.standard_error(low, high)
    for (key, size), error in zip(sizes.items(), errors, strict=True):
        yield name, key, int(clusters[key][0]), size, middles[key][0], float(error)


def _at(
    session: Session, events: str, places: Mapping[_Key, Sequence[int]], sizes: Mapping[_Key, int]
) -> dict[_Key, list[float]]:
    """Return the values at these places, from 1 on, of each cell."""
    found: dict[_Key, list[float]] = {}
    keys = list(places)
    for start in range(0, len(keys), _CELLS_A_TIME):
        some = keys[start : start + _CELLS_A_TIME]
        # One list for all of them, of which each cell reads its own; half a place before, so that no rounding moves it.
        shares = [(place - 0.5) / sizes[key] for key in some for place in places[key]]
        _register(session, "some_cells", some)
        rows = session.rows(
            f"SELECT e.v, e.g, quantile_disc(value, {shares!r}) FROM {events} AS e JOIN some_cells AS s "
            "ON e.v = s.v AND e.g IS NOT DISTINCT FROM s.g GROUP BY 1, 2",
            what="finding the quantiles",
        )
        values = {(v, g): listed for v, g, listed in rows}
        at = 0
        for key in some:
            found[key] = values[key][at : at + len(places[key])]
            at += len(places[key])
    return found


def _clusters(
    session: Session, events: str, middles: Mapping[_Key, float], rows: EventRows
) -> dict[_Key, tuple[float, ...]]:
    """Return by cell how many units there are, and sums over them: of how many events are at or below the quantile,
    of how many there are, and of their products."""
    _register(session, "middles", list(middles), middle=list(middles.values()))
    joined = f"{events} AS e JOIN middles AS m ON e.v = m.v AND e.g IS NOT DISTINCT FROM m.g"
    below = "CAST(value <= middle AS BIGINT)"
    per_unit = f"SELECT e.v, e.g, {below} AS below, 1 AS size FROM {joined}"
    if rows.unit is not None:
        per_unit = f"SELECT e.v, e.g, sum({below}) AS below, count(*) AS size FROM {joined} GROUP BY e.v, e.g, unit"
    found = session.rows(
        "SELECT v, g, count(*), sum(below), sum(size), sum(below * below), sum(below * size), sum(size * size) "
        f"FROM ({per_unit}) GROUP BY v, g",
        what="adding up the clusters",
    )
    return {(v, g): tuple(map(float, sums)) for v, g, *sums in found}


def _register(session: Session, name: str, keys: Sequence[_Key], **columns: Sequence[float]) -> None:
    table = {
        "v": pa.array([v for v, _ in keys], pa.int32()),
        "g": pa.array([g for _, g in keys], pa.string()),
        **{column: pa.array(values, pa.float64()) for column, values in columns.items()},
    }
    session.register(name, pa.table(table))


def _moments(sums: Sequence[tuple[float, ...]]) -> Moments:
    """Return the moments of two counts from how many units there are, their sums, and those of their products."""
    table = np.asarray(sums, dtype=np.float64).reshape(len(sums), 6)
    count, totals = table[:, 0], table[:, 1:3]
    second = table[:, [3, 4, 4, 5]].reshape(-1, 2, 2)
    mean = totals / count[:, None]
    products: Any = second - mean[:, :, None] * totals[:, None, :]
    return Moments(count=count, mean=mean, products=products, cubes=np.zeros_like(mean))
