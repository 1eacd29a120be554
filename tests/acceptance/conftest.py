"""The command line, and the profiles as a user has them: by environment variables alone, on real engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

import variate as package
from tests.acceptance.command import InProcess, Variate
from tests.acceptance.deployments import (
    Deployment,
    aws_environ,
    empty,
    local_environ,
    postgres_environ,
    table_names,
    tell_aws,
)
from tests.engines.postgres import PostgresServer
from tests.engines.redis import redis_server_port
from tests.engines.session import Session
from variate import DynamoDBClient, Platform, PostgresClient, RedisClient, Settings

PROFILES = ("local", "postgres", "aws")


@pytest.fixture
def variate(tmp_path: Path) -> Variate:
    """The command line over a folder of its own."""
    return Variate(tmp_path / "home")


@pytest.fixture
def command(variate: Variate) -> InProcess:
    """The same over the same folder, for what does not take a process to be seen, which costs half a second each."""
    return InProcess({"VARIATE_HOME": str(variate.home), "VARIATE_ACTOR": "tester"})


@pytest.fixture(params=PROFILES)
def deployment(request: pytest.FixtureRequest, adopt: Callable[[Deployment], Deployment]) -> Deployment:
    """The profile the test runs in, migrated where that is needed; the functions act on it."""
    made: Deployment = request.getfixturevalue(f"{request.param}_deployment")
    return adopt(made)


@pytest.fixture
def adopt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Deployment], Deployment]]:
    """Make a deployment the one that this process's environment names, as at the start of a new process."""

    def set_environment(made: Deployment) -> Deployment:
        for name, value in made.environ.items():
            monkeypatch.setenv(name, value)
        # A process has one of each, which reads the environment once; here it is a new one for each test.
        monkeypatch.setattr(package, "pg_client", PostgresClient(), raising=False)
        monkeypatch.setattr(package, "dynamodb_client", DynamoDBClient(), raising=False)
        monkeypatch.setattr(package, "redis_client", RedisClient(), raising=False)
        return made

    yield set_environment
    package.default_platform().close()
    package.pg_client.close()
    package.dynamodb_client.close()
    package.redis_client.close_connections()


@pytest.fixture
def local_deployment(tmp_path: Path) -> Deployment:
    """One SQLite file, that does not exist yet."""
    return Deployment(profile="local", environ=local_environ(tmp_path / "home"))


@pytest.fixture
def postgres_deployment(migrated_database: str, redis_url: str) -> Deployment:
    """PostgreSQL with Redis."""
    return Deployment(
        profile="postgres",
        environ=postgres_environ(migrated_database, redis_url=redis_url),
        postgres_url=migrated_database,
        redis_url=redis_url,
    )


@pytest.fixture
def postgres_alone_deployment(migrated_database: str) -> Deployment:
    """PostgreSQL without Redis."""
    return Deployment(profile="postgres", environ=postgres_environ(migrated_database), postgres_url=migrated_database)


@pytest.fixture
def aws_deployment(
    migrated_database: str, engines: Session, aws_endpoint: str, aws_environment: str
) -> Iterator[Deployment]:
    """PostgreSQL, Redis and DynamoDB, all discovered."""
    port = redis_server_port(engines)
    tell_aws(aws_environment, endpoint=aws_endpoint, postgres_url=migrated_database, redis_port=port)
    made = Deployment(
        profile="aws",
        environ=aws_environ(aws_environment, endpoint=aws_endpoint),
        postgres_url=migrated_database,
        redis_url=f"redis://127.0.0.1:{port}/0",
        dynamodb_endpoint=aws_endpoint,
        tables=table_names(aws_environment),
    )
    yield made
    for name in made.tables.values():
        empty(name, aws_endpoint)


@pytest.fixture(scope="session")
def aws_environment(engines: Session, aws_endpoint: str, postgres_server: PostgresServer) -> str:
    """The ENVIRONMENT of this process's tests, migrated; making tables for each test would take most of its time."""
    name = f"a{uuid4().hex[:12]}"
    database = postgres_server.create()
    url, port = postgres_server.url(database), redis_server_port(engines)
    tell_aws(name, endpoint=aws_endpoint, postgres_url=url, redis_port=port)
    with Platform.open(Settings.from_environment(aws_environ(name, endpoint=aws_endpoint))) as platform:
        platform.migrate()
    postgres_server.drop(database)
    return name


@pytest.fixture
def migrated_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a PostgreSQL database as ``variate migrate`` leaves it."""

    def migrate(url: str) -> None:
        with Platform.open(Settings.from_environment(postgres_environ(url))) as platform:
            platform.migrate()

    database = postgres_server.create(template=postgres_server.template("acceptance", migrate))
    yield postgres_server.url(database)
    postgres_server.drop(database)
