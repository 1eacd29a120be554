"""``Aggregator`` over the SQL tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection

from variate.model.metric import MetricKind
from variate.stores.aggregates import OVERALL, Advance, Answer, Question, UnitCounts, UnitValues
from variate.stores.sql.aggregation.dialect import Dialect, Values
from variate.stores.sql.aggregation.filling import Scope
from variate.stores.sql.aggregation.forgetting import forget_unused
from variate.stores.sql.aggregation.health import completeness, late_events, newest_event, unknown_exposures
from variate.stores.sql.aggregation.keeping import Keeper, State
from variate.stores.sql.aggregation.on_postgres import OnPostgres
from variate.stores.sql.aggregation.on_sqlite import OnSQLite
from variate.stores.sql.aggregation.quantiles import QuantileReading
from variate.stores.sql.aggregation.summing import Summing
from variate.stores.sql.aggregation.variables import variables_of
from variate.stores.sql.database import Database
from variate.stores.sql.sqlite import SQLiteDatabase

T = TypeVar("T")

_ATTEMPTS = 5
"""How often what is kept is brought up to date in vain, because another process asks of another moment."""

_FILLING = "units read"
_METRICS = "metrics summed up"


class SqlAggregator:
    """See ``Aggregator``. Keeps a row for each unit, and reads again only those of which something has come."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._dialect = _dialect_of(database)

    def answer(self, question: Question, *, advance: Advance | None = None) -> Answer:
        """Return the moments of every metric of the question."""
        keeper = self._keeper(question)

        def read(connection: Connection, state: State) -> tuple[Answer, int]:
            return _Reading(self._dialect, keeper.scope, question, connection, state).answer(advance)

        found, newest = self._read(keeper, read, advance)
        self._database.write(lambda connection: keeper.look(connection, through=newest))
        return found

    def unit_values(self, question: Question, *, advance: Advance | None = None) -> Mapping[str, UnitValues]:
        """Return the rows of every metric that has moments: for rank tests, the bootstrap and A/A checks only."""
        keeper = self._keeper(question)

        def read(connection: Connection, state: State) -> Mapping[str, UnitValues]:
            return _Reading(self._dialect, keeper.scope, question, connection, state).unit_values(advance)

        return self._read(keeper, read, advance)

    def purge(self, *, unused_before: datetime) -> int:
        """Delete what is kept of analyses whose last look was of a moment before this; return how many there were."""
        before = self._database.moment(unused_before)
        return self._database.write(lambda connection: forget_unused(connection, before=before))

    def _read(self, keeper: Keeper, read: Callable[[Connection, State], T], advance: Advance | None) -> T:
        """Return what is read of what is kept, once that is up to date."""

        def attempt(connection: Connection) -> tuple[T] | None:
            self._dialect.prepare(connection)
            state = keeper.read(connection)
            return None if state is None else (read(connection, state),)

        def together(connection: Connection) -> tuple[T] | None:
            while not keeper.step(connection)[0]:
                pass
            return attempt(connection)

        for _ in range(_ATTEMPTS):
            self._bring_up_to_date(keeper, advance)
            found = self._database.read_together(attempt)
            if found is not None:
                return found[0]
        found = self._database.write(together)
        if found is None:
            raise RuntimeError("what was brought up to date is not")
        return found[0]

    def _bring_up_to_date(self, keeper: Keeper, advance: Advance | None) -> None:
        units, is_all = 0, False
        while not is_all:
            is_all, filled = self._database.write(keeper.step)
            units += filled
            if advance is not None and filled:
                advance(_FILLING, units, units if is_all else units + filled)

    def _keeper(self, question: Question) -> Keeper:
        moment = self._database.moment
        return Keeper(
            dialect=self._dialect,
            question=question,
            scope=Scope(
                experiment_id=question.experiment_id,
                variations=question.variations,
                dimensions=question.dimensions,
                start=moment(question.start),
                until=moment(question.until),
                at=moment(question.at),
                reweighed=tuple(map(moment, question.reweighed)),
            ),
            groups=tuple(
                tuple(variables_of(each).values()) for each in question.metrics if each.kind is not MetricKind.QUANTILE
            ),
        )


class _Reading:
    """What one question reads of one moment of the tables."""

    def __init__(
        self, dialect: Dialect, scope: Scope, question: Question, connection: Connection, state: State
    ) -> None:
        self._dialect = dialect
        self._scope = scope
        self._question = question
        self._connection = connection
        self._state = state

    def answer(self, advance: Advance | None) -> tuple[Answer, int]:
        """Return the answer, and the sequence of the last event that it may have read."""
        connection, scope, dialect = self._connection, self._scope, self._dialect
        quantiles = [each for each in self._question.metrics if each.kind is MetricKind.QUANTILE]
        others = [each for each in self._question.metrics if each.kind is not MetricKind.QUANTILE]
        summed = self._summing().moments(others)
        units = next(summed)
        if not isinstance(units, UnitCounts):
            raise TypeError("the units come first")
        entered = int(units.count[np.asarray(units.cells.dimension, dtype=object) == OVERALL].sum())
        readings = (
            QuantileReading(connection=connection, dialect=dialect, scope=scope, state=self._state, metric=metric).read(
                entered=entered
            )
            for metric in quantiles
        )
        found = _told(chain(summed, readings), total=len(self._question.metrics), advance=advance)
        metrics = {each.metric_id: each for each in found if not isinstance(each, UnitCounts)}
        crossed, overridden = self._left_out()
        newest = newest_event(connection)
        return Answer(
            units=units,
            crossed=crossed,
            overridden=overridden,
            unknown=unknown_exposures(connection, scope, dialect),
            late=self._late(),
            completeness=completeness(connection, scope, dialect),
            through=f"event {newest}",
            metrics={each.id: metrics[each.id] for each in self._question.metrics},
        ), newest

    def unit_values(self, advance: Advance | None) -> Mapping[str, UnitValues]:
        """Return the rows of every metric that has moments."""
        summing = self._summing()
        metrics = [each for each in self._question.metrics if each.kind is not MetricKind.QUANTILE]
        rows = (summing.unit_values(each) for each in metrics)
        return {each.metric_id: each for each in _told(rows, total=len(metrics), advance=advance)}

    def _summing(self) -> Summing:
        return Summing(connection=self._connection, dialect=self._dialect, scope=self._scope, state=self._state)

    def _left_out(self) -> tuple[int, int]:
        """Return how many units met two variations, and how many were overridden, whatever they met."""
        row = (
            Values({"analysis": self._state.id})
            .execute(
                self._connection,
                "SELECT sum(CASE WHEN variation < 0 AND overridden = 0 THEN 1 ELSE 0 END), sum(overridden)"
                " FROM analysis_units WHERE analysis = :analysis AND page = 0",
            )
            .one()
        )
        return int(row[0] or 0), int(row[1] or 0)

    def _late(self) -> int | None:
        state = self._state
        if state.looked_through is None:
            return None
        return late_events(
            self._connection,
            self._scope,
            self._dialect,
            types=sorted({each for metric in self._question.metrics for each in metric.event_types}),
            looked_through=state.looked_through,
            looked_at=state.looked_at,
        )


def _told(done: Iterable[T], *, total: int, advance: Advance | None) -> Iterator[T]:
    """Yield what is done, telling how far it is."""
    for number, each in enumerate(done, start=1):
        yield each
        if advance is not None:
            advance(_METRICS, number, total)


def _dialect_of(database: Database) -> Dialect:
    return OnSQLite() if isinstance(database, SQLiteDatabase) else OnPostgres()
