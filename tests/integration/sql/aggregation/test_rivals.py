"""Looks beside writers, and beside other looks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from tests.engines.databases import open_postgres
from tests.integration.sql.aggregation.asking import (
    BUYS,
    DAY,
    HOUR,
    SPENDS,
    ask,
    did,
    exposed,
    metric,
    question,
    record,
    values,
)
from tests.integration.sql.aggregation.reference import check
from variate.stores.aggregates import Advance
from variate.stores.sql import Database, PostgresDatabase, SqlEventStore
from variate.stores.sql.aggregation import SqlAggregator
from variate.stores.sql.aggregation.keeping import Keeper
from variate.testing.clocks import START

_INSERT = (
    "INSERT INTO events (id, user_id, event_type, data, at, experiment_id, variation)"
    " VALUES (%s, %s, %s, '{}', %s, %s, %s)"
)


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[PostgresDatabase]:
    """A database with tables."""
    database = open_postgres(postgres_url)
    database.migrate()
    yield database
    database.close()


def test_what_is_committed_after_events_of_later_sequences_were_read_is_not_missed(
    postgres: PostgresDatabase, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variate.stores.sql.aggregation.on_postgres.SETTLING_SECONDS", 0.05)
    with psycopg.connect(postgres_url) as slow:
        slow.execute(_INSERT, ("x", "a", "exposure", START, "e", "control"))
        slow.execute(_INSERT, ("y", "b", "buy", START + HOUR, None, None))
        record(postgres, exposed("b"), exposed("c"))
        for _ in range(2):
            assert values(postgres, question(BUYS)) == [(0, 0), (0, 0)]
        record(postgres, did(unit="c"))
        assert values(postgres, question(BUYS)) == [(0, 0), (0, 1)]
        slow.commit()
    assert values(postgres, question(BUYS)) == [(0, 0), (0, 1), (0, 1)]


def test_a_look_waits_for_who_is_writing_already(
    postgres: PostgresDatabase, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variate.stores.sql.aggregation.on_postgres.SETTLING_SECONDS", 30)
    record(postgres, exposed("b"))
    with psycopg.connect(postgres_url) as slow, ThreadPoolExecutor() as pool:
        slow.execute(_INSERT, ("x", "a", "exposure", START, "e", "control"))
        looking = pool.submit(values, postgres, question(BUYS))
        with pytest.raises(TimeoutError):
            looking.result(timeout=0.3)
        slow.commit()
        assert len(looking.result(timeout=20)) == 2


def test_a_writer_does_not_wait_for_a_look(
    postgres: PostgresDatabase, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variate.stores.sql.aggregation.on_postgres.SETTLING_SECONDS", 30)
    with psycopg.connect(postgres_url) as slow, ThreadPoolExecutor() as pool:
        slow.execute(_INSERT, ("x", "a", "exposure", START, "e", "control"))
        looking = pool.submit(values, postgres, question(BUYS))
        pool.submit(record, postgres, exposed("b")).result(timeout=20)
        slow.commit()
        looking.result(timeout=20)


def test_looks_at_once_of_several_moments_are_all_right(database: Database) -> None:
    events = [exposed(f"u{number}", at=number % 5) for number in range(60)]
    events += [did(unit=f"u{number % 60}", at=number % 9, value=number) for number in range(300)]
    record(database, *events)
    capped = replace(SPENDS, id="c", cap_quantile=0.8)
    asked = [question(SPENDS, capped, metric("proportion", "p", measure=BUYS.measure), at=START + 3 * HOUR)]
    asked += [replace(asked[0], at=START + 6 * HOUR), question(BUYS, at=START + 9 * DAY)]
    gate = threading.Barrier(6)

    def look(number: int) -> None:
        aggregator = SqlAggregator(database)
        gate.wait()
        for turn in range(3):
            each = asked[(number + turn) % len(asked)]
            check(aggregator.answer(each), events, each)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(look, range(6)))


@pytest.mark.parametrize("rivals", [1, 100], ids=["once", "each time"])
def test_a_rival_that_asks_of_another_moment_in_between_does_no_harm(
    database: Database, monkeypatch: pytest.MonkeyPatch, rivals: int
) -> None:
    events = [exposed("a"), exposed("b", at=4), did(unit="a", at=1), did(unit="a", at=4), did(unit="b", at=5)]
    record(database, *events)
    asked, others = question(BUYS), question(BUYS, at=START + 3 * HOUR)
    bring = SqlAggregator._bring_up_to_date
    came: list[int] = []

    def interrupted(self: SqlAggregator, keeper: Keeper, advance: Advance | None) -> None:
        bring(self, keeper, advance)
        if keeper.question is asked and len(came) < rivals:
            came.append(1)
            bring(self, self._keeper(others), None)

    monkeypatch.setattr(SqlAggregator, "_bring_up_to_date", interrupted)
    check(ask(database, asked), events, asked)
    assert came


def test_a_rival_that_asks_of_another_metric_while_units_are_read_does_no_harm(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variate.stores.sql.aggregation.on_sqlite.OnSQLite.units_a_step", 3)
    events = [exposed(f"u{number}") for number in range(8)] + [did(unit=f"u{number}", value=3) for number in range(8)]
    record(database, *events)
    aggregator, both = SqlAggregator(database), question(BUYS, replace(SPENDS, id="n"))
    database.write(aggregator._keeper(question(BUYS)).step)
    check(aggregator.answer(both), events, both)


def test_a_look_beside_writers_is_made_up_for_by_the_next(database: Database) -> None:
    store, stop = SqlEventStore(database), threading.Event()
    written = []

    def write() -> None:
        number = 0
        while not stop.is_set() and number < 200:
            batch = [exposed(f"u{number % 30}", at=1), did(unit=f"u{number % 30}", at=2, value=number)]
            store.append(batch, at=START)
            written.extend(batch)
            number += 1

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        with _set_at_the_end(stop):
            for _ in range(5):
                ask(database, question(SPENDS))
        writing.result()
    check(ask(database, question(SPENDS)), written, question(SPENDS))


@contextmanager
def _set_at_the_end(event: threading.Event) -> Iterator[None]:
    try:
        yield
    finally:
        event.set()
