"""What the clients' tests share: an AWS that says where things are, clients of PostgreSQL, and a look at its server."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.integration.clients.discovered import Discovered
from variate.clients import PostgresClient
from variate.settings import Profile, Settings


@pytest.fixture
def aws(aws_endpoint: str, environment_name: str) -> Iterator[Discovered]:
    discovered = Discovered(aws_endpoint, environment_name)
    yield discovered
    discovered.session.close()


@pytest.fixture
def aws_settings(aws: Discovered, aws_endpoint: str) -> Callable[..., Settings]:
    """Settings of the ``aws`` profile that find everything in the test's AWS."""

    def settings(**changed: object) -> Settings:
        given = {"profile": Profile.AWS, "aws_endpoint": aws_endpoint, "environment": aws.environment, **changed}
        return Settings(**given)  # type: ignore[arg-type] # the values are checked by Settings itself

    return settings


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
