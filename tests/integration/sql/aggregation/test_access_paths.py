"""A look reads indexes, in the order of units, and not the events' rows; a later one begins where one ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from tests.integration.sql.aggregation.asking import (
    BOUGHT,
    DAY,
    SPENT,
    VISIT,
    ask,
    did,
    exposed,
    metric,
    question,
    record,
)
from variate.stores.sql import Database, SQLiteDatabase
from variate.testing.clocks import START

_ASKED = question(
    BOUGHT,
    metric("ratio", "r", measure=SPENT, denominator=VISIT, covariate=DAY),
    metric("funnel", "f", steps=("visit", "buy")),
    metric("quantile", "q", measure=VISIT, quantile=0.5),
)


def test_a_first_look_reads_the_indexes_that_hold_all_it_asks_for(database: Database) -> None:
    plans = "\n".join(_plans_of_a_look(database))
    if isinstance(database, SQLiteDatabase):
        assert "event USING COVERING INDEX ix_events_exposures (experiment_id=?" in plans
        assert "event USING COVERING INDEX ix_events_measured (event_type=? AND user_id=? AND at" in plans
        assert "step USING COVERING INDEX ix_events_measured (event_type=? AND user_id=? AND at" in plans
        assert "SCAN event" not in plans
    else:
        assert "Index Only Scan using ix_events_exposures on events" in plans
        assert "Index Only Scan using ix_events_measured on events" in plans
        assert "Seq Scan on events" not in plans


def test_the_sums_of_units_are_grouped_in_their_order(database: Database) -> None:
    if isinstance(database, SQLiteDatabase):
        (fill,) = [each for each in _plans_of_a_look(database) if "variate_entries" in each or "SCAN entry" in each][:1]
        assert "USE TEMP B-TREE FOR GROUP BY" not in fill


def test_a_later_look_reads_the_events_that_came_by_their_sequence(database: Database) -> None:
    record(database, exposed())
    ask(database, _ASKED)
    record(database, did())
    with _heard() as statements:
        ask(database, question(*_ASKED.metrics, at=START + 12 * DAY))
    (touching,) = [each for each in statements if each[0].startswith("INSERT INTO variate_touched")]
    plan = _plan(database, touching[0].removeprefix("INSERT INTO variate_touched (user_id) "), touching[1])
    if isinstance(database, SQLiteDatabase):
        assert "SEARCH event USING INTEGER PRIMARY KEY (rowid>?)" in plan
        assert "SEARCH event USING INDEX ix_events_at (at>? AND at<?)" in plan
        assert "SCAN event" not in plan
    else:
        assert "pk_events" in plan
        assert "ix_events_at" in plan


def _plans_of_a_look(database: Database) -> list[str]:
    record(database, exposed(), did(), exposed("b", "treatment"), did("visit", "b"))
    if not isinstance(database, SQLiteDatabase):
        database.read(lambda connection: connection.execute(text("VACUUM events")))  # marks the pages as seen by all
    with _heard() as statements:
        ask(database, _ASKED)
    plans = []
    for statement, parameters in statements:
        if "FROM events" not in statement and "JOIN events" not in statement:
            continue
        query = statement[min(statement.find(each) % 10**9 for each in ("WITH ", "SELECT ")) :]
        plans.append(_plan(database, query, parameters))
    return plans


@contextmanager
def _heard() -> Iterator[list[tuple[str, Any]]]:
    """What is sent to an engine meanwhile."""
    heard: list[tuple[str, Any]] = []

    def hear(_: Connection, __: object, statement: str, parameters: Any, *___: object) -> None:
        heard.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def _plan(database: Database, query: str, parameters: Any) -> str:
    """The engine's plan, with the temporary tables that the query may read; PostgreSQL is told to prefer an index."""
    is_sqlite = isinstance(database, SQLiteDatabase)

    def explain(connection: Connection) -> str:
        kind = "integer" if is_sqlite else "timestamptz"
        key = "text PRIMARY KEY" if is_sqlite else 'text COLLATE "C" PRIMARY KEY'
        end = " WITHOUT ROWID" if is_sqlite else ""
        columns = f"user_id {key}, variation int, overridden int, first_at {kind}, day bigint, dimensions text"
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE variate_entries ({columns}, expires_at {kind}){end}")
        if is_sqlite:
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", parameters).all()
            connection.exec_driver_sql("DROP TABLE temp.variate_entries")
            return "\n".join(row[-1] for row in rows)
        for way in ("enable_seqscan", "enable_bitmapscan", "enable_sort"):
            connection.exec_driver_sql(f"SET LOCAL {way} = off")
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {query}", parameters))
        connection.exec_driver_sql("DROP TABLE variate_entries")
        return plan

    return database.write(explain)
