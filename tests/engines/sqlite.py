"""Has a new SQLite file get its tables quickly: by what the migrations left behind in the first one.

The migrations take 50 ms of the processor, more than most tests that need a file, and thousands do. They run once in
each process of tests; a file that is empty after that gets what they made, row for row. A test of the migrations
themselves asks for ``by_migrations``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection

from variate.stores.sql import sqlite as product
from variate.stores.sql.migrating import upgrade

_SCHEMA = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"


@dataclass
class _Tables:
    """What the migrations do to an empty file, once they have been seen to do it, and how they tell of it."""

    statements: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def make(self, connection: Connection) -> list[str]:
        """Stand in for ``upgrade``."""
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        if driver.execute("SELECT count(*) FROM sqlite_schema").fetchone() != (0,):
            return upgrade(connection)
        if not self.statements:
            self.told = upgrade(connection)
            rows = [each for each in driver.iterdump() if each.startswith("INSERT ")]
            self.statements = [*(sql for (sql,) in driver.execute(_SCHEMA)), *rows]
        else:
            for statement in self.statements:
                driver.execute(statement)
        return [*self.told]


@pytest.fixture(scope="session", autouse=True)
def sqlite_tables() -> Iterator[None]:
    """For the whole session, have new files made from what the first one became."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(product, "upgrade", _Tables().make)
        yield


@pytest.fixture
def by_migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the files of a test made as a user's are."""
    monkeypatch.setattr(product, "upgrade", upgrade)
