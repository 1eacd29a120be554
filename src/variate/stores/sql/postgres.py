"""PostgreSQL, over an engine that somebody else configures and pools."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import insert

from variate.errors import MissingExtraError, VariateError
from variate.stores.sql.database import Database, Intake
from variate.stores.sql.failures import explain_postgres
from variate.stores.sql.migrating import require_head, upgrade
from variate.stores.sql.retrying import try_again

try:
    import psycopg
    from psycopg.rows import tuple_row
except ImportError as error:
    raise MissingExtraError("psycopg", "postgres") from error

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped
_MIGRATION_LOCK = 0x7661726961746501
"""The number of the advisory lock of migrations: ``variate`` in ASCII, and 1."""


@dataclass(frozen=True, slots=True)
class _Engines:
    """The one engine, with the transactions that each use needs."""

    single: Engine
    snapshots: Engine
    writers: Engine


class PostgresDatabase(Database):
    """The database that ``engine`` connects to, through psycopg 3. ``variate migrate`` makes its tables."""

    driver_error = psycopg.Error
    # Somebody's open transaction on the same row is to hold up a change for a while, and not for ever.
    first_statement = "SET LOCAL lock_timeout = '5s'"
    insert = staticmethod(insert)

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._make_engine = engine
        self._engines: _Engines | None = None
        self._checked = False
        self._opening = threading.Lock()

    def migrate(self) -> Sequence[str]:
        """Bring the tables to this version; another process that does the same waits, and then finds it done."""

        def attempt() -> list[str]:
            with self.translated(), self._open().writers.begin() as connection:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
                return upgrade(connection)

        return try_again(attempt)

    def require_migrated(self) -> None:
        """Raise ``NotMigratedError`` unless the tables are there and of this version."""

        def attempt() -> None:
            with self.translated(), self._open().writers.connect() as connection:
                require_head(connection)

        try_again(attempt)

    def check(self) -> str:
        """Return the server's name and version; raise ``StoreUnavailableError`` unless it answers."""
        with self.translated(), self._open().writers.connect() as connection:
            return f"PostgreSQL {connection.execute(text('SHOW server_version')).scalar_one()}"

    def close(self) -> None:
        """Close the connections not in use that the engine itself pools."""
        with self._opening:
            engines, self._engines, self._checked = self._engines, None, False
        if engines is not None:
            engines.writers.dispose()

    def intake(self, intake: Intake, rows: Sequence[tuple[Any, ...]]) -> Sequence[bool]:
        """See ``Database``. One statement, whatever the number of rows, with an array for each column."""
        statement = _intake_statement(intake)
        at = rows[0][-1] if intake.clock is None and rows else None
        arrays = [list(column) for column in zip(*rows, strict=True)][: len(intake.columns)]
        values = [*arrays, at] if intake.clock is None else arrays
        key = [intake.columns.index(column) for column in intake.key]

        def attempt() -> list[bool]:
            with (
                self.translated(),
                self._single().connect() as connection,
                _driver(connection).cursor(row_factory=tuple_row) as cursor,
            ):
                stored = set(cursor.execute(statement, values).fetchall())
            if len(stored) == len(rows):
                return [True] * len(rows)
            return [tuple(row[place] for place in key) in stored for row in rows]

        return try_again(attempt) if rows else []

    def moment(self, moment: datetime | None) -> datetime | None:
        """Return it as it is."""
        return moment

    def _single(self) -> Engine:
        return self._ready().single

    def _snapshots(self) -> Engine:
        return self._ready().snapshots

    def _writers(self) -> Engine:
        return self._ready().writers

    def _ready(self) -> _Engines:
        """Return the engines, once the tables were seen to be there."""
        if not self._checked:
            self.require_migrated()
            self._checked = True
        return self._open()

    def _open(self) -> _Engines:
        engines = self._engines
        if engines is not None:
            return engines
        with self._opening:
            if self._engines is None:
                engine = self._make_engine()
                self._engines = _Engines(
                    # One statement is one transaction anyway, and BEGIN and COMMIT are two more trips.
                    single=engine.execution_options(isolation_level="AUTOCOMMIT"),
                    snapshots=engine.execution_options(isolation_level="REPEATABLE READ"),
                    writers=engine,
                )
            return self._engines

    def _explain(self, error: BaseException) -> VariateError:
        return explain_postgres(error, operational=(psycopg.OperationalError, psycopg.InterfaceError))


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    found = connection.connection.driver_connection
    if not isinstance(found, psycopg.Connection):
        raise TypeError("the connection is not one of psycopg")
    return found


@cache
def _intake_statement(intake: Intake) -> str:
    """Return one INSERT from arrays, which in binary cost a tenth of the client's time.

    All rows go by the order of their keys: two calls that share keys then wait for each other, and never in a circle.
    """
    table = intake.table.name
    names = ", ".join(intake.columns)
    keys = ", ".join(intake.key)
    arrays = ", ".join(f"%b::{_array_type(intake, column)}[]" for column in intake.columns)
    given = ", ".join(
        f"new.{column}::json" if _sql_type(intake, column) == "JSON" else f"new.{column}" for column in intake.columns
    )
    clock = "%b::timestamptz" if intake.clock is None else f"excluded.{intake.clock}"
    sets = ", ".join(f"{column} = excluded.{column}" for column in intake.columns if column not in intake.key)
    if intake.numbered is not None:
        sets += f", {intake.numbered} = DEFAULT"
    return (
        f"INSERT INTO {table} ({names}) SELECT {given} FROM unnest({arrays}) AS new ({names}) "  # noqa: S608 - our own names
        f"{_unless_there(intake)} ORDER BY {', '.join(f'new.{column}' for column in intake.key)} "
        f"ON CONFLICT ({keys}) DO UPDATE SET {sets} WHERE {table}.expires_at <= {clock} RETURNING {keys}"
    )


def _unless_there(intake: Intake) -> str:
    """Return the condition that leaves out what often stands already.

    ON CONFLICT would lock it, and a call that stores nothing would wait for the disk like one that does. The OFFSET
    keeps the planner from reading the whole table to join it: each row is one look into the index.
    """
    if not intake.often_there:
        return ""
    table = intake.table.name
    same = " AND ".join(f"old.{column} = new.{column}" for column in intake.key)
    return (
        f"WHERE NOT EXISTS (SELECT 1 FROM {table} AS old WHERE {same}"  # noqa: S608 - our own names
        f" AND (old.expires_at IS NULL OR old.expires_at > new.{intake.clock}) OFFSET 0)"
    )


def _sql_type(intake: Intake, column: str) -> str:
    return intake.table.c[column].type.compile(dialect=_DIALECT)


def _array_type(intake: Intake, column: str) -> str:
    found = _sql_type(intake, column)
    return found if found in {"BIGINT", "DOUBLE PRECISION", "TIMESTAMP WITH TIME ZONE"} else "TEXT"
