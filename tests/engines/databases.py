"""Fresh SQL databases on either engine, with their tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import QueuePool

from tests.engines.postgres import PostgresServer
from variate.stores.sql import Database, PostgresDatabase, SQLiteDatabase
from variate.stores.sql.schema import metadata
from variate.testing.conformance.unreadable import Spoil

__all__ = ["by_hand", "database", "emptied_database", "open_postgres", "postgres_tables", "spoiling", "unmade_database"]


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


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of this process's PostgreSQL database for ``emptied_database``."""
    name = postgres_server.create(template=postgres_server.template("emptied", _migrate_to_empty))
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def emptied_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The same as ``database`` for tests that alter no table: PostgreSQL's is made once and emptied after each.

    That takes a fifth of what making one and dropping it does.
    """
    if request.param == "sqlite":
        database: Database = SQLiteDatabase(tmp_path / "variate.db")
        yield database
        database.close()
        return
    url: str = request.getfixturevalue("postgres_tables")
    database = open_postgres(url)
    yield database
    database.close()
    with psycopg.connect(url) as connection:
        connection.execute("CALL made.empty()")


def _migrate_to_empty(url: str) -> None:
    """Migrate, and add what takes every row out again but those that the migrations put there, guarded or not."""
    _migrate(url)
    names = [table.name for table in metadata.sorted_tables]
    emptying = "".join(f"DELETE FROM {name}; INSERT INTO {name} TABLE made.{name}; " for name in names)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA made")
        for name in names:
            connection.execute(f"CREATE TABLE made.{name} AS TABLE {name}".encode())
        connection.execute(
            f"""CREATE PROCEDURE made.empty() LANGUAGE plpgsql SET session_replication_role = replica AS $made$ BEGIN
            PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid();
            {emptying} END $made$""".encode()
        )


def _migrate(url: str) -> None:
    database = open_postgres(url)
    database.migrate()
    database.close()
