"""PostgreSQL: a platform of the postgres profile beside psycopg, on databases of the same tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import psycopg

from benchmarks import sql
from benchmarks.engines import Engines
from benchmarks.line import Line
from variate import Platform, Settings
from variate.settings import Profile


class BarePsycopg:
    """``psycopg`` 3: executemany (which pipelines), one transaction a call, synchronous_commit as the server has it."""

    name = "psycopg"

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._statements = {
            table: f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})".encode()
            for table, columns in sql.COLUMNS.items()
        }

    def moment(self, moment: datetime) -> object:
        """Return the moment itself."""
        return moment

    def insert(self, table: str, rows: Sequence[sql.Row]) -> None:
        """Insert the rows in one transaction."""
        with self._connection.cursor() as cursor:
            if len(rows) == 1:
                cursor.execute(self._statements[table], rows[0])
            else:
                cursor.executemany(self._statements[table], rows)
        self._connection.commit()


class BareCopy(BarePsycopg):
    """``psycopg``'s COPY: quicker, but one row that is there already fails them all."""

    name = "psycopg's COPY"

    def insert(self, table: str, rows: Sequence[sql.Row]) -> None:
        """Copy the rows in one transaction."""
        statement = f"COPY {table} ({', '.join(sql.COLUMNS[table])}) FROM STDIN".encode()
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
        self._connection.commit()


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield the lines of PostgreSQL."""
    ours, beside = (Settings(profile=Profile.POSTGRES, database_url=engines.postgres_url()) for _ in ("ours", "beside"))
    with Platform.open(beside) as platform:
        platform.migrate()  # only for the tables and indexes
    with Platform.open(ours) as platform, psycopg.connect(beside.database_url or "") as connection:
        platform.migrate()
        for contest in sql.contests("PostgreSQL", platform, BarePsycopg(connection), turns=turns):
            yield contest.run()
        what = f"PostgreSQL: batch_create_events, {sql.BATCH} a transaction, users in no order"
        yield sql.event_batches(what, platform, BareCopy(connection), turns=turns).run()
