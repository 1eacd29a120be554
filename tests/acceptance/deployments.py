"""A deployment under test: the environment variables a user sets, and what stands in the engines behind them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import psycopg
import redis
from psycopg import sql

from variate.platform import Platform
from variate.platform.backends import Backends
from variate.platform.profiles import open_backends
from variate.settings import Settings

TABLE_KEYS = ("assignments", "events", "experiments", "feature-flags", "overrides")

Contents = dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One profile on engines of its own. ``environ`` is all that a user sets."""

    profile: str
    environ: dict[str, str]
    postgres_url: str | None = None
    redis_url: str | None = None
    dynamodb_endpoint: str | None = None
    tables: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The settings that the environment of this deployment makes."""
        return Settings.from_environment(self.environ)

    @contextmanager
    def platform(self) -> Iterator[Platform]:
        """Lend a platform of its own, as another process would have."""
        with Platform.open(self.settings) as platform:
            yield platform

    @contextmanager
    def backends(self) -> Iterator[Backends]:
        """Lend the stores themselves, for what has no public reader: the serving copy and the outboxes."""
        backends = open_backends(self.settings)
        yield backends
        backends.close()

    def redis(self) -> redis.Redis:
        """Return a client of this deployment's Redis."""
        assert self.redis_url is not None
        return redis.Redis.from_url(self.redis_url, decode_responses=True)

    def contents(self) -> Contents:
        """Return every row and item of every table, so that two moments can be compared."""
        if self.postgres_url is None:
            return _sqlite_contents(self.settings.sqlite_path)
        return {**_postgres_contents(self.postgres_url), **self._dynamodb_contents()}

    def _dynamodb_contents(self) -> Contents:
        if self.dynamodb_endpoint is None:
            return {}
        dynamodb = boto3.resource("dynamodb", endpoint_url=self.dynamodb_endpoint)
        found: Contents = {}
        for key, name in self.tables.items():
            answer = dynamodb.Table(name).scan(ConsistentRead=True)
            assert "LastEvaluatedKey" not in answer, "more than a test should store"
            found[f"dynamodb {key}"] = sorted(repr(sorted(item.items())) for item in answer["Items"])
        return found


def local_environ(home: Path) -> dict[str, str]:
    """Return what a user sets for one SQLite file: nothing but where."""
    return {"VARIATE_HOME": str(home)}


def postgres_environ(url: str, *, redis_url: str | None = None) -> dict[str, str]:
    """Return what a user sets for PostgreSQL and, where given, Redis."""
    environ = {"VARIATE_PROFILE": "postgres", "VARIATE_DATABASE_URL": url}
    return environ if redis_url is None else {**environ, "VARIATE_REDIS_URL": redis_url}


def aws_environ(
    name: str, *, endpoint: str, postgres_url: str, redis_port: int, dynamodb_endpoint: str | None = None
) -> dict[str, str]:
    """Write the guide's parameters and secret for ENVIRONMENT ``name``; return what a user sets.

    No database or Redis address is among that: they are discovered. Our local engines do without TLS.
    """
    address = urlsplit(postgres_url)
    secret = {
        "host": address.hostname,
        "port": address.port,
        "dbname": address.path.lstrip("/"),
        "username": address.username,
        "password": "any: the server trusts us",
    }
    secrets = boto3.client("secretsmanager", endpoint_url=endpoint)
    arn = secrets.create_secret(Name=f"aurora-{name}", SecretString=json.dumps(secret))["ARN"]
    put_parameter(name, "database/aurora-secret-arn", arn, endpoint=endpoint)
    put_parameter(name, "redis/endpoint", "127.0.0.1", endpoint=endpoint)
    put_parameter(name, "redis/port", str(redis_port), endpoint=endpoint)
    # One name by SSM, the others by convention: both are to be found.
    put_parameter(name, "dynamodb/events-table", table_names(name)["events"], endpoint=endpoint)
    environ = {
        "VARIATE_PROFILE": "aws",
        "ENVIRONMENT": name,
        "VARIATE_AWS_ENDPOINT": endpoint,
        "VARIATE_DATABASE_SSLMODE": "disable",
        "VARIATE_REDIS_TLS": "false",
    }
    return environ if dynamodb_endpoint is None else {**environ, "VARIATE_DYNAMODB_ENDPOINT": dynamodb_endpoint}


def put_parameter(environment: str, path: str, value: str, *, endpoint: str) -> None:
    """Write one of the guide's SSM parameters."""
    ssm = boto3.client("ssm", endpoint_url=endpoint)
    ssm.put_parameter(Name=f"/experimentation/{environment}/{path}", Value=value, Type="String", Overwrite=True)


def table_names(environment: str) -> dict[str, str]:
    """Return the name of each of the guide's tables in an environment made by ``aws_environ``."""
    names = {key: f"experimentation-{key}-{environment}" for key in TABLE_KEYS}
    return {**names, "events": f"{environment}-what-users-did"}


def _sqlite_contents(path: Path) -> Contents:
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"'))) for name in names}


def _postgres_contents(url: str) -> Contents:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            name: sorted(
                map(repr, connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name))).fetchall())
            )
            for (name,) in found
        }
