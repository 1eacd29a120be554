"""What tests use of the engines, and the hooks that begin and end a session of them."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.engines import aws
from tests.engines.memory import keep_temporary_files_in_memory
from tests.engines.postgres import PostgresServer
from tests.engines.postgres import postgres_server as session_postgres
from tests.engines.redis import PrivateRedis, fresh_database
from tests.engines.session import Session, forget_the_users_own_settings

_session = pytest.StashKey[Session]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin the session in the controller; xdist's workers belong to it."""
    forget_the_users_own_settings()
    # A shell lets what it starts in the background ignore Ctrl-C, and children inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not hasattr(config, "workerinput"):
        keep_temporary_files_in_memory()
        config.stash[_session] = Session.begin()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the session, after Ctrl-C too. Where even this does not run, the keepers see to it."""
    session = config.stash.get(_session, None)
    if session is not None:
        session.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once for each reason how many tests were skipped: an engine that is missing misses hundreds."""
    reasons = Counter(str(report.longrepr[2]) for report in terminalreporter.getreports("skipped"))
    if reasons:
        terminalreporter.section("skipped")
    for reason, tests in reasons.most_common():
        terminalreporter.write_line(f"{tests:5}  {reason.removeprefix('Skipped: ')}")


@pytest.fixture(scope="session")
def engines() -> Session:
    """The session's engines, for tests that start one of their own."""
    return Session.current()


@pytest.fixture(scope="session")
def postgres_server(engines: Session) -> PostgresServer:
    """The session's PostgreSQL, for tests that need several databases or a template."""
    return session_postgres(engines)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database."""
    database = postgres_server.create()
    yield postgres_server.url(database)
    postgres_server.drop(database)


@pytest.fixture
def redis_url(engines: Session) -> Iterator[str]:
    """The URL of a fresh, empty Redis database. Channels, unlike keys, are shared by all databases of a server."""
    with fresh_database(engines) as url:
        yield url


@pytest.fixture
def redis_server(engines: Session) -> Iterator[PrivateRedis]:
    """A running Redis of the test's own, to stop, kill, pause and start again."""
    server = PrivateRedis(engines)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def aws_endpoint(engines: Session) -> str:
    """The URL of an AWS with SSM, Secrets Manager, KMS and DynamoDB; shared, so use ``environment_name``."""
    return aws.ministack_endpoint(engines)


@pytest.fixture(scope="session")
def dynamodb_endpoint(aws_endpoint: str) -> str:
    """The URL of a DynamoDB; shared, so use ``environment_name``."""
    return aws_endpoint


@pytest.fixture(scope="session")
def dynoxide_endpoint(engines: Session) -> str:
    """The URL of a second DynamoDB engine; shared, and not on every machine."""
    return aws.dynoxide_endpoint(engines)


@pytest.fixture
def environment_name() -> str:
    """An ENVIRONMENT nobody else uses: its tables, parameters and secrets are this test's own."""
    return f"t{uuid4().hex[:16]}"
