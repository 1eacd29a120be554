"""A first look at a million exposures and five million events, and a second one, beside bare SQL for the same sums."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Protocol

import psycopg
from sqlalchemy import create_engine

from benchmarks import aggregation_sql as sql
from benchmarks.engines import Engines
from benchmarks.line import Line
from variate.model.metric import Aggregation, Measure, Metric, MetricKind
from variate.stores.aggregates import MetricMoments, Question
from variate.stores.sql import Database, PostgresDatabase, SQLiteDatabase
from variate.stores.sql.aggregation import SqlAggregator

UNITS = 1_000_000
EVENTS_A_UNIT = 5
SHARE_NEW = 0.01
"""How much comes between the looks, of the exposures and of the events."""
TURNS = 3
"""Most turns: each takes some half a minute."""

_START = datetime(2026, 1, 1, tzinfo=UTC)
_SPENT = Measure(event_type="purchase", aggregation=Aggregation.SUM)
_VISITS = Measure(event_type="visit")


def _metric(name: str, kind: MetricKind, **values: Any) -> Metric:
    return Metric(id=name, name=name, kind=kind, created_at=_START, updated_at=_START, **values)


METRICS = (
    _metric("clicked", MetricKind.PROPORTION, measure=Measure(event_type="click")),
    _metric("spent", MetricKind.MEAN, measure=_SPENT, covariate=timedelta(days=sql.COVARIATE_DAYS)),
    _metric("spent a visit", MetricKind.RATIO, measure=_SPENT, denominator=_VISITS),
)
QUESTION = Question(
    experiment_id=sql.EXPERIMENT,
    variations=("control", "treatment"),
    start=_START,
    until=None,
    at=_START + timedelta(days=sql.DAYS),
    metrics=METRICS,
)


class Bare(Protocol):
    """A driver on the tables that we read, with the same indexes."""

    name: str

    def load(self, units: int) -> None:
        """Fill the empty tables."""

    def add(self, first: int, count: int, day: int) -> None:
        """Add units from this number on, and events of old and new ones, all of this day."""

    def sums(self, at: datetime) -> list[Any]:
        """Return the sums of the metrics, by variation and day."""


class BareSQLite:
    """``sqlite3``, with the cache that our readers have."""

    name = "sqlite3"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for pragma in ("cache_size = -16384", "synchronous = OFF", "wal_autocheckpoint = 0"):
            connection.execute(f"PRAGMA {pragma}")

    def load(self, units: int) -> None:
        """Insert without indexes, which are made afterwards."""
        query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'events' AND sql IS NOT NULL"
        indexes = self._connection.execute(query).fetchall()
        for name, _ in indexes:
            self._connection.execute(f"DROP INDEX {name}")
        self._write(sql.on_sqlite(0, units, EVENTS_A_UNIT))
        for _, statement in indexes:
            self._connection.execute(statement)
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def add(self, first: int, count: int, day: int) -> None:
        """Insert, and leave no log for a look to clear away."""
        self._write(sql.on_sqlite(first, count, EVENTS_A_UNIT, day=day))
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def sums(self, at: datetime) -> list[Any]:
        """Query."""
        return self._connection.execute(sql.SUMS_ON_SQLITE, {"at": round(at.timestamp() * 1e6)}).fetchall()

    def _write(self, statements: list[str]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            self._connection.execute(statement)
        self._connection.execute("COMMIT")


class BarePostgres:
    """``psycopg``, with the memory for sorting that our transactions have."""

    name = "psycopg"

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        connection.autocommit = True
        connection.execute("SET work_mem = '64MB'")

    def load(self, units: int) -> None:
        """Insert without indexes, which are made afterwards."""
        query = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'events' AND indexname LIKE 'ix_%'"
        indexes = self._connection.execute(query).fetchall()
        for name, _ in indexes:
            self._connection.execute(f"DROP INDEX {name}".encode())
        for statement in sql.on_postgres(0, units, EVENTS_A_UNIT):
            self._connection.execute(statement.encode())
        for _, statement in indexes:
            self._connection.execute(statement)
        self._connection.execute("VACUUM ANALYZE events")

    def add(self, first: int, count: int, day: int) -> None:
        """Insert."""
        for statement in sql.on_postgres(first, count, EVENTS_A_UNIT, day=day):
            self._connection.execute(statement.encode())

    def sums(self, at: datetime) -> list[Any]:
        """Query."""
        return self._connection.execute(sql.SUMS_ON_POSTGRES.encode(), {"at": at}).fetchall()


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield the looks in SQLite, then in PostgreSQL."""
    path = engines.folder / "aggregation.db"
    with closing(SQLiteDatabase(path)) as file:
        file.migrate()
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            yield from _looks("SQLite", file, BareSQLite(connection), turns=min(turns, TURNS))
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    url = engines.postgres_url()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1))
    with closing(PostgresDatabase(lambda: engine)) as server, psycopg.connect(url) as session:
        server.migrate()
        yield from _looks("PostgreSQL", server, BarePostgres(session), turns=min(turns, TURNS))


def _looks(engine: str, database: Database, bare: Bare, *, turns: int) -> Iterator[Line]:
    """Each turn begins anew, with what came in the one before it; who goes first changes."""
    aggregator = SqlAggregator(database)
    loading = _seconds(lambda: bare.load(UNITS))
    yield Line(what=f"{engine}: loading {UNITS:,} exposures, {UNITS * EVENTS_A_UNIT:,} events", unit="s", ours=loading)
    firsts: list[tuple[float, float]] = []
    seconds: list[tuple[float, float]] = []
    units, new = UNITS, int(UNITS * SHARE_NEW)
    for turn in range(turns):
        aggregator.purge(unused_before=QUESTION.at + timedelta(days=3_650))
        question = replace(QUESTION, at=QUESTION.at + turn * timedelta(days=1))
        firsts.append(_both(aggregator, bare, question, ours_first=turn % 2 == 0))
        bare.add(units, new, day=sql.DAYS + turn)
        units += new
        question = replace(question, at=question.at + timedelta(days=1))
        seconds.append(_both(aggregator, bare, question, ours_first=turn % 2 == 0))
    for which, figures in (("first look", firsts), (f"second look, after {SHARE_NEW:.0%} more", seconds)):
        yield Line(
            what=f"{engine}: {which}, beside bare SQL from the events by {bare.name}",
            unit="s",
            ours=median(ours for ours, _ in figures),
            bare=median(beside for _, beside in figures),
            ratio=median(ours / beside for ours, beside in figures),
        )


def _both(aggregator: SqlAggregator, bare: Bare, question: Question, *, ours_first: bool) -> tuple[float, float]:
    found: list[Any] = []

    def ours() -> None:
        found.append(aggregator.answer(question).metrics["spent a visit"])

    def beside() -> None:
        found.append(bare.sums(question.at))

    figures = {each: _seconds(each) for each in ((ours, beside) if ours_first else (beside, ours))}
    _check(*(found if ours_first else reversed(found)))
    return figures[ours], figures[beside]


def _check(told: object, rows: list[Any]) -> None:
    """Both have come to the same units, spending and visits."""
    assert isinstance(told, MetricMoments)
    totals = [float(sum(row[place] for row in rows)) for place in (2, 4, 6)]
    mine = [told.moments.count.sum(), *(told.moments.count @ told.moments.mean)]
    assert all(abs(one - other) <= 1e-6 * abs(other) for one, other in zip(mine, totals, strict=True)), (mine, totals)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
