"""A client waits for its server no longer than whoever asks has time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.integration.clients.backends import backend
from tests.integration.clients.forwarder import Forwarder
from variate.clients import DynamoDBClient, PostgresClient
from variate.errors import StoreUnavailableError
from variate.patience import WouldWaitError, at_once, within
from variate.settings import Settings
from variate.stores.sql.retrying import try_again

SOON = 5.0
"""Seconds; far more than the tenths that are asked for, and far less than what would be waited for else."""


@contextmanager
def soon() -> Iterator[None]:
    """Have the block end soon."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SOON


def test_a_statement_that_takes_too_long_is_given_up_with_its_connection(client: PostgresClient) -> None:
    before = backend(client)
    with soon(), within(0.2), pytest.raises(psycopg.OperationalError, match="in time"), client.get_cursor() as cursor:
        cursor.execute("SELECT pg_sleep(60)")
    assert backend(client) != before


def test_a_statement_that_is_quick_enough_has_its_answer_and_keeps_its_connection(client: PostgresClient) -> None:
    before = backend(client)
    with within(SOON), client.get_cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.3), 1 AS one")
        assert (cursor.fetchone() or {})["one"] == 1
    assert backend(client) == before


def test_who_must_not_wait_sends_nothing(client: PostgresClient) -> None:
    backend(client)
    with pytest.raises(WouldWaitError):
        at_once().run(backend, client)
    assert backend(client)


def test_a_server_that_hangs_is_given_up(postgres_url: str) -> None:
    target = conninfo_to_dict(postgres_url)
    with Forwarder(int(str(target["port"]))) as way:
        url = f"postgresql://postgres@127.0.0.1:{way.port}/{target['dbname']}"
        client = PostgresClient(settings=Settings(database_url=url, database_pool_size=2))
        assert backend(client)
        assert way.hang() == 1
        with soon(), within(0.2), pytest.raises(psycopg.OperationalError, match="in time"):
            backend(client)
        assert backend(client)
        client.close()


def test_a_connection_is_waited_for_no_longer(narrow: PostgresClient) -> None:
    def ask() -> None:
        with within(0.2), pytest.raises(StoreUnavailableError, match="all 1 connections"):
            narrow.engine().connect()

    narrow.get_connection()
    with soon():
        ask()


def test_nothing_is_tried_again_once_the_time_is_over() -> None:
    tries: list[float] = []

    def fail() -> None:
        tries.append(time.monotonic())
        raise StoreUnavailableError("away")

    with within(0), pytest.raises(StoreUnavailableError):
        try_again(fail)
    assert len(tries) == 1


def test_dynamodb_is_asked_once_by_who_has_little_time(aws_settings: Callable[..., Settings]) -> None:
    client = DynamoDBClient(settings=aws_settings())
    patient = client.client
    with within(1):
        hurried = client.client
    with within(60):
        assert client.client is patient
    attempts = [each.meta.config.retries["total_max_attempts"] for each in (hurried, patient)]  # type: ignore[attr-defined] # boto's types do not know it
    assert attempts == [1, 3]
    assert hurried.meta.config.read_timeout <= 1  # type: ignore[attr-defined] # boto's types do not know it
    client.close()
