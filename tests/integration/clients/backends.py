"""What the server says about a client's connections."""

from __future__ import annotations

import psycopg

from variate.clients import PostgresClient


def connections(observer: psycopg.Connection) -> int:
    found = observer.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    ).fetchone()
    assert found is not None
    return int(found[0])


def end_all(observer: psycopg.Connection) -> None:
    observer.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def backend(client: PostgresClient) -> int:
    with client.get_cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() AS pid")
        row = cursor.fetchone()
    assert row is not None
    pid: int = row["pid"]
    return pid
