"""A deployment under test: the environment variables a user sets, and what stands in the engines behind them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import psycopg
import redis
from psycopg import sql

from variate.platform import Platform
from variate.platform.backends import Backends
from variate.platform.profiles import open_backends
from variate.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

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
        found: Contents = {}
        for key, name in self.tables.items():
            answer = table(name, self.dynamodb_endpoint).scan(ConsistentRead=True)
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


def aws_environ(name: str, *, endpoint: str) -> dict[str, str]:
    """Return what a user sets for AWS: no address of a database or Redis. Our local engines do without TLS."""
    return {
        "VARIATE_PROFILE": "aws",
        "ENVIRONMENT": name,
        "VARIATE_AWS_ENDPOINT": endpoint,
        "VARIATE_DATABASE_SSLMODE": "disable",
        "VARIATE_REDIS_TLS": "false",
    }


def tell_aws(name: str, *, endpoint: str, postgres_url: str, redis_port: int) -> None:
    """Write the guide's parameters and secret for ENVIRONMENT ``name``, or write over them."""
    address = urlsplit(postgres_url)
    secret = {
        "host": address.hostname,
        "port": address.port,
        "dbname": address.path.lstrip("/"),
        "username": address.username,
        "password": "any: the server trusts us",
    }
    put_parameter(name, "database/aurora-secret-arn", put_secret(name, secret, endpoint=endpoint), endpoint=endpoint)
    put_parameter(name, "redis/endpoint", "127.0.0.1", endpoint=endpoint)
    put_parameter(name, "redis/port", str(redis_port), endpoint=endpoint)
    # One name by SSM, the others by convention: both are to be found.
    put_parameter(name, "dynamodb/events-table", table_names(name)["events"], endpoint=endpoint)


def put_secret(environment: str, secret: dict[str, Any], *, endpoint: str) -> str:
    """Write the environment's database secret and return its ARN."""
    secrets = client_of("secretsmanager", endpoint)
    name, text = f"aurora-{environment}", json.dumps(secret)
    try:
        arn: str = secrets.create_secret(Name=name, SecretString=text)["ARN"]
    except secrets.exceptions.ResourceExistsException:
        arn = secrets.put_secret_value(SecretId=name, SecretString=text)["ARN"]
    return arn


def get_secret(environment: str, *, endpoint: str) -> dict[str, Any]:
    """Read the environment's database secret."""
    answer = client_of("secretsmanager", endpoint).get_secret_value(SecretId=f"aurora-{environment}")
    secret: dict[str, Any] = json.loads(answer["SecretString"])
    return secret


def put_parameter(environment: str, path: str, value: str, *, endpoint: str) -> None:
    """Write one of the guide's SSM parameters."""
    name = f"/experimentation/{environment}/{path}"
    client_of("ssm", endpoint).put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


@cache
def client_of(service: str, endpoint: str) -> Any:
    """Return the tests' own client of an AWS service; making one takes longer than using it."""
    return boto3.client(service, endpoint_url=endpoint)  # type: ignore[call-overload] # the name is no literal


@cache
def table(name: str, endpoint: str) -> Table:
    """Return the tests' own object of a DynamoDB table."""
    return boto3.resource("dynamodb", endpoint_url=endpoint).Table(name)


def empty(name: str, endpoint: str) -> None:
    """Delete every item of a table."""
    # A scan reads a megabyte at most, whatever it returns of it.
    while items := table(name, endpoint).scan(ConsistentRead=True, ProjectionExpression="id")["Items"]:
        with table(name, endpoint).batch_writer() as batch:
            for item in items:
                batch.delete_item(Key={"id": item["id"]})


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
