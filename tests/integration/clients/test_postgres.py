"""The PostgreSQL client's connections, cursors and engine, on a real server."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from tests.engines.waiting import free_port, wait_until
from tests.integration.clients.forwarder import Forwarder
from variate.clients import PostgresClient
from variate.errors import ConfigurationError, StoreUnavailableError
from variate.settings import Settings


@pytest.fixture
def client(postgres_url: str) -> Iterator[PostgresClient]:
    made = PostgresClient(settings=Settings(database_url=postgres_url, database_pool_size=4))
    yield made
    made.close()


@pytest.fixture
def narrow(postgres_url: str) -> Iterator[PostgresClient]:
    """A client that may hold one connection."""
    made = PostgresClient(settings=Settings(database_url=postgres_url, database_pool_size=1))
    yield made
    made.close()


@pytest.fixture
def observer(postgres_url: str) -> Iterator[psycopg.Connection]:
    """A connection that is none of the client's."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


def connections(observer: psycopg.Connection) -> int:
    found = observer.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone()
    assert found is not None
    return int(found[0])


def end_all(observer: psycopg.Connection) -> None:
    observer.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def backend(client: PostgresClient) -> int:
    with client.get_cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() AS pid")
        row = cursor.fetchone()
    assert row is not None
    pid: int = row["pid"]
    return pid


class TestCursor:
    def test_rows_are_dicts_and_the_transaction_is_committed(
        self, client: PostgresClient, observer: psycopg.Connection
    ) -> None:
        with client.get_cursor() as cursor:
            cursor.execute("CREATE TABLE t (a int)")
            cursor.execute("INSERT INTO t VALUES (%s) RETURNING *", (1,))
            assert cursor.fetchone() == {"a": 1}
        assert observer.execute("SELECT a FROM t").fetchall() == [(1,)]

    def test_an_error_rolls_back_and_passes_unchanged(
        self, client: PostgresClient, observer: psycopg.Connection
    ) -> None:
        observer.execute("CREATE TABLE t (a int UNIQUE)")

        def insert_twice() -> None:
            with client.get_cursor() as cursor:
                cursor.execute("INSERT INTO t VALUES (1)")
                cursor.execute("INSERT INTO t VALUES (1)")

        def insert_and_fail() -> None:
            with client.get_cursor() as cursor:
                cursor.execute("INSERT INTO t VALUES (2)")
                raise ZeroDivisionError

        with pytest.raises(psycopg.IntegrityError):
            insert_twice()
        with pytest.raises(ZeroDivisionError):
            insert_and_fail()
        assert observer.execute("SELECT a FROM t").fetchall() == []

    def test_a_connection_lost_in_the_midst_is_psycopgs_error_and_the_next_cursor_works(
        self, client: PostgresClient, observer: psycopg.Connection
    ) -> None:
        def lose() -> None:
            with client.get_cursor() as cursor:
                end_all(observer)
                cursor.execute("SELECT 1")

        with pytest.raises(psycopg.OperationalError):
            lose()
        assert backend(client)

    def test_one_within_another_is_a_transaction_of_its_own(
        self, client: PostgresClient, observer: psycopg.Connection
    ) -> None:
        observer.execute("CREATE TABLE t (a int)")

        def fail_outside() -> None:
            with client.get_cursor() as outer:
                outer.execute("INSERT INTO t VALUES (1)")
                with client.get_cursor() as inner:
                    inner.execute("INSERT INTO t VALUES (2)")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_outside()
        assert observer.execute("SELECT a FROM t").fetchall() == [(2,)]

    def test_one_within_another_does_not_wait_for_itself(self, narrow: PostgresClient) -> None:
        began = time.monotonic()
        with narrow.get_cursor() as outer, narrow.get_cursor() as inner:
            outer.execute("SELECT pg_backend_pid() AS pid")
            inner.execute("SELECT pg_backend_pid() AS pid")
            assert outer.fetchone() != inner.fetchone()
        assert time.monotonic() - began < 5

    def test_what_was_beside_the_pool_is_closed(self, narrow: PostgresClient, observer: psycopg.Connection) -> None:
        with narrow.get_cursor(), narrow.get_cursor(), narrow.get_cursor():
            assert connections(observer) == 3
        wait_until(lambda: connections(observer) == 1, what="the connections beside the pool to be closed")

    def test_threads_that_each_nest_do_not_wait_for_each_other(self, client: PostgresClient) -> None:
        everybody = threading.Barrier(4)

        def nest() -> int:
            with client.get_cursor():
                everybody.wait(10)
                return backend(client)

        with ThreadPoolExecutor(4) as threads:
            assert len({future.result(20) for future in [threads.submit(nest) for _ in range(4)]}) == 4

    def test_the_guides_own_begin_and_commit_are_harmless(
        self, client: PostgresClient, observer: psycopg.Connection
    ) -> None:
        observer.execute("CREATE TABLE t (a int)")
        with client.get_cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("INSERT INTO t VALUES (1)")
            cursor.execute("COMMIT")
        assert observer.execute("SELECT a FROM t").fetchall() == [(1,)]

    def test_fifty_threads_share_the_pool(self, client: PostgresClient, observer: psycopg.Connection) -> None:
        observer.execute("CREATE TABLE t (a int)")

        def insert(number: int) -> None:
            with client.get_cursor() as cursor:
                cursor.execute("INSERT INTO t VALUES (%s)", (number,))

        with ThreadPoolExecutor(50) as threads:
            list(threads.map(insert, range(500)))
        assert observer.execute("SELECT count(DISTINCT a) FROM t").fetchone() == (500,)
        assert connections(observer) <= 4

    def test_connections_are_reused(self, client: PostgresClient) -> None:
        assert len({backend(client) for _ in range(10)}) == 1


class TestConnection:
    def test_it_is_the_threads_own_and_rows_are_dicts(self, client: PostgresClient) -> None:
        connection = client.get_connection()
        assert client.get_connection() is connection
        assert connection.execute("SELECT 1 AS a").fetchone() == {"a": 1}
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(client.get_connection).result() is not connection

    def test_nothing_is_committed_unasked(self, client: PostgresClient, observer: psycopg.Connection) -> None:
        observer.execute("CREATE TABLE t (a int)")
        connection = client.get_connection()
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
        connection.execute("INSERT INTO t VALUES (2)")
        client.release()
        assert observer.execute("SELECT a FROM t").fetchall() == [(1,)]

    def test_a_transaction_goes_on_over_two_calls(self, client: PostgresClient, observer: psycopg.Connection) -> None:
        observer.execute("CREATE TABLE t (a int)")
        client.get_connection().execute("INSERT INTO t VALUES (1)")
        client.get_connection().execute("INSERT INTO t VALUES (2)")
        client.get_connection().commit()
        assert observer.execute("SELECT count(*) FROM t").fetchone() == (2,)

    def test_one_that_was_closed_is_replaced(self, client: PostgresClient) -> None:
        connection = client.get_connection()
        connection.close()
        assert connection.closed
        again = client.get_connection()
        assert again is not connection
        assert again.execute("SELECT 1 AS a").fetchone() == {"a": 1}

    def test_one_that_broke_is_replaced(self, client: PostgresClient, observer: psycopg.Connection) -> None:
        client.get_connection().execute("SELECT 1")
        client.get_connection().rollback()
        end_all(observer)
        assert client.get_connection().execute("SELECT 1 AS a").fetchone() == {"a": 1}

    def test_one_that_broke_within_a_transaction_is_replaced_after_it_was_noticed(
        self, client: PostgresClient, observer: psycopg.Connection
    ) -> None:
        client.get_connection().execute("SELECT 1")
        end_all(observer)
        with pytest.raises(psycopg.OperationalError):
            client.get_connection().execute("SELECT 1")
        assert client.get_connection().execute("SELECT 1 AS a").fetchone() == {"a": 1}

    def test_it_goes_back_when_its_thread_ends(self, narrow: PostgresClient) -> None:
        thread = threading.Thread(target=lambda: narrow.get_connection().execute("SELECT 1"))
        thread.start()
        thread.join()
        assert backend(narrow)

    def test_it_goes_back_as_good_as_new(self, narrow: PostgresClient) -> None:
        connection = narrow.get_connection()
        connection.execute("SET statement_timeout = 12345")
        connection.commit()
        connection.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        connection.autocommit = True
        narrow.release()
        with narrow.get_cursor() as cursor:
            assert not cursor.connection.autocommit
            cursor.execute("SHOW transaction_isolation")
            assert cursor.fetchone() == {"transaction_isolation": "read committed"}
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == {"statement_timeout": "0"}

    def test_a_cursor_beside_it_neither_waits_nor_joins_its_transaction(
        self, narrow: PostgresClient, observer: psycopg.Connection
    ) -> None:
        observer.execute("CREATE TABLE t (a int)")
        narrow.get_connection().execute("INSERT INTO t VALUES (1)")
        with narrow.get_cursor() as cursor:
            cursor.execute("INSERT INTO t VALUES (2)")
        narrow.get_connection().rollback()
        assert observer.execute("SELECT a FROM t").fetchall() == [(2,)]


class TestEngine:
    def test_it_speaks_in_tuples_over_the_connections_that_spoke_in_dicts(self, narrow: PostgresClient) -> None:
        pid = backend(narrow)
        narrow.get_connection().execute("SELECT 1")
        narrow.release()
        with narrow.engine().connect() as connection:
            assert connection.execute(text("SELECT pg_backend_pid(), 1")).one() == (pid, 1)
        with narrow.get_cursor() as cursor:
            cursor.execute("SELECT 1 AS a")
            assert cursor.fetchone() == {"a": 1}

    def test_it_is_one_and_stays_good_over_close(self, client: PostgresClient) -> None:
        engine = client.engine()
        with engine.begin() as connection:
            connection.execute(text("SELECT 1"))
        client.close()
        assert client.engine() is engine
        with engine.begin() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1

    def test_it_outlives_a_restart(self, client: PostgresClient, observer: psycopg.Connection) -> None:
        with client.engine().connect() as connection:
            connection.execute(text("SELECT 1"))
        end_all(observer)
        with client.engine().connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1

    def test_many_uses_leave_nothing_behind_on_the_connection(self, narrow: PostgresClient) -> None:
        for _ in range(20):
            with narrow.engine().connect() as connection:
                connection.execute(text("SELECT 1"))
        with narrow.get_cursor() as cursor:
            assert len(cursor.connection._notice_handlers) == 1  # psycopg has no public way to count them


class TestClosing:
    def test_close_leaves_no_connection_and_the_next_use_opens_one(
        self, client: PostgresClient, observer: psycopg.Connection
    ) -> None:
        client.get_connection()
        backend(client)
        client.close()
        wait_until(lambda: connections(observer) == 0, what="all connections to be closed")
        assert backend(client)

    def test_close_does_not_disturb_what_another_thread_does(
        self, client: PostgresClient, observer: psycopg.Connection
    ) -> None:
        observer.execute("CREATE TABLE t (a int)")
        inside, closed = threading.Event(), threading.Event()

        def work() -> None:
            with client.get_cursor() as cursor:
                cursor.execute("INSERT INTO t VALUES (1)")
                inside.set()
                closed.wait(10)
                cursor.execute("INSERT INTO t VALUES (2)")

        with ThreadPoolExecutor(1) as thread:
            working = thread.submit(work)
            inside.wait(10)
            client.close()
            closed.set()
            working.result(10)
        assert observer.execute("SELECT count(*) FROM t").fetchone() == (2,)
        wait_until(lambda: connections(observer) == 0, what="the worker's connection to be closed")

    def test_who_waits_while_another_closes_is_served_by_the_next_pool(self, narrow: PostgresClient) -> None:
        held = threading.Event()

        def hold_until_closed() -> None:
            with narrow.get_cursor():
                held.set()
                wait_until(lambda: narrow._pool is not None and bool(narrow._pool._waiting), what="somebody to wait")
                narrow.close()

        with ThreadPoolExecutor(2) as threads:
            holding = threads.submit(hold_until_closed)
            held.wait(10)
            assert threads.submit(backend, narrow).result(20)
            holding.result(10)

    def test_a_client_nobody_refers_to_closes_its_connections(
        self, postgres_url: str, observer: psycopg.Connection
    ) -> None:
        forgotten = PostgresClient(settings=Settings(database_url=postgres_url))
        backend(forgotten)
        del forgotten
        gc.collect()
        wait_until(lambda: connections(observer) == 0, what="the connections to be closed")

    @pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
    @pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
    def test_a_forked_child_has_connections_of_its_own_and_leaves_the_parents_alone(
        self, client: PostgresClient
    ) -> None:
        own = client.get_connection()
        pids = {backend(client), own.info.backend_pid}
        child = os.fork()
        if child == 0:
            try:
                others = {backend(client), client.get_connection().info.backend_pid}
                client.release()
                client.close()
                os._exit(len(pids & others))
            finally:
                os._exit(9)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert client.get_connection() is own
        assert {backend(client), own.info.backend_pid} == pids


class TestAfterAPause:
    def test_connections_that_broke_while_they_rested_cost_no_error(
        self, client: PostgresClient, observer: psycopg.Connection
    ) -> None:
        with client.get_cursor(), client.get_cursor(), client.get_cursor():
            pass
        end_all(observer)
        began = time.monotonic()
        for _ in range(10):
            backend(client)
        assert time.monotonic() - began < 5

    @pytest.fixture
    def far(self, postgres_url: str) -> Iterator[Forwarder]:
        with Forwarder(int(str(conninfo_to_dict(postgres_url)["port"]))) as forwarder:
            yield forwarder

    @pytest.fixture
    def client_of_far(self, far: Forwarder, postgres_url: str) -> Iterator[PostgresClient]:
        database = conninfo_to_dict(postgres_url)["dbname"]
        made = PostgresClient(settings=Settings(database_url=f"postgresql://postgres@127.0.0.1:{far.port}/{database}"))
        yield made
        made.close()

    def test_connections_that_hang_after_a_rest_are_all_replaced_after_one_wait(
        self, client_of_far: PostgresClient, far: Forwarder, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with client_of_far.get_cursor(), client_of_far.get_cursor(), client_of_far.get_cursor():
            pass
        client_of_far.get_connection()
        assert far.hang() == 3
        # As after a thaw, when the monotonic clock has stood still.
        now = time.time
        monkeypatch.setattr("time.time", lambda: now() + 3_600)
        began = time.monotonic()
        assert backend(client_of_far)
        assert client_of_far.get_connection().execute("SELECT 1 AS a").fetchone() == {"a": 1}
        assert time.monotonic() - began < 5.5  # two seconds for the pool's, two for the thread's own

    def test_a_connection_just_used_is_not_asked(self, client_of_far: PostgresClient, far: Forwarder) -> None:
        backend(client_of_far)
        connection = client_of_far.get_connection()
        far.hang()
        began = time.monotonic()
        assert client_of_far.get_connection() is connection
        assert time.monotonic() - began < 0.1
        far.cut_at_the_next_word()

    def test_a_connection_that_rested_and_still_works_is_kept(
        self, narrow: PostgresClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pid = backend(narrow)
        now = time.time
        monkeypatch.setattr("time.time", lambda: now() + 3_600)
        assert backend(narrow) == pid


class TestUnreachable:
    @pytest.fixture
    def settings(self) -> Settings:
        return Settings(database_url=f"postgresql://u:hunter2@127.0.0.1:{free_port()}/d")

    def test_a_refused_connection_is_said_at_once(self, settings: Settings) -> None:
        client = PostgresClient(settings=settings)
        for use in (client.get_connection, client.engine().connect, lambda: client.get_cursor().__enter__()):
            began = time.monotonic()
            with pytest.raises(StoreUnavailableError, match=r"PostgreSQL cannot be reached: .*refused") as raised:
                use()
            assert time.monotonic() - began < 2
            assert isinstance(raised.value.__cause__, psycopg.OperationalError)
            assert "hunter2" not in str(raised.value)
        client.close()

    def test_fifty_threads_are_all_told_soon(self, settings: Settings) -> None:
        client = PostgresClient(settings=settings)

        def attempt(_: int) -> str:
            try:
                client.get_connection()
            except StoreUnavailableError as error:
                return error.code
            return "connected"

        began = time.monotonic()
        with ThreadPoolExecutor(50) as threads:
            assert set(threads.map(attempt, range(50))) == {"store_unavailable"}
        assert time.monotonic() - began < 5
        client.close()

    def test_a_server_that_does_not_answer_is_given_up_after_the_connect_timeout(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            client = PostgresClient(
                settings=Settings(database_url=f"postgresql://127.0.0.1:{port}/d?connect_timeout=2")
            )
            began = time.monotonic()
            with pytest.raises(StoreUnavailableError, match="timeout"):
                client.get_connection()
            assert 1.5 < time.monotonic() - began < 4
            client.close()

    def test_a_server_that_comes_back_is_used_at_once(self, postgres_url: str) -> None:
        port = free_port()
        target = conninfo_to_dict(postgres_url)
        client = PostgresClient(
            settings=Settings(database_url=f"postgresql://postgres@127.0.0.1:{port}/{target['dbname']}")
        )
        with pytest.raises(StoreUnavailableError):
            client.get_connection()
        with Forwarder(int(str(target["port"])), port=port):
            assert backend(client)
            client.close()

    def test_a_pool_in_full_use_says_so(self, narrow: PostgresClient, monkeypatch: pytest.MonkeyPatch) -> None:
        with narrow.get_cursor():
            assert narrow._pool is not None
            monkeypatch.setattr(narrow._pool, "timeout", 0.3)
            with ThreadPoolExecutor(1) as thread, pytest.raises(StoreUnavailableError, match="all 1 connections"):
                thread.submit(backend, narrow).result(10)

    def test_a_url_that_is_none_names_the_setting_and_not_the_password(self) -> None:
        client = PostgresClient(settings=Settings(database_url="postgresql://u:hunter2%zz@h/d"))
        with pytest.raises(ConfigurationError, match="VARIATE_DATABASE_URL") as raised:
            client.get_connection()
        assert raised.value.__cause__ is None
        assert raised.value.__context__ is None
