"""The PostgreSQL client's connections, cursors and engine, on a real server."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import text

from tests.engines.waiting import wait_until
from tests.integration.clients.backends import backend, connections, end_all
from variate.clients import PostgresClient


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
