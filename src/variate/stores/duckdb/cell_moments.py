"""The moments of metrics by cell, from unit rows: one scan for all metrics, all dimensions and all days.

The finest cells (variation, day, period and all dimensions at once) are added up first, and the cells that are asked
for from them: sums about one constant simply add.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from variate.stats.moments import Floats, Moments
from variate.stores.aggregates import OVERALL, Cells, MetricMoments, UnitCounts, UnitValues
from variate.stores.duckdb.power_sums import Sums, Totals, guesses, starting_sums
from variate.stores.duckdb.session import Session
from variate.stores.duckdb.unit_rows import NO_DAY, MetricColumns, UnitRows

_GLANCE = 5_000
"""Rows looked at to find constants near the means."""
_PASSES = 3
"""One that expects whole rows and good constants, one that looks at each row, one about the means."""


def cell_moments(
    session: Session, rows: UnitRows, metrics: Sequence[MetricColumns]
) -> tuple[UnitCounts, dict[str, MetricMoments]]:
    """Return the units by cell and the moments of each metric."""
    caps = _caps(session, rows, metrics)
    pending = starting_sums(metrics, _guessed(session, rows, metrics), caps=caps)
    found: dict[str, MetricMoments] = {}
    units: UnitCounts | None = None
    for left in reversed(range(_PASSES)):
        cells, counts, totals = _add_up(session, rows, pending)
        units = units or UnitCounts(cells=cells, count=counts)
        again = []
        for sums, total in zip(pending, totals, strict=True):
            if left and _is_to_be_done_again(sums, total):
                again.append(sums)
            else:
                found[sums.metric.metric_id] = _result(sums, total, cells, units=counts)
        pending = again
        if not pending:
            break
    if units is None:  # no pass was made without units
        raise AssertionError("no pass was made")
    return units, {metric.metric_id: found[metric.metric_id] for metric in metrics}


def unit_values(session: Session, rows: UnitRows, metric: MetricColumns) -> UnitValues:
    """Return the metric's rows, as its moments have them: the units that are in, whole, and cut to the cap."""
    caps = _caps(session, rows, [metric])[metric.metric_id]
    whole = ", ".join(f"{column} AS c{place}" for place, column in enumerate(metric.columns))
    covariates = range(metric.needed, len(metric.variables))
    marks = "".join(f", c{place} IS NULL" for place in covariates)
    is_in = " AND ".join(f"c{place} IS NOT NULL" for place in range(metric.needed))
    variation, *columns = session.arrays(
        f"SELECT *{marks} FROM (SELECT {rows.variation} AS v, {whole} FROM {rows.relation}) "
        f"WHERE v IS NOT NULL AND {is_in}",
        what="reading the units",
    )
    width = len(metric.columns)
    values = [np.asarray(column, dtype=np.float64) for column in columns[:width]]
    variables = list(metric.variables)
    raw = values[0]
    for name, cap in caps.items():
        place = metric.variables.index(name)
        values[place] = np.minimum(values[place], cap)  # what is no number stays so
    for place, mark in zip(covariates, columns[width:], strict=True):
        missing = mark.astype(np.bool_)
        if missing.any():
            present = values[place][~missing]
            values[place] = np.where(missing, present.mean() if len(present) else 0.0, values[place])
            variables.append(f"missing{place - metric.needed + 1}")
            values.append(missing.astype(np.float64))
    if "y" in caps:
        variables.append("raw")
        values.append(raw)
    return UnitValues(
        metric_id=metric.metric_id,
        variables=tuple(variables),
        variation=np.asarray(variation, dtype=np.int64),
        values=np.stack(values, axis=1),
    )


def place_of(quantile: float, *, count: int) -> int:
    """Return which of ``count`` values in order, from 1 on, is their quantile: the inverted distribution function."""
    return min(max(math.ceil(Fraction(repr(quantile)) * count), 1), count)


def _caps(session: Session, rows: UnitRows, metrics: Sequence[MetricColumns]) -> dict[str, dict[str, float]]:
    """Return for each metric the exact quantiles to which those of its variables are cut that have a cap."""
    caps: dict[str, dict[str, float]] = {metric.metric_id: {} for metric in metrics}
    capped = [metric for metric in metrics if metric.cap_quantile is not None]
    if not capped:
        return caps
    are_in = [
        " AND ".join(
            [f"{rows.variation} IS NOT NULL", *(f"{column} IS NOT NULL" for column in each.columns[: each.needed])]
        )
        for each in capped
    ]
    counting = ", ".join(f"count(*) FILTER ({is_in})" for is_in in are_in)
    counts = session.rows(f"SELECT {counting} FROM {rows.relation}", what="counting the units")[0]
    wanted: list[tuple[MetricColumns, str]] = []
    quantiles = []
    for metric, count, is_in in zip(capped, counts, are_in, strict=True):
        for name, column in zip(metric.variables, metric.columns, strict=True):
            if count and name in metric.capped:
                # Half a place before it, so that no rounding moves it.
                share = (place_of(metric.cap_quantile or 0, count=count) - 0.5) / count
                wanted.append((metric, name))
                quantiles.append(f"quantile_disc({column}, {share!r}) FILTER ({is_in})")
    if quantiles:
        found = session.rows(f"SELECT {', '.join(quantiles)} FROM {rows.relation}", what="finding the caps")[0]
        for (metric, name), cap in zip(wanted, found, strict=True):
            if cap is not None and not math.isnan(cap):
                caps[metric.metric_id][name] = float(cap)
    return caps


def _guessed(session: Session, rows: UnitRows, metrics: Sequence[MetricColumns]) -> tuple[float | None, ...]:
    some = f"(SELECT * FROM {rows.relation} LIMIT {_GLANCE})"
    return session.rows(f"SELECT {guesses(metrics)} FROM {some}")[0] if metrics else ()


def _add_up(
    session: Session, rows: UnitRows, pending: Sequence[Sums]
) -> tuple[Cells, npt.NDArray[np.int64], list[Totals]]:
    """Return the cells, the units in each and what the sums give there."""
    moved = [column for place, sums in enumerate(pending) for column in sums.columns(f"m{place}")]
    added = [column for place, sums in enumerate(pending) for column in sums.aggregates(f"m{place}")]
    names = [f"s{place}" for place in range(len(added))]
    times = [*(["day"] if rows.day else []), *(["period"] if rows.period else [])]
    keys = ["v", *times, *(f"g{place}" for place in range(len(rows.dimensions)))]
    finest = ", ".join(f"{each} AS {name}" for each, name in zip(added, names, strict=True))
    session.run(
        f"CREATE OR REPLACE TEMP TABLE finest AS SELECT {', '.join(keys)}, count(*) AS n{', ' * bool(names)}{finest} "
        f"FROM (SELECT {', '.join([rows.groups, *moved])} FROM {rows.relation}) WHERE v IS NOT NULL "
        f"GROUP BY {', '.join(keys)}",
        what="adding up the units",
    )
    summed = "".join(f", sum({name})" for name in ("n", *names))
    when = f"{'day' if rows.day else NO_DAY}, {'period' if rows.period else 0}"
    parts = [(OVERALL, _part(session, f"{when}{summed}", value="NULL"))]
    parts += [(name, _part(session, f"{when}{summed}", value=f"g{at}")) for at, (name, _) in enumerate(rows.dimensions)]
    columns = [np.concatenate(each) for each in zip(*(columns for _, columns in parts), strict=True)]
    variation, value, days, periods, count, *sums = columns
    cells = Cells(
        variation=variation.astype(np.int64),
        dimension=tuple(name for name, part in parts for _ in range(len(part[0]))),
        value=tuple(value),
        day=days.astype(np.int64),
        period=periods.astype(np.int64),
    )
    totals = []
    start = 0
    for each in pending:
        totals.append(
            Totals.read(sums[start : start + each.width], units=count.astype(np.float64), variables=len(each.variables))
        )
        start += each.width
    return cells, count.astype(np.int64), totals


def _part(session: Session, times_and_sums: str, *, value: str) -> list[npt.NDArray[Any]]:
    return session.arrays(
        f"SELECT v, CAST({value} AS VARCHAR) AS value, {times_and_sums} FROM finest "
        "GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    )


def _is_to_be_done_again(sums: Sums, totals: Totals) -> bool:
    """Find better constants, and whether rows have to be looked at one by one; return whether that is needed."""
    means = totals.means(sums.all_constants())[: len(sums.constants)].tolist()
    if sums.is_plain and not totals.are_whole:
        sums.is_plain = False
        sums.fills = means
    elif not sums.is_moved and totals.are_far():
        sums.is_moved = True
        sums.constants = means
    else:
        return False
    return True


def _result(sums: Sums, totals: Totals, cells: Cells, *, units: npt.NDArray[np.int64]) -> MetricMoments:
    variables = sums.variables
    kept = [place for place, name in enumerate(variables) if not _is_idle(name, totals.first[:, place])]
    moments: Moments = totals.moments(sums.all_constants())
    overall = np.array([dimension == OVERALL for dimension in cells.dimension], dtype=np.bool_)
    measured = float(totals.measured[overall].sum())
    outside: Floats = units[overall].astype(np.float64)
    there = totals.measured > 0
    return MetricMoments(
        metric_id=sums.metric.metric_id,
        variables=tuple(variables[place] for place in kept),
        cells=cells if there.all() else _some(cells, there),
        moments=(moments if len(kept) == len(variables) else moments.of(kept))[there],
        cap=sums.caps.get("y"),
        waiting=sums.metric.waiting,
        unmeasured=int(outside.sum() - measured) - sums.metric.waiting,
    )


def _some(cells: Cells, kept: npt.NDArray[np.bool_]) -> Cells:
    return Cells(
        variation=cells.variation[kept],
        dimension=tuple(compress(cells.dimension, kept)),
        value=tuple(compress(cells.value, kept)),
        day=cells.day[kept],
        period=cells.period[kept],
    )


def _is_idle(name: str, total: Floats) -> bool:
    return name.startswith("missing") and not total.any()
