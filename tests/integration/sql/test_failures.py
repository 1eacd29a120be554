"""What goes wrong in an engine becomes an error that says what to do; what may pass is tried again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from threading import Timer

import psycopg
import pytest
from sqlalchemy import Connection, create_engine, text

from tests.engines.databases import open_postgres
from tests.engines.waiting import free_port
from variate.errors import StoreError, StoreUnavailableError, VariateError
from variate.model import VerdictStatus
from variate.stores.sql import (
    PostgresDatabase,
    SqlAssignmentStore,
    SqlEventStore,
    SqlExperimentStore,
    SQLiteDatabase,
    SqlOutbox,
)
from variate.stores.sql import sqlite as sqlite_module
from variate.stores.sql.retrying import ATTEMPTS
from variate.testing.builders import build_assignment, build_event, build_experiment
from variate.testing.clocks import START


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[PostgresDatabase]:
    database = open_postgres(postgres_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def impatient_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SQLiteDatabase]:
    monkeypatch.setattr(sqlite_module, "BUSY_SECONDS", 0.01)
    database = SQLiteDatabase(tmp_path / "variate.db")
    database.migrate()
    yield database
    database.close()


class TestSQLite:
    def test_a_file_that_another_process_writes_to_is_busy_and_readers_go_on(
        self, impatient_sqlite: SQLiteDatabase, tmp_path: Path
    ) -> None:
        events = SqlEventStore(impatient_sqlite)
        with closing(sqlite3.connect(tmp_path / "variate.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailableError, match="busy"):
                events.append([build_event()], at=START)
            with pytest.raises(StoreUnavailableError, match="busy"):
                SqlExperimentStore(impatient_sqlite).insert(build_experiment(), audit=[], outbox=[])
            assert len(events.window(start=START, end=START, at=START, limit=1)) == 0
            other.execute("ROLLBACK")
        assert list(events.append([build_event()], at=START)) == [VerdictStatus.ACCEPTED]

    def test_a_write_waits_for_that_of_another_process(self, tmp_path: Path) -> None:
        database = SQLiteDatabase(tmp_path / "variate.db")
        database.migrate()
        with closing(sqlite3.connect(tmp_path / "variate.db", isolation_level=None, check_same_thread=False)) as other:
            other.execute("BEGIN IMMEDIATE")
            Timer(0.1, other.execute, ["COMMIT"]).start()
            assert list(SqlEventStore(database).append([build_event()], at=START)) == [VerdictStatus.ACCEPTED]
        database.close()

    def test_what_is_not_a_database_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "variate.db"
        path.write_bytes(b"These are notes, not a database." * 100)
        with closing(SQLiteDatabase(path)) as database, pytest.raises(StoreError, match="not a database"):
            SqlOutbox(database).pending(limit=1)
        assert path.read_bytes().startswith(b"These are notes")

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(VariateError, match="cannot be made"):
            SqlOutbox(SQLiteDatabase(tmp_path / "file" / "variate.db")).pending(limit=1)

    def test_a_disk_that_is_full_for_now_is_unavailable_and_used_again(self, tmp_path: Path) -> None:
        events = SqlEventStore(database := SQLiteDatabase(tmp_path / "variate.db"))
        events.append([build_event()], at=START)

        def pages(most: int) -> None:
            database.write(lambda connection: connection.exec_driver_sql(f"PRAGMA max_page_count = {most}"))

        pages(1)  # as few as there are
        with pytest.raises(StoreUnavailableError, match=r"cannot use its file.*full"):
            events.append([build_event(data={"a": "x" * 10_000}) for _ in range(100)], at=START)
        pages(1_000_000)
        assert list(events.append([build_event()], at=START)) == [VerdictStatus.ACCEPTED]
        database.close()

    def test_a_path_that_the_system_refuses_is_unavailable(self, tmp_path: Path) -> None:
        database = SQLiteDatabase(tmp_path / ("x" * 300) / "variate.db")
        for use in (database.check, database.require_migrated, database.migrate):
            with pytest.raises(StoreUnavailableError):
                use()

    def test_a_file_in_place_of_the_folder_is_no_place_to_make_one_in(self, tmp_path: Path) -> None:
        (tmp_path / "home").touch()
        with pytest.raises(StoreUnavailableError, match="no folder we can write to"):
            SQLiteDatabase(tmp_path / "home" / "variate.db").check()


class TestPostgres:
    def test_a_server_that_is_not_there_is_unavailable(self) -> None:
        database = open_postgres(f"postgresql://postgres@127.0.0.1:{free_port()}/none")
        for call in (database.check, database.require_migrated, database.migrate):
            with pytest.raises(StoreUnavailableError):
                call()
        with pytest.raises(StoreUnavailableError):
            SqlEventStore(database).append([build_event()], at=START)

    def test_connections_that_were_cut_are_replaced_without_an_error(
        self, postgres: PostgresDatabase, postgres_url: str
    ) -> None:
        experiments, events = SqlExperimentStore(postgres), SqlEventStore(postgres)
        for _ in range(3):
            experiments.insert(build_experiment(), audit=[], outbox=[])
            _cut(postgres_url)
            assert experiments.get("nobody") is None
            _cut(postgres_url)
            assert list(events.append([build_event()], at=START)) == [VerdictStatus.ACCEPTED]
            _cut(postgres_url)
            assert len(SqlAssignmentStore(postgres).keep([build_assignment()])) == 1
            _cut(postgres_url)

    @pytest.mark.parametrize("state", ["40P01", "40001"])
    def test_a_transaction_that_the_server_undid_is_tried_again(self, postgres: PostgresDatabase, state: str) -> None:
        work = _FailsOnce(state)
        assert postgres.write_once(work) == "done"
        assert work.calls == 2

    def test_a_write_that_may_have_been_kept_is_not_tried_again(self, postgres: PostgresDatabase) -> None:
        work = _FailsOnce("57014")
        with pytest.raises(StoreUnavailableError):
            postgres.write_once(work)
        assert work.calls == 1

    def test_a_write_that_can_be_repeated_is_tried_again_a_few_times(self, postgres: PostgresDatabase) -> None:
        work = _FailsOnce("57014")
        assert postgres.write(work) == "done"
        always = _FailsOnce("57014", times=100)
        with pytest.raises(StoreUnavailableError):
            postgres.write(always)
        assert always.calls == ATTEMPTS

    def test_an_error_that_stays_is_not_tried_again(self, postgres: PostgresDatabase) -> None:
        work = _FailsOnce("22012")
        with pytest.raises(StoreError) as caught:
            postgres.write(work)
        assert not isinstance(caught.value, StoreUnavailableError)
        assert isinstance(caught.value.__cause__, Exception)
        assert work.calls == 1

    def test_a_pool_without_a_free_connection_is_unavailable(
        self, postgres: PostgresDatabase, postgres_url: str
    ) -> None:
        url = postgres_url.replace("postgresql://", "postgresql+psycopg://", 1)
        engine = create_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.01)
        with engine.connect(), pytest.raises(StoreUnavailableError):
            SqlOutbox(PostgresDatabase(lambda: engine)).pending(limit=1)
        engine.dispose()

    def test_ids_as_long_and_as_random_as_can_be_are_held(self, postgres: PostgresDatabase) -> None:
        random = Random(1)
        texts = iter(lambda: "".join(chr(random.randrange(0x20, 0x7F)) for _ in range(1_024)), None)
        event = build_event(next(texts), unit=next(texts), event_type=next(texts), experiment_id=next(texts))
        assert list(SqlEventStore(postgres).append([event], at=START)) == [VerdictStatus.ACCEPTED]
        assert list(SqlEventStore(postgres).of_unit(event.unit, at=START, limit=1)) == [event]
        assignment = build_assignment(unit=next(texts), experiment_id=next(texts), variation=next(texts))
        assert list(SqlAssignmentStore(postgres).keep([assignment])) == [assignment]
        experiment = build_experiment(next(texts), owner=next(texts), variations={next(texts): 1})
        SqlExperimentStore(postgres).insert(experiment, audit=[], outbox=[])
        assert SqlExperimentStore(postgres).get(experiment.id) == experiment


class _FailsOnce:
    """Work that has the server raise this SQLSTATE, once or so many times."""

    def __init__(self, state: str, *, times: int = 1) -> None:
        self.calls = 0
        self._state = state
        self._times = times

    def __call__(self, connection: Connection) -> str:
        self.calls += 1
        if self.calls <= self._times:
            connection.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{self._state}'; END $$"))
        return "done"


def _cut(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_somebodys_open_transaction_holds_up_a_change_for_a_while_and_not_for_ever(
    postgres: PostgresDatabase, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostgresDatabase, "first_statement", "SET LOCAL lock_timeout = '100ms'")
    store = SqlExperimentStore(postgres)
    experiment = build_experiment()
    store.insert(experiment, audit=[], outbox=[])
    with psycopg.connect(postgres_url) as other:
        other.execute("UPDATE experiments SET owner = 'other'")
        changed = replace(experiment, owner="me", revision=2)
        with pytest.raises(StoreUnavailableError):
            store.replace(changed, expected_revision=1, audit=[], outbox=[])
        other.rollback()
    store.replace(changed, expected_revision=1, audit=[], outbox=[])
    assert store.get(experiment.id) == changed


def test_a_change_sets_how_long_it_waits_for_a_lock(postgres: PostgresDatabase) -> None:
    limit = postgres.write_once(lambda connection: connection.execute(text("SHOW lock_timeout")).scalar_one())
    assert limit == "5s"
