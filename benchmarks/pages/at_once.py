"""Databases that write a great deal at once: what stores write within a block is of one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Connection

from variate.stores.sql import PostgresDatabase, SQLiteDatabase
from variate.stores.sql.database import Database

T = TypeVar("T")


class _AtOnce(Database):
    _writing: Connection | None = None

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Have all that is written within the block be of one transaction, durable at its end. Of one thread only."""
        with self._writers().connect() as connection:
            connection.begin()
            self._writing = connection
            try:
                yield
                connection.commit()
            finally:
                self._writing = None

    def write(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns."""
        return super().write(work) if self._writing is None else work(self._writing)

    def write_once(self, work: Callable[[Connection], T]) -> T:
        """Return what ``work`` returns."""
        return super().write_once(work) if self._writing is None else work(self._writing)


class SQLiteAtOnce(_AtOnce, SQLiteDatabase):
    """A file."""


class PostgresAtOnce(_AtOnce, PostgresDatabase):
    """A database of PostgreSQL's."""
