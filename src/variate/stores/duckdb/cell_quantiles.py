"""A quantile of events by cell, with the error of its clusters.

Deng, Knoblich & Lu 2018, the outer interval: the error of the share of events up to the quantile is that of a ratio of
sums over units; the events' values at the shares that lie that far below and above give the interval of the quantile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from variate.stats.moments import Moments
from variate.stats.quantiles import share_bounds
from variate.stores.aggregates import OVERALL, Cells, MetricQuantiles
from variate.stores.duckdb.cell_moments import place_of
from variate.stores.duckdb.session import Session
from variate.stores.duckdb.unit_rows import EventRows

_Row = tuple[int, str | None, str, int, int, float, float]


def cell_quantiles(session: Session, rows: EventRows) -> MetricQuantiles:
    """Return the quantile in each cell that has an event."""
    dimensions = "".join(f", {text} AS g{place}" for place, (_, text) in enumerate(rows.dimensions))
    session.run(
        f"CREATE OR REPLACE TEMP TABLE events_in AS SELECT * FROM (SELECT {rows.variation} AS v, "
        f"{rows.unit} AS unit, {rows.value} AS value{dimensions} FROM {rows.relation}) "
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
            variation=np.array([row[0] for row in found], dtype=np.int64),
            dimension=tuple(row[2] for row in found),
            value=tuple(row[1] for row in found),
            day=np.full(len(found), -1, dtype=np.int64),
        ),
        units=np.array([row[3] for row in found], dtype=np.int64),
        events=np.array([row[4] for row in found], dtype=np.int64),
        quantile=np.array([row[5] for row in found], dtype=np.float64),
        standard_error=np.array([row[6] for row in found], dtype=np.float64),
        waiting=rows.waiting,
        unmeasured=rows.unmeasured,
    )


def _cells(session: Session, name: str, value: str, rows: EventRows) -> Iterator[_Row]:
    session.run(
        f"CREATE OR REPLACE TEMP TABLE ranked AS SELECT v, CAST({value} AS VARCHAR) AS g, unit, value, "
        f"row_number() OVER (PARTITION BY v, g ORDER BY value) AS place FROM events_in",
        what="sorting the events",
    )
    sizes = {(v, g): count for v, g, count in session.rows("SELECT v, g, count(*) FROM ranked GROUP BY 1, 2")}
    quantiles = _at(session, [(v, g, place_of(rows.quantile, count=count)) for (v, g), count in sizes.items()])
    clusters = session.rows(
        "SELECT v, g, count(*), sum(below), sum(size), sum(below * below), sum(below * size), sum(size * size) FROM ("
        "SELECT v, g, unit, CAST(count(*) FILTER (value <= middle) AS DOUBLE) AS below, "
        "CAST(count(*) AS DOUBLE) AS size "
        "FROM ranked JOIN (SELECT a.v AS of_v, a.g AS of_g, a.value AS middle FROM ranked a JOIN wanted w ON "
        "a.v = w.v AND a.g IS NOT DISTINCT FROM w.g AND a.place = w.place) ON v = of_v AND g IS NOT DISTINCT FROM of_g "
        "GROUP BY v, g, unit) GROUP BY v, g ORDER BY v, g",
        what="adding up the clusters",
    )
    bounds = share_bounds(_moments(clusters), nu=rows.quantile)
    ends = {}
    for place, (v, g, *_) in enumerate(clusters):
        if not bounds.reasons[place] and math.isfinite(bounds.low[place]):
            count = sizes[v, g]
            ends[v, g] = [place_of(float(share[place]), count=count) for share in (bounds.low, bounds.high)]
    read = _at(session, [(v, g, place) for (v, g), pair in ends.items() for place in pair])
    low, high = (
        [read[v, g, ends[v, g][end]] if (v, g) in ends else math.nan for v, g, *_ in clusters] for end in (0, 1)
    )
    errors = bounds.standard_error(low, high)
    for (v, g, units, *_), error in zip(clusters, errors, strict=True):
        size = sizes[v, g]
        yield v, g, name, units, size, quantiles[v, g, place_of(rows.quantile, count=size)], float(error)


def _moments(clusters: Sequence[tuple[Any, ...]]) -> Moments:
    """Return the moments of how many of a unit's events are at or below the quantile, and of how many it has."""
    below, size, below_below, below_size, size_size = np.array(
        [row[3:] for row in clusters], dtype=np.float64
    ).T.reshape(5, len(clusters))
    count = np.array([row[2] for row in clusters], dtype=np.float64)
    mean = np.stack([below, size], axis=1) / count[:, None]
    second = np.stack([below_below, below_size, below_size, size_size], axis=1).reshape(-1, 2, 2)
    products = second - count[:, None, None] * mean[:, :, None] * mean[:, None, :]
    return Moments(count=count, mean=mean, products=products, cubes=np.zeros_like(mean))


def _at(session: Session, places: list[tuple[int, str | None, int]]) -> dict[tuple[int, str | None, int], float]:
    """Return the values at these places of their cells; they stay in the table ``wanted``."""
    session.run("CREATE OR REPLACE TEMP TABLE wanted (v INTEGER, g VARCHAR, place BIGINT)")
    columns = [list(each) for each in zip(*places, strict=True)] or [[], [], []]
    session.run("INSERT INTO wanted SELECT unnest($1), unnest($2), unnest($3)", columns)
    found = session.rows(
        "SELECT w.v, w.g, w.place, value FROM ranked r JOIN (SELECT DISTINCT * FROM wanted) w "
        "ON r.v = w.v AND r.g IS NOT DISTINCT FROM w.g AND r.place = w.place"
    )
    return {(v, g, place): value for v, g, place, value in found}
