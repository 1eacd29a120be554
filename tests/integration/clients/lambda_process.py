"""A process as Lambda runs one: a handler, invoked with one event a line of standard input."""

from __future__ import annotations

import json
import os
import signal
import sys
from types import FrameType
from typing import Any

import psycopg

from variate.aws.lambdas import lambda_handler
from variate.clients import pg_client, redis_client


@lambda_handler
def handler(event: dict[str, Any]) -> dict[str, Any]:
    with pg_client.get_cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid() AS pid")
        row = cursor.fetchone()
    assert row is not None
    own = pg_client.get_connection().execute("INSERT INTO seen VALUES (%s)", (event["n"],))
    if event["commit"]:
        own.connection.commit()
    cache = redis_client.get_redis_connection()
    return {"pid": row["pid"], "redis": cache.client_id(), "count": cache.incr("count")}


def report(number: int, frame: FrameType | None) -> None:
    """Say at the end how many connections the server still has of us."""
    with psycopg.connect(os.environ["VARIATE_DATABASE_URL"]) as observer:
        found = observer.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'variate'"
        ).fetchone()
    print(json.dumps(found), flush=True)
    os._exit(0)


if __name__ == "__main__":
    if "report" in sys.argv:
        signal.signal(signal.SIGTERM, report)
    for line in sys.stdin:
        print(json.dumps(handler(json.loads(line), None)), flush=True)
