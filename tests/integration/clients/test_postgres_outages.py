"""The PostgreSQL client where connections end: closed, forked, broken while they rested, or never to be had."""

from __future__ import annotations

import gc
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.engines.waiting import free_port, wait_until
from tests.integration.clients.backends import backend, connections, end_all
from tests.integration.clients.forwarder import Forwarder
from variate.clients import PostgresClient
from variate.errors import ConfigurationError, StoreUnavailableError
from variate.settings import Settings


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
        with ExitStack() as stack:
            for _ in range(5):
                stack.enter_context(client_of_far.engine().connect())
        client_of_far.get_connection()
        assert far.hang() >= 5
        # As after a thaw, when the monotonic clock has stood still.
        now = time.time
        monkeypatch.setattr("time.time", lambda: now() + 3_600)
        began = time.monotonic()
        assert backend(client_of_far)
        assert client_of_far.get_connection().execute("SELECT 1 AS a").fetchone() == {"a": 1}
        assert time.monotonic() - began < 8  # two seconds for all the pool's, two for the thread's own

    def test_a_connection_just_used_is_not_asked(self, client_of_far: PostgresClient, far: Forwarder) -> None:
        backend(client_of_far)
        connection = client_of_far.get_connection()
        far.hang()
        began = time.monotonic()
        assert client_of_far.get_connection() is connection
        assert time.monotonic() - began < 1
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
            assert 1.5 < time.monotonic() - began < 8
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
