"""Fresh SQL databases on either engine, with their tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import QueuePool

from tests.engines.postgres import PostgresServer
from variate.stores.sql import Database, PostgresDatabase, SQLiteDatabase
from variate.testing.conformance.unreadable import Spoil

__all__ = ["by_hand", "database", "open_postgres", "spoiling", "unmade_database"]


def open_postgres(url: str) -> PostgresDatabase:
    """Return the database of this URL, over a pool of fifty connections."""
    engine = create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=QueuePool, pool_size=25, max_overflow=25
    )
    return PostgresDatabase(lambda: engine)


def by_hand(database: Database, statement: str, **values: object) -> None:
    """Execute a statement that somebody writes by hand, with ``:name`` for each of the values."""
    database.write(lambda connection: connection.execute(text(statement), values))


_SPOILING = {
    "experiments": "UPDATE experiments SET definition = '{\"traffic\": 500}' WHERE id = :id",
    "feature_flags": "UPDATE feature_flags SET name = ' ' WHERE id = :id",
    "definitions": "UPDATE definitions SET data = '{}' WHERE id = :id",
    "api_keys": "UPDATE api_keys SET scopes = '[\"paint\"]' WHERE id = :id",
    "people": "UPDATE people SET name = ' ' WHERE id = :id",
    "snapshots": "UPDATE snapshots SET data = substr(data, 2) WHERE digest = :id",
}


def spoiling(database: Database, table: str) -> Spoil:
    """Return what has a row of the table break a rule."""
    return lambda row_id: by_hand(database, _SPOILING[table], id=row_id)


@pytest.fixture(params=["sqlite", "postgres"])
def unmade_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, on each engine in turn."""
    if request.param == "sqlite":
        database: Database = SQLiteDatabase(tmp_path / "variate.db")
    else:
        database = open_postgres(request.getfixturevalue("postgres_url"))
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with empty tables, on each engine in turn."""
    if request.param == "sqlite":
        file = SQLiteDatabase(tmp_path / "variate.db")
        yield file
        file.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create(template=server.template("variate", _migrate))
    database = open_postgres(server.url(name))
    yield database
    database.close()
    server.drop(name)


def _migrate(url: str) -> None:
    database = open_postgres(url)
    database.migrate()
    database.close()
