"""SQLite: a platform of the local profile beside ``sqlite3``, on files of the same tables."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime

from benchmarks import sql
from benchmarks.engines import Engines
from benchmarks.line import Line
from variate import Platform, Settings


class BareSQLite:
    """``sqlite3``: executemany, one transaction a call, write-ahead log, synchronous=FULL; its defaults otherwise."""

    name = "sqlite3"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        self._statements = {
            table: f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
            for table, columns in sql.COLUMNS.items()
        }

    def moment(self, moment: datetime) -> object:
        """Return whole microseconds since 1970."""
        return round(moment.timestamp() * 1_000_000)

    def insert(self, table: str, rows: Sequence[sql.Row]) -> None:
        """Insert the rows in one transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.executemany(self._statements[table], rows)
        self._connection.execute("COMMIT")


def connected(settings: Settings) -> closing[sqlite3.Connection]:
    """Return a connection of the bare driver's to the settings' file."""
    return closing(sqlite3.connect(settings.sqlite_path, isolation_level=None))


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield the lines of SQLite."""
    ours = Settings(home=engines.folder / "ours")
    beside = Settings(home=engines.folder / "beside")
    with Platform.open(beside) as platform:
        platform.migrate()  # only for the tables and indexes
    with (
        Platform.open(ours) as platform,
        connected(beside) as connection,
    ):
        platform.migrate()
        for contest in sql.contests("SQLite", platform, BareSQLite(connection), turns=turns):
            yield contest.run()
