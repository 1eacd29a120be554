"""Importing and constructing the clients touches nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from variate.clients import DynamoDBClient, PostgresClient, RedisClient
from variate.errors import ConfigurationError


def test_importing_and_making_clients_loads_no_driver_and_reads_no_environment() -> None:
    script = """
import os, sys
class Closed(dict):
    def get(self, *a): raise AssertionError("read the environment: %r" % (a,))
    __getitem__ = get
import variate.settings
variate.settings.os.environ, kept = Closed(), os.environ
from variate.clients import DynamoDBClient, PostgresClient, RedisClient, dynamodb_client, pg_client, redis_client
DynamoDBClient(), PostgresClient("prod"), RedisClient(environment="prod")
os.environ = kept
loaded = {"boto3", "botocore", "psycopg", "psycopg_pool", "redis", "sqlalchemy"} & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True)


def test_the_environment_is_read_at_the_first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    client = DynamoDBClient()
    monkeypatch.setenv("ENVIRONMENT", "staging")
    assert client.environment == "staging"
    monkeypatch.setenv("ENVIRONMENT", "prod")
    assert client.environment == "staging"


def test_the_environment_given_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "staging")
    assert PostgresClient("prod").environment == "prod"


def test_a_wrong_setting_is_said_at_the_first_use_and_may_be_put_right(monkeypatch: pytest.MonkeyPatch) -> None:
    client = RedisClient()
    monkeypatch.setenv("VARIATE_REDIS_URL", "http://wrong")
    with pytest.raises(ConfigurationError, match="VARIATE_REDIS_URL"):
        client.get_redis_connection()
    monkeypatch.setenv("VARIATE_REDIS_URL", "redis://127.0.0.1:1")
    client.get_redis_connection()


def test_closing_what_was_never_opened_is_fine() -> None:
    PostgresClient().close()
    PostgresClient().release()
    RedisClient().close_connections()
    DynamoDBClient().close()
