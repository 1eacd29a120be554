"""The moments of metrics' variables, from the rows of units: one query for all that are in by the same rule."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from variate.model.metric import Metric
from variate.stores.aggregates import MetricMoments, UnitCounts, UnitValues
from variate.stores.sql.aggregation.cells import Groups, groups
from variate.stores.sql.aggregation.dialect import Dialect, Values
from variate.stores.sql.aggregation.filling import Scope
from variate.stores.sql.aggregation.keeping import State
from variate.stores.sql.aggregation.sums import Read, Sums, moments, typical
from variate.stores.sql.aggregation.variables import Variable, micros, variables_of

_SAMPLE = 1_000
"""Among so many units the value is looked for that sums are taken about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summing:
    """Sums up the rows of one analysis, on one connection that sees one moment of them."""

    connection: Connection
    dialect: Dialect
    scope: Scope
    state: State

    def moments(self, metrics: Sequence[Metric]) -> Iterator[MetricMoments | UnitCounts]:
        """Yield how many units there are, then the metrics' moments by cell, in no promised order."""
        everybody = _Who(page=0, window=None)
        batches: dict[_Who, list[_Columns]] = {everybody: []}
        for metric in metrics:
            columns = self._columns(metric)
            batches.setdefault(columns.who, []).append(columns)
        entered = 0
        for who, batch in batches.items():
            asked = [(each, self._read(each)) for each in batch]
            found, rows = self._sums(who, [tuple(read.values()) for _, read in asked])
            count = rows[:, :1]
            if who == everybody:
                entered = int(count.sum())
                yield UnitCounts(cells=found.cells, count=found.added(count)[:, 0].astype(np.int64))
            start = 1
            for columns, read in asked:
                sums = Sums(tuple(read.values()))
                part = np.concatenate([count, rows[:, start : start + sums.width]], axis=1)
                start += sums.width
                yield MetricMoments(
                    metric_id=columns.metric.id,
                    variables=tuple(read),
                    cells=found.cells,
                    moments=moments(found.added(part), sums),
                    cap=columns.caps.get("y"),
                    waiting=entered - int(count.sum()),
                )

    def unit_values(self, metric: Metric) -> UnitValues:
        """Return the rows of the metric's variables."""
        columns = self._columns(metric)
        read = self._read(columns)
        values = Values(columns.named())
        chosen = ", ".join(each.text for each in read.values())
        rows = self._rows(columns.who, values, f"SELECT variation, {chosen} FROM", "ORDER BY unit.user_id")
        table = np.asarray([tuple(row) for row in rows], dtype=np.float64).reshape(len(rows), len(read) + 1)
        return UnitValues(
            metric_id=metric.id,
            variables=tuple(read),
            variation=table[:, 0].astype(np.int64),
            values=np.ascontiguousarray(table[:, 1:]),
        )

    def _columns(self, metric: Metric) -> _Columns:
        variables = variables_of(metric)
        placed = self.state.layout.place(variables.values())
        if placed is None:
            raise RuntimeError("the variables of the metric have no place")
        page, columns = placed
        window = None if metric.window_end is None else micros(metric.window_end)
        texts = {name: f"unit.v{columns[each]}" for name, each in variables.items()}
        who = _Who(page=page, window=window)
        return _Columns(metric, who, variables, texts, self._caps(metric, who, texts))

    def _caps(self, metric: Metric, who: _Who, columns: Mapping[str, str]) -> dict[str, float]:
        """Return to what each variable is cut that is cut at all.

        That is the smallest value with at least this share of the units at or below it.
        """
        if metric.cap_quantile is None:
            return {}
        count = self._rows(who, Values(), "SELECT count(*) FROM", "")[0][0]
        if not count:
            return {}
        rank = math.ceil(Fraction(repr(float(metric.cap_quantile))) * count)
        # From the nearer end: then the engine has to keep few rows in order.
        skipped, order = (rank - 1, "ASC") if rank <= count // 2 else (count - rank, "DESC")
        found = {}
        for name in ("y", "x1"):
            if name in columns:
                ordered = f"ORDER BY {columns[name]} {order} LIMIT 1 OFFSET {skipped}"
                found[name] = self._rows(who, Values(), f"SELECT {columns[name]} FROM", ordered)[0][0]
        return {name: cap for name, cap in found.items() if math.isfinite(cap)}  # else there is nothing to cut to

    def _read(self, columns: _Columns) -> dict[str, Read]:
        """Return how the metric's variables are read, by name."""
        texts = dict(columns.texts)
        if columns.metric.cap_quantile is not None:
            texts["raw"] = texts["y"]
        for name in columns.caps:
            texts[name] = self.dialect.lesser(texts[name], f":{columns.name_of(name)}")
        shares = {name: name in columns.variables and columns.variables[name].is_share for name in texts}
        sample = self._rows(
            columns.who, Values(columns.named()), f"SELECT {', '.join(texts.values())} FROM", f"LIMIT {_SAMPLE}"
        )
        about = typical(np.asarray([tuple(row) for row in sample], dtype=np.float64).reshape(len(sample), len(texts)))
        return {
            name: Read(
                text=each,
                about=0.0 if shares[name] else float(value),
                is_share=shares[name],
                named=columns.named(),
            )
            for (name, each), value in zip(texts.items(), about, strict=True)
        }

    def _sums(self, who: _Who, read: Sequence[tuple[Read, ...]]) -> tuple[Groups, Any]:
        """Return the groups, and by group the count and the sums of each of the metrics, side by side.

        Where a sum is no number, all are taken again without the units whose value is none, and those are counted.
        """
        for guarded in (False, True):
            values = Values()
            chosen = [each for variables in read for each in Sums(variables).texts(values, guarded=guarded)]
            keys = ["variation", "day", *([self._period(values)] if self.scope.reweighed else []), "dimensions"]
            rows = self._rows(
                who,
                values,
                f"SELECT {', '.join((*keys, 'count(*)', *chosen))} FROM",
                f"GROUP BY {', '.join(str(place + 1) for place in range(len(keys)))}",
            )
            table = np.asarray([tuple(row[len(keys) :]) for row in rows], dtype=np.float64)
            table = table.reshape(len(rows), len(chosen) + 1)
            if np.isfinite(table).all():
                break
        found = [(row[0], row[1], row[2] if self.scope.reweighed else 0, row[len(keys) - 1]) for row in rows]
        return groups(found, dimensions=self.scope.dimensions), table

    def _period(self, values: Values) -> str:
        """Return how many changes of the weights had come by the unit's first exposure."""
        latest_first = reversed(list(enumerate(self.scope.reweighed, start=1)))
        cases = (f"WHEN unit.first_at >= {values.of(moment)} THEN {place}" for place, moment in latest_first)
        return f"CASE {' '.join(cases)} ELSE 0 END"

    def _rows(self, who: _Who, values: Values, select: str, rest: str) -> Sequence[Any]:
        """Return the rows of the SELECT, of the units that are in."""
        condition = (
            f"unit.analysis = {values.of(self.state.id)} AND unit.page = {who.page}"
            " AND unit.variation >= 0 AND unit.overridden = 0"
        )
        if who.window is not None:
            condition += f" AND {self.dialect.later('unit.first_at', who.window)} <= {values.of(self.scope.at)}"
        return self.connection.execute(
            text(f"{select} analysis_units AS unit WHERE {condition} {rest}"), values.named
        ).all()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Who:
    """The rows of a page, of units whose window is over."""

    page: int
    window: int | None


@dataclass(frozen=True, slots=True)
class _Columns:
    """A metric's variables, the columns that hold them, and to what they are cut."""

    metric: Metric
    who: _Who
    variables: Mapping[str, Variable]
    texts: Mapping[str, str]
    caps: Mapping[str, float]

    def name_of(self, variable: str) -> str:
        """What a variable's cap is called in a statement, where there may be other metrics too."""
        return f"cap_{variable}_{self.texts[variable].removeprefix('unit.')}_{self.metric.id.encode().hex()}"

    def named(self) -> dict[str, Any]:
        """The caps as they are called in a statement."""
        return {self.name_of(name): cap for name, cap in self.caps.items()}
