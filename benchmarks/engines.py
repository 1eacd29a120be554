"""The engines the benchmarks talk to: those of the tests, but for a PostgreSQL whose commits wait for the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest

from tests.engines import aws, redis
from tests.engines.postgres import durable_postgres_server
from tests.engines.process import EngineFailedError
from tests.engines.session import Session, forget_the_users_own_settings

T = TypeVar("T")


class MissingEngineError(Exception):
    """The engine is not on this machine; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Engines:
    """The engines of one run, each started when first asked for; ``folder`` is on the disk they write to."""

    session: Session

    @property
    def folder(self) -> Path:
        """A folder of the run's own, removed at its end."""
        return self.session.folder

    def postgres_url(self) -> str:
        """Return the URL of a new database on a server with its own settings: fsync on."""
        server = _there(lambda: durable_postgres_server(self.session))
        return server.url(server.create())

    def redis_url(self) -> str:
        """Return the URL of a Redis."""
        return f"redis://127.0.0.1:{_there(lambda: redis.redis_server_port(self.session))}/0"

    def dynamodb(self) -> tuple[str, str]:
        """Return the name and the URL of a DynamoDB: dynoxide, or else ministack."""
        try:
            return "dynoxide", _there(lambda: aws.dynoxide_endpoint(self.session))
        except MissingEngineError:
            return "ministack", _there(lambda: aws.ministack_endpoint(self.session))


@contextmanager
def running_engines() -> Iterator[Engines]:
    """Engines for as long as the block lasts."""
    forget_the_users_own_settings()
    session = Session.begin()
    try:
        yield Engines(session)
    finally:
        session.end()


def fresh_name() -> str:
    """Return an ENVIRONMENT nobody else uses."""
    return f"bench{uuid4().hex[:12]}"


def _there(start: Callable[[], T]) -> T:
    try:
        return start()
    except (pytest.skip.Exception, pytest.fail.Exception) as error:
        raise MissingEngineError(str(error)) from error
    except EngineFailedError as error:
        raise MissingEngineError(f"it did not start: {error}") from error
