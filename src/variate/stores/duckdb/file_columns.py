"""A file's columns as the variables of metrics: of rows that are units, and of rows that are added up to units."""

from __future__ import annotations

from collections.abc import Sequence

from variate.model.metric import MetricKind
from variate.stores.duckdb.file_question import FileMetric, FileQuestion
from variate.stores.duckdb.session import Session, literal
from variate.stores.duckdb.table import WHOLE, Table
from variate.stores.duckdb.unit_rows import NO_DAY, EventRows, MetricColumns, UnitRows

_DAY = 86_400_000_000
_UNCROSSED = "CASE WHEN v = last_v THEN v END"
"""The variation of a unit of the table ``units``."""
_LAST = 2**62
"""After every day: rows without one come last."""


class FileColumns:
    """SQL over the rows of ``table``, for the question with its variations."""

    def __init__(self, question: FileQuestion, table: Table) -> None:
        self._question = question
        self._table = table
        column = f"CAST({table.columns[question.variation].sql} AS VARCHAR)"
        places = " ".join(f"WHEN {literal(name)} THEN {place}" for place, name in enumerate(question.variations))
        self.variation = f"CAST(CASE {column} {places} END AS TINYINT)"
        self._dimensions = tuple((name, f"CAST({table.columns[name].sql} AS VARCHAR)") for name in question.dimensions)
        self._averaged = [metric for metric in question.metrics if metric.kind is not MetricKind.QUANTILE]

    @property
    def day(self) -> str:
        """The row's day; NULL for none."""
        if self._question.day is None:
            return "CAST(NULL AS BIGINT)"
        column = self._table.columns[self._question.day]
        if column.kind in WHOLE:
            return f"CAST({column.sql} AS BIGINT)"
        return f"CAST(floor(epoch_us(TRY_CAST({column.sql} AS TIMESTAMPTZ)) / {_DAY}) AS BIGINT)"

    def of_rows(self) -> tuple[UnitRows, list[MetricColumns]]:
        """Return each row as a unit."""
        units = UnitRows(
            relation=self._table.relation,
            variation=self.variation,
            day=None if self._question.day is None else f"coalesce({self.day}, {NO_DAY})",
            dimensions=self._dimensions,
        )
        return units, [_metric(metric, [sql for sql, _ in self._variables(metric)]) for metric in self._averaged]

    def of_groups(self, session: Session) -> tuple[UnitRows, list[MetricColumns]]:
        """Add up the rows of each unit, in the table ``units``, and return its rows; crossed units are NULL there."""
        names: dict[str, str] = {}
        for metric in self._averaged:
            for _, added in self._variables(metric):
                names.setdefault(added, f"a{len(names)}")
        first = f"coalesce({self.day}, {_LAST})"
        selected = [f"min({self.variation}) AS v", f"max({self.variation}) AS last_v"]
        # Ids are long; only quantiles have to find their units again, and then by a number.
        has_quantiles = len(self._averaged) < len(self._question.metrics)
        number = ", row_number() OVER () AS number" if has_quantiles else ""
        if has_quantiles:
            selected.append(f"{self._unit} AS unit")
        selected += [f"coalesce(min({self.day}), {NO_DAY}) AS day"]
        selected += [
            f"(min(struct_pack(day := {first}, text := {text}))).text AS g{place}"
            for place, (_, text) in enumerate(self._dimensions)
        ]
        selected += [f"{added} AS {name}" for added, name in names.items()]
        session.run(
            f"CREATE TEMP TABLE units AS SELECT *{number} FROM "
            f"(SELECT {', '.join(selected)} FROM {self._table.relation} "
            f"WHERE {self.variation} IS NOT NULL GROUP BY {self._unit})",
            what="adding up the rows of each unit",
        )
        units = UnitRows(
            relation="units",
            variation=_UNCROSSED,
            day=None if self._question.day is None else "day",
            dimensions=tuple((name, f"g{place}") for place, (name, _) in enumerate(self._dimensions)),
        )
        metrics = [_metric(metric, [names[added] for _, added in self._variables(metric)]) for metric in self._averaged]
        return units, metrics

    def unit_events(self, metric: FileMetric) -> EventRows:
        """Return the rows as events, each of a unit of its own."""
        return self._events(
            metric, relation=self._table.relation, unit=None, value=self._number(metric.column), of=self.variation
        )

    def clustered_events(self, metric: FileMetric) -> EventRows:
        """Return the rows as events, clustered by the units of the table ``units``."""
        relation = (
            f"(SELECT {self._number(metric.column)} AS value, {self._unit} AS row_unit FROM {self._table.relation} "
            f"WHERE {self.variation} IS NOT NULL) JOIN units ON row_unit = unit"
        )
        return self._events(metric, relation=relation, unit="number", value="value", of=_UNCROSSED)

    def _events(self, metric: FileMetric, *, relation: str, unit: str | None, value: str, of: str) -> EventRows:
        dimensions = self._dimensions
        if unit is not None:
            dimensions = tuple((name, f"g{place}") for place, (name, _) in enumerate(dimensions))
        return EventRows(
            metric_id=metric.name,
            relation=relation,
            unit=unit,
            value=value,
            variation=of,
            dimensions=dimensions,
            quantile=metric.quantile or 0.5,
        )

    @property
    def _unit(self) -> str:
        return self._table.columns[self._question.unit].sql

    def _variables(self, metric: FileMetric) -> list[tuple[str, str]]:
        """Return y, d and the covariates of a row, and as an aggregate over a unit's rows."""
        value = self._number(metric.column)
        if metric.kind is MetricKind.PROPORTION:
            # What is infinite or no number is so still.
            value = f"({value} * 0 + CAST({value} <> 0 AS DOUBLE))"
            found = [(value, f"max({value})")]
        else:
            found = [(value, f"sum({value})")]
        if metric.denominator is not None:
            counted = f"CAST(count({value}) AS DOUBLE)"
            found.append(self._sum(metric.denominator, counted=counted))
        return found + [self._sum(column, counted="CAST(count(*) AS DOUBLE)") for column in metric.covariates]

    def _sum(self, column: str, *, counted: str) -> tuple[str, str]:
        if column not in self._table.columns:  # it stands for how many rows there are
            return "CAST(1 AS DOUBLE)", counted
        return self._number(column), f"sum({self._number(column)})"

    def _number(self, column: str) -> str:
        return f"CAST({self._table.columns[column].sql} AS DOUBLE)"


def _metric(metric: FileMetric, columns: Sequence[str]) -> MetricColumns:
    needed = 1 if metric.denominator is None else 2
    covariates = [f"x{place}" for place in range(1, len(metric.covariates) + 1)]
    return MetricColumns(
        metric_id=metric.name,
        variables=("y", "d", *covariates) if needed == 2 else ("y", *covariates),
        columns=tuple(columns),
        needed=needed,
        cap_quantile=metric.cap_quantile,
    )
