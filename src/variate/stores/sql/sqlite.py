"""SQLite in one file: many readers, and one writer per process.

WAL, ``synchronous=FULL``, checkpoints from the writer only, and no ``mmap``: SQLite before 3.51.3 can damage a file
when two connections write and checkpoint at once, so what a process can do to prevent it is done here.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import QueuePool

from variate.errors import NotMigratedError, StoreError, StoreUnavailableError, VariateError
from variate.stores.sql.columns import to_micros
from variate.stores.sql.database import Database, Intake
from variate.stores.sql.failures import explain_sqlite
from variate.stores.sql.forking import ForkGate, RestsAtForks
from variate.stores.sql.migrating import require_head, upgrade
from variate.stores.sql.retrying import try_again

logger = logging.getLogger("variate.stores")

BUSY_SECONDS = 10.0
"""How long a writer waits for the one of another process."""
FORK_SECONDS = 10.0
"""How long a fork waits for the transactions under way."""
QUEUE_SECONDS = 30.0
"""How long a thread waits for this process's writer."""

_WRITER = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # 32 MiB: a million assignments kept in one call, which returns them all, then stay under 300 MB in all.
    "PRAGMA cache_size = -32768",
    # Rows come in at random places of the indexes: a page that waits in the log is often written to again.
    "PRAGMA wal_autocheckpoint = 8000",
    "PRAGMA journal_size_limit = 67108864",
)
_READER = ("PRAGMA query_only = ON", "PRAGMA wal_autocheckpoint = 0", "PRAGMA cache_size = -16384")
# A migration copies tables that others refer to; whether all still refer to something is checked at its end.
_MIGRATION = ("PRAGMA synchronous = FULL", "PRAGMA foreign_keys = OFF")


@dataclass(frozen=True, slots=True)
class _Opened:
    single: Engine
    snapshots: Engine
    writers: Engine
    file: tuple[int, int] | None

    def dispose(self) -> None:
        """Close the connections, the writer last, so that it is the one to checkpoint."""
        self.single.dispose()
        self.snapshots.dispose()
        self.writers.dispose()


class SQLiteDatabase(Database, RestsAtForks):
    """The file at ``path``, made and migrated at the first use, its folder too. Survives a fork."""

    driver_error = sqlite3.Error
    first_statement = "SELECT 1"
    insert = staticmethod(insert)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._gate = ForkGate()
        self._opening = threading.Lock()
        self._opened: _Opened | None = None
        self._is_at_rest = True
        self._is_inherited = False
        self._is_gone = False
        """Whether the file that was open is not there any more, and nobody said to begin anew."""

    def migrate(self) -> Sequence[str]:
        """Make the folder and the file where they are missing, and bring the tables to this version."""
        with self.translated():
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreUnavailableError(f"{self._path.parent} cannot be made: {error}") from error
            done = try_again(self._migrate)
            self._is_gone = False
            return done

    def require_migrated(self) -> None:
        """Raise ``NotMigratedError`` unless the file is there, with tables of this version. Makes nothing."""
        with self.translated():
            if not self._path.exists():
                raise NotMigratedError(f"{self._path} is not there: run variate migrate, or use it, which makes it")
            engine = self._engine(_READER, size=1)
            try:
                with engine.connect() as connection:
                    require_head(connection)
            finally:
                engine.dispose()

    def check(self) -> str:
        """Return the library's version; raise unless the file can be read or, if not there, be made. Makes nothing."""
        with self.translated():
            if self._path.exists():
                with suppress(NotMigratedError):
                    self.require_migrated()
            else:
                parent = next(folder for folder in self._path.absolute().parents if folder.exists())
                if not (parent.is_dir() and os.access(parent, os.W_OK)):
                    raise StoreUnavailableError(f"{self._path} cannot be made: {parent} is no folder we can write to")
        return f"SQLite {sqlite3.sqlite_version}"

    def close(self) -> None:
        """Close every connection not in use. The next use opens new ones."""
        with self._gate.inside(), self._opening:
            self._dispose()

    def intake(self, intake: Intake, rows: Sequence[tuple[Any, ...]]) -> Sequence[bool]:
        """See ``Database``. Of many rows, in the usual case that none stands, their count alone says so."""
        statement = _intake_statement(intake)

        def together(connection: Connection) -> list[bool]:
            if _driver(connection).executemany(statement, rows).rowcount < len(rows):
                raise _SomeStandError
            return [True] * len(rows)

        def one_by_one(connection: Connection) -> list[bool]:
            execute = _driver(connection).execute
            return [execute(statement, row).rowcount == 1 for row in rows]

        if len(rows) == 1:
            return self.write(one_by_one)
        try:
            return self.write(together)
        except _SomeStandError:
            return self.write(one_by_one)

    def moment(self, moment: datetime | None) -> int | None:
        """Return whole microseconds from 1970."""
        return None if moment is None else to_micros(moment)

    def _single(self) -> Engine:
        return self._open().single

    def _snapshots(self) -> Engine:
        return self._open().snapshots

    def _writers(self) -> Engine:
        return self._open().writers

    def _explain(self, error: BaseException) -> VariateError:
        return explain_sqlite(error)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Let no error of SQLAlchemy or of the driver pass, and no fork in between."""
        with self._gate.inside(), super().translated():
            try:
                yield
            except OSError as error:
                raise self._explain(error) from error

    def rest(self) -> None:
        """Before a fork: let what is under way end, let nothing begin, and close every connection.

        SQLite remembers, for the process, which locks its connections hold. A child that inherited an open one would
        take the parent's locks for its own, and could not be trusted with the file.
        """
        self._is_at_rest = self._gate.shut(timeout_seconds=FORK_SECONDS)
        if self._is_at_rest:
            self._dispose()

    def resume(self) -> None:
        """After a fork, in the parent."""
        self._gate.reopen()

    def begin_anew(self) -> None:
        """After a fork, in the child."""
        self._is_inherited = not self._is_at_rest
        self._gate = ForkGate()
        self._opening = threading.Lock()
        if self._opened is not None:
            _inherited.append(self._opened)
            self._opened = None

    def _dispose(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.dispose()

    def _open(self) -> _Opened:
        if self._is_inherited:
            raise StoreError(
                f"{self._path}: this process was forked in the middle of a transaction on it; "
                "fork at another moment, or start the process anew"
            )
        opened = self._opened
        if opened is not None and opened.file == _file_at(self._path):
            return opened
        with self._opening:
            if opened is not None and self._opened is opened:  # else another thread was told, and what is there is new
                self._dispose()
                self._tell_of_the_loss()
            if self._opened is None:
                self._opened = self._newly_opened()
            return self._opened

    def _tell_of_the_loss(self) -> None:
        """The file that was open is not the one at its path. An empty one in place of it would pass for the old one."""
        self._is_gone = _file_at(self._path) is None
        told = f"{self._path} was moved, removed or replaced: what is written to the old file would be lost"
        logger.error(told)
        if not self._is_gone:
            # Not one that is tried again by itself. Where a decision is content without the ledger, the log has told.
            raise StoreError(f"{told}; put it back where that was a mistake, the next call opens what is there")

    def _newly_opened(self) -> _Opened:
        if self._is_gone and _file_at(self._path) is None:
            raise StoreUnavailableError(
                f"{self._path} was there and is gone: put it back, or begin anew with variate migrate"
            )
        if not self._is_at_head():
            self.migrate()
        return _Opened(
            single=self._engine(_READER, size=16),
            snapshots=_begins(self._engine(_READER, size=4), "BEGIN"),
            writers=_begins(self._engine(_WRITER, size=1, overflow=0), "BEGIN IMMEDIATE"),
            file=_file_at(self._path),
        )

    def _is_at_head(self) -> bool:
        try:
            self.require_migrated()
        except NotMigratedError:
            return False
        return True

    def _migrate(self) -> list[str]:
        engine = _begins(self._engine(_MIGRATION, size=1), "BEGIN IMMEDIATE")
        try:
            with self.translated(), engine.connect() as connection:
                _driver(connection).execute("PRAGMA journal_mode = WAL")
                with connection.begin():
                    done = upgrade(connection)
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                    if broken is not None:
                        raise NotMigratedError(f"a row of {broken[0]} refers to nothing: repair it, then migrate again")
                    return done
        finally:
            engine.dispose()

    def _engine(self, pragmas: Sequence[str], *, size: int, overflow: int = 16) -> Engine:
        path = str(self._path.absolute())

        def connect() -> sqlite3.Connection:
            # autocommit: transactions begin where we say, not where the driver guesses
            connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                for pragma in pragmas:
                    connection.execute(pragma)
            except BaseException:
                connection.close()
                raise
            return connection

        return create_engine(
            "sqlite://",
            creator=connect,
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=overflow,
            pool_timeout=QUEUE_SECONDS,
        )


def _file_at(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at the path from any other one, or None where there is none."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


class _SomeStandError(Exception):
    """Some row stayed out, so the transaction is undone: which one has to be seen row by row."""


def _driver(connection: Connection) -> sqlite3.Connection:
    found = connection.connection.driver_connection
    if not isinstance(found, sqlite3.Connection):
        raise TypeError("the connection is not one of sqlite3")
    return found


def _begins(engine: Engine, statement: str) -> Engine:
    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        _driver(connection).execute(statement)

    return engine


@cache
def _intake_statement(intake: Intake) -> str:
    table = intake.table.name
    clock = "?" if intake.clock is None else f"excluded.{intake.clock}"
    sets = ", ".join(f"{column} = excluded.{column}" for column in intake.columns if column not in intake.key)
    if intake.numbered is not None:
        sets += f", {intake.numbered} = (SELECT max({intake.numbered}) + 1 FROM {table})"  # noqa: S608 - our own names
    return (
        f"INSERT INTO {table} ({', '.join(intake.columns)}) VALUES ({', '.join('?' for _ in intake.columns)}) "  # noqa: S608 - our own names
        f"ON CONFLICT ({', '.join(intake.key)}) DO UPDATE SET {sets} WHERE {table}.expires_at <= {clock}"
    )


_inherited: list[_Opened] = []
"""Connections of a parent that forked in the middle of a transaction: closing them would act on its locks."""
