"""The moments of a metric's variables, from the rows of units."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from variate.model.metric import Metric
from variate.stats.moments import Floats, Moments
from variate.stores.aggregates import MetricMoments, UnitValues
from variate.stores.sql.aggregation.cells import groups
from variate.stores.sql.aggregation.dialect import LARGEST, Dialect, Values
from variate.stores.sql.aggregation.filling import Scope
from variate.stores.sql.aggregation.keeping import State
from variate.stores.sql.aggregation.variables import micros, variables_of

_SAMPLE = 1_000
"""Of so many units is the mean that sums are taken about: near it, digits hold."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A variable as it is read: ``text`` is its value, and ``about`` what is taken from it before it is summed."""

    text: str
    about: float
    is_share: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Summing:
    """Sums up the rows of one analysis, on one connection that sees one moment of them."""

    connection: Connection
    dialect: Dialect
    scope: Scope
    state: State

    def moments(self, metric: Metric, *, entered: int) -> MetricMoments:
        """Return the metric's moments by cell; ``entered`` is how many units there are."""
        where = _Where(self, metric)
        caps = self._caps(metric, where)
        read = self._read(metric, where, caps)
        rows = self._sums(where, list(read.values()), guarded=False)
        if not all(value is not None and math.isfinite(value) for row in rows for value in row[3:]):
            rows = self._sums(where, list(read.values()), guarded=True)
        return MetricMoments(
            metric_id=metric.id,
            variables=tuple(read),
            **_moments(rows, list(read.values()), dimensions=self.scope.dimensions),
            cap=caps.get("y"),
            waiting=entered - sum(row[3] for row in rows),
        )

    def unit_values(self, metric: Metric) -> UnitValues:
        """Return the rows of the metric's variables."""
        where = _Where(self, metric)
        read = self._read(metric, where, self._caps(metric, where))
        values = Values()
        chosen = ", ".join(each.text for each in read.values())
        rows = where.execute(values, f"SELECT variation, {chosen} FROM analysis_units AS unit", "ORDER BY unit.user_id")
        table = np.asarray([tuple(row) for row in rows], dtype=np.float64).reshape(len(rows), len(read) + 1)
        return UnitValues(
            metric_id=metric.id,
            variables=tuple(read),
            variation=table[:, 0].astype(np.int64),
            values=np.ascontiguousarray(table[:, 1:]),
        )

    def _caps(self, metric: Metric, where: _Where) -> dict[str, float]:
        """Return to what each variable is cut that is cut at all.

        That is the smallest value with at least this share of the units at or below it.
        """
        if metric.cap_quantile is None:
            return {}
        (count,) = where.execute(Values(), "SELECT count(*) FROM analysis_units AS unit", "")[0]
        if not count:
            return {}
        rank = math.ceil(Fraction(repr(float(metric.cap_quantile))) * count)
        # From the nearer end: then the engine has to keep few rows in order.
        skipped, order = (rank - 1, "ASC") if rank <= count // 2 else (count - rank, "DESC")
        for name in ("y", "x1"):
            if name in where.columns:
                column = where.columns[name]
                ordered = f"ORDER BY {column} {order} LIMIT 1 OFFSET {skipped}"
                found = where.execute(Values(), f"SELECT {column} FROM analysis_units AS unit", ordered)[0][0]
                if math.isfinite(found):  # else there is nothing to cut to
                    where.named[f"cap_{name}"] = found
        return {name: where.named[f"cap_{name}"] for name in ("y", "x1") if f"cap_{name}" in where.named}

    def _read(self, metric: Metric, where: _Where, caps: Mapping[str, float]) -> dict[str, _Read]:
        texts = dict(where.columns)
        if metric.cap_quantile is not None:
            texts["raw"] = texts["y"]
        for name in caps:
            texts[name] = self.dialect.lesser(texts[name], f":cap_{name}")
        variables = variables_of(metric)
        shares = {name: name in variables and variables[name].is_share for name in texts}
        sample = f"SELECT {', '.join(f'avg({each})' for each in texts.values())} FROM (SELECT unit.* FROM analysis_units AS unit"
        means = where.execute(Values(), sample, f"LIMIT {_SAMPLE}) AS unit")[0]
        return {
            name: _Read(each, 0.0 if shares[name] or mean is None or not abs(mean) <= LARGEST else mean, shares[name])
            for (name, each), mean in zip(texts.items(), means, strict=True)
        }

    def _sums(self, where: _Where, read: Sequence[_Read], *, guarded: bool) -> Sequence[Any]:
        """Return by group: its key, its count, and for the variables the sums, those of products, and those of cubes.

        Where ``guarded``, units without a number are left out of the sums, and counted by variable at the end.
        """
        values = Values()
        away = []
        for each in read:
            text_ = f"({each.text} - {values.of(each.about)})" if each.about else each.text
            away.append(f"CASE WHEN {_is_number(each.text)} THEN {text_} ELSE 0 END" if guarded else text_)
        sums = [f"sum({each})" for each in away]
        sums += [f"sum({away[one]} * {away[other]})" for one, other in _pairs(read)]
        sums += [f"sum({away[one]} * {away[one]} * {away[one]})" for one in _lone(read)]
        if guarded:
            sums += [f"sum(CASE WHEN {_is_number(each.text)} THEN 0 ELSE 1 END)" for each in read]
        return where.execute(
            values,
            f"SELECT variation, day, dimensions, count(*), {', '.join(sums)} FROM analysis_units AS unit",
            "GROUP BY variation, day, dimensions",
        )


class _Where:
    """The units that are in for a metric, and the columns that hold its variables."""

    def __init__(self, summing: Summing, metric: Metric) -> None:
        variables = variables_of(metric)
        placed = summing.state.layout.place(variables.values())
        if placed is None:
            raise RuntimeError("the variables of the metric have no place")
        self.page, columns = placed
        self.columns = {name: f"unit.v{columns[each]}" for name, each in variables.items()}
        self.named: dict[str, object] = {"analysis": summing.state.id}
        self._summing = summing
        self._window = None if metric.window_end is None else micros(metric.window_end)

    def execute(self, values: Values, select: str, rest: str) -> Sequence[Any]:
        """Return the rows of the SELECT, of the units that are in."""
        dialect, scope = self._summing.dialect, self._summing.scope
        values.named |= self.named
        condition = f"unit.analysis = :analysis AND unit.page = {self.page} AND unit.variation >= 0 AND unit.overridden = 0"
        if self._window is not None:
            condition += f" AND {dialect.later('unit.first_at', self._window)} <= {values.of(scope.at)}"
        return self._summing.connection.execute(text(f"{select} WHERE {condition} {rest}"), values.named).all()


def _pairs(read: Sequence[_Read]) -> list[tuple[int, int]]:
    """The products that are summed: the square of a share is itself."""
    pairs = combinations_with_replacement(range(len(read)), 2)
    return [(one, other) for one, other in pairs if one != other or not read[one].is_share]


def _lone(read: Sequence[_Read]) -> list[int]:
    return [place for place, each in enumerate(read) if not each.is_share]


def _moments(rows: Sequence[Any], read: Sequence[_Read], *, dimensions: Sequence[str]) -> dict[str, Any]:
    """Return the cells and their moments, from sums about constants."""
    found = groups([(row[0], row[1], row[2]) for row in rows], dimensions=dimensions)
    width = len(read)
    pairs, lone = _pairs(read), _lone(read)
    columns = 1 + width + len(pairs) + len(lone)
    table = np.asarray([tuple(row[3:]) for row in rows], dtype=np.float64)
    added = found.added(table.reshape(len(rows), table.shape[1] if len(rows) else columns))
    count, sums = added[:, 0], added[:, 1 : width + 1]
    products, cubes = np.zeros((len(added), width, width)), sums.copy()
    for place in range(width):
        products[:, place, place] = sums[:, place]
    for place, (one, other) in enumerate(pairs, start=width + 1):
        products[:, one, other] = products[:, other, one] = added[:, place]
    for place, one in enumerate(lone, start=width + 1 + len(pairs)):
        cubes[:, one] = added[:, place]
    return {
        "cells": found.cells,
        "moments": _centred(count, sums, products, cubes, np.asarray([each.about for each in read]), added[:, columns:]),
    }


def _centred(
    count: Floats, sums: Floats, products: Floats, cubes: Floats, about: Floats, lost: Floats
) -> Moments:
    """Return the moments about the means. ``lost`` counts units whose value is no number: of those, nothing is one."""
    away = sums / count[:, None]
    squares = np.diagonal(products, axis1=1, axis2=2)
    mean = about + away
    centred = products - away[:, :, None] * sums[:, None, :]
    third = cubes - 3 * away * squares + 2 * away**2 * sums
    if lost.size:
        is_lost = lost > 0
        mean, third = np.where(is_lost, np.nan, mean), np.where(is_lost, np.nan, third)
        centred = np.where(is_lost[:, :, None] | is_lost[:, None, :], np.nan, centred)
    return Moments(count=count, mean=mean, products=centred, cubes=third)


def _is_number(value: str) -> str:
    return f"{value} BETWEEN -{LARGEST} AND {LARGEST}"
