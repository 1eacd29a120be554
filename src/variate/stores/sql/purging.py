"""Deleting what has expired, a little at a time, so that no writer waits long."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Table, delete, select, tuple_

from variate.stores.sql.database import Database

_ROWS_A_TIME = 5_000


def purge_expired(database: Database, table: Table, key: tuple[str, ...], *, expired_before: datetime) -> int:
    """Delete the rows whose ``expires_at`` is before this, and return how many there were."""
    columns = [table.c[name] for name in key]
    expired = select(*columns).where(table.c.expires_at < expired_before).limit(_ROWS_A_TIME)
    statement = delete(table).where(tuple_(*columns).in_(expired), table.c.expires_at < expired_before)

    def work(connection: Connection) -> int:
        return connection.execute(statement).rowcount

    purged = 0
    while found := database.write(work):
        purged += found
    return purged
