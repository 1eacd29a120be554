"""Analysing a file that has the units themselves: a row, or some rows, for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from types import TracebackType

from variate.errors import InvalidInputError
from variate.model.control import sounds_like_control
from variate.model.experiment import MAX_VARIATIONS
from variate.model.metric import MetricKind
from variate.stores.aggregates import OVERALL, Advance, Answer, MetricMoments, MetricQuantiles, UnitValues
from variate.stores.duckdb.cell_moments import cell_moments, unit_values
from variate.stores.duckdb.cell_quantiles import cell_quantiles
from variate.stores.duckdb.file_columns import FileColumns
from variate.stores.duckdb.file_question import ROW, ROWS, FileMetric, FileQuestion
from variate.stores.duckdb.opening import open_table
from variate.stores.duckdb.session import MEMORY, Session
from variate.stores.duckdb.table import Wanted
from variate.stores.duckdb.unit_rows import MetricColumns, UnitRows
from variate.stores.duckdb.unit_table import has_units_twice


class UnitFile:
    """The file that ``question`` is about, open until it is closed; close it, or use it as a context.

    Units that have two of the variations are left out and counted as crossed. What is asked of a unit in several rows
    is of their sums. Raise ``InvalidInputError`` naming the file and the column, row or line that is wrong.
    Not for several threads at once.
    """

    def __init__(self, question: FileQuestion, *, memory: str = MEMORY, advance: Advance | None = None) -> None:
        self._asked = question
        self._session = Session(memory=memory, advance=advance)
        try:
            self._table = open_table(self._session, question.source, wanted=_wanted(question))
            self._check_rows()
        except BaseException:
            self._session.close()
            raise

    @cached_property
    def question(self) -> FileQuestion:
        """The question with what the file itself had to say: the variations, control first, and each metric's kind."""
        names = self._variations()
        metrics = self._with_kinds()
        return replace(self._asked, variations=names, control=names[0], metrics=metrics)

    def answer(self) -> Answer:
        """Return the moments, or the quantiles, of every metric."""
        units, metrics = self._units
        counts, moments = cell_moments(self._session, units, metrics)
        overall = [place for place, name in enumerate(counts.cells.dimension) if name == OVERALL]
        entered = int(counts.count[overall].sum())
        found: dict[str, MetricMoments | MetricQuantiles] = {}
        for metric in self.question.metrics:
            found[metric.name] = (
                self._quantiles(metric, entered) if metric.kind is MetricKind.QUANTILE else moments[metric.name]
            )
        return Answer(
            units=counts,
            crossed=self._crossed(),
            overridden=0,
            unknown=self._unknown(),
            late=None,
            completeness=None,
            through=self._table.through,
            metrics=found,
        )

    def unit_values(self) -> Mapping[str, UnitValues]:
        """Return the rows of every metric that has moments."""
        units, metrics = self._units
        return {metric.metric_id: unit_values(self._session, units, metric) for metric in metrics}

    def close(self) -> None:
        """Let go of memory and disk. Safe to repeat."""
        self._session.close()

    def __enter__(self) -> UnitFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def _columns(self) -> FileColumns:
        return FileColumns(self.question, self._table)

    @cached_property
    def _are_units(self) -> bool:
        """Whether each row is a unit of its own."""
        unit = self._asked.unit
        return unit not in self._table.columns or not has_units_twice(self._session, self._table, unit)

    @cached_property
    def _units(self) -> tuple[UnitRows, list[MetricColumns]]:
        self._check_days()
        return self._columns.of_rows() if self._are_units else self._columns.of_groups(self._session)

    def _quantiles(self, metric: FileMetric, entered: int) -> MetricQuantiles:
        columns = self._columns
        events = columns.unit_events(metric) if self._are_units else columns.clustered_events(metric)
        found = cell_quantiles(self._session, events)
        overall = [place for place, name in enumerate(found.cells.dimension) if name == OVERALL]
        return replace(found, unmeasured=entered - int(found.units[overall].sum()))

    def _crossed(self) -> int:
        return 0 if self._are_units else int(self._count("units", "v <> last_v"))

    def _unknown(self) -> int:
        if not self._asked.variations:
            return self._rows_by_variation.get(None, 0)
        return self._count(self._table.relation, f"{self._columns.variation} IS NULL")

    def _count(self, relation: str, condition: str) -> int:
        return int(self._session.rows(f"SELECT count(*) FROM {relation} WHERE {condition}")[0][0])

    @cached_property
    def _rows_by_variation(self) -> dict[str | None, int]:
        """How many rows each variation has, of so many as are too many; None stands for no variation."""
        column = self._table.columns[self._asked.variation].sql
        found = self._session.rows(
            f"SELECT nullif(CAST({column} AS VARCHAR), '') AS variation, count(*) FROM {self._table.relation} "
            f"GROUP BY 1 LIMIT {MAX_VARIATIONS + 2}"
        )
        return dict(found)

    def _variations(self) -> tuple[str, ...]:
        control, names = self._asked.control, self._asked.variations
        field = self._table.field(self._asked.variation)
        if not names:
            names = tuple(sorted(name for name in self._rows_by_variation if name is not None))
            if len(names) > MAX_VARIATIONS:
                rule = f"has more than {MAX_VARIATIONS} different values: is it the column of the variation?"
                raise InvalidInputError(field, rule)
            if not names:
                raise InvalidInputError(field, "is empty in every row")
            control = control or next(filter(sounds_like_control, names), None)
        control = names[0] if control is None else control
        if control not in names:
            raise InvalidInputError("control", f"must be one of {', '.join(names)}, not {control!r}")
        return (control, *(name for name in names if name != control))

    def _with_kinds(self) -> tuple[FileMetric, ...]:
        columns = dict.fromkeys(metric.column for metric in self._asked.metrics if metric.kind is None)
        tests = [f"bool_and({self._table.columns[column].sql} IN (0, 1))" for column in columns]
        found: Sequence[bool | None] = ()
        if tests:
            found = self._session.rows(f"SELECT {', '.join(tests)} FROM {self._table.relation}")[0]
        are_shares = dict(zip(columns, found, strict=True))

        def kind(metric: FileMetric) -> MetricKind:
            is_share = are_shares[metric.column] and metric.cap_quantile is None
            return MetricKind.PROPORTION if is_share else MetricKind.MEAN

        return tuple(
            replace(metric, kind=kind(metric)) if metric.kind is None else metric for metric in self._asked.metrics
        )

    def _check_rows(self) -> None:
        if not self._session.rows(f"SELECT 1 FROM {self._table.relation} LIMIT 1"):
            raise InvalidInputError(self._table.name, "has no rows")

    def _check_days(self) -> None:
        if self._asked.day is None:
            return
        column = self._table.columns[self._asked.day]
        wrong = f"{column.sql} IS NOT NULL AND {self._columns.day} IS NULL"
        if not column.is_text:
            return
        if rows := self._session.rows(f"SELECT {column.sql} FROM {self._table.relation} WHERE {wrong} LIMIT 1"):
            rule = f"must be a date or a moment, such as 2026-01-31 or 2026-01-31T09:30:00Z, not {rows[0][0]!r}"
            raise InvalidInputError(self._table.field(self._asked.day), rule)


def _wanted(question: FileQuestion) -> Wanted:
    day = () if question.day is None else (question.day,)
    return Wanted(
        names=(question.unit, *question.texts, *day), numbers=question.numbers, optional=frozenset({ROW, ROWS})
    )
