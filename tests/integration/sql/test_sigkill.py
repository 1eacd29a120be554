"""A process killed while it takes in events loses none that it acknowledged, and sending again doubles none."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.engines.databases import open_postgres
from variate.model import MAX_PAGE, Event, VerdictStatus
from variate.stores.sql import Database, SqlEventStore, SQLiteDatabase
from variate.testing.builders import build_event
from variate.testing.clocks import START

_BATCH = 50
_INGEST = """
import sys
from tests.integration.sql.test_sigkill import batch, open_database
from variate.stores.sql import SqlEventStore
from variate.testing.clocks import START

store = SqlEventStore(open_database(sys.argv[1]))
for number in range(int(sys.argv[2]), 10_000):
    store.append(batch(number), at=START)
    print(number, flush=True)
"""


def batch(number: int) -> list[Event]:
    """The events of one batch, the same each time it is sent."""
    return [build_event(f"{number}-{place}", unit=f"unit-{number}", experiment_id="e") for place in range(_BATCH)]


def open_database(address: str) -> Database:
    """The database of a file or a URL."""
    return open_postgres(address) if address.startswith("postgresql://") else SQLiteDatabase(Path(address))


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_what_was_acknowledged_before_a_kill_is_there_once(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    address = str(tmp_path / "variate.db") if engine == "sqlite" else str(request.getfixturevalue("postgres_url"))
    database = open_database(address)
    database.migrate()
    store = SqlEventStore(database)
    acknowledged: list[int] = []
    for round_ in range(4):
        first = len(acknowledged)
        acknowledged += _ingest_until_killed(address, first=first, after=3 + 7 * round_)
        assert acknowledged == list(range(len(acknowledged)))
        for number in acknowledged[first:]:
            assert len(store.of_unit(f"unit-{number}", at=START, limit=MAX_PAGE)) == _BATCH
            assert set(store.append(batch(number), at=START)) == {VerdictStatus.DUPLICATE}
        # The batch under way was stored whole or not at all; sending it again is right in either case.
        interrupted = len(acknowledged)
        assert len(store.of_unit(f"unit-{interrupted}", at=START, limit=MAX_PAGE)) in (0, _BATCH)
        store.append(batch(interrupted), at=START)
        assert len(store.of_unit(f"unit-{interrupted}", at=START, limit=MAX_PAGE)) == _BATCH
        acknowledged.append(interrupted)
    assert _count(store) == _BATCH * len(acknowledged)
    database.close()


def _ingest_until_killed(address: str, *, first: int, after: int) -> list[int]:
    """Let a process take in batches from ``first``; kill it after so many; return those it acknowledged."""
    child = subprocess.Popen([sys.executable, "-c", _INGEST, address, str(first)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    found = [int(child.stdout.readline()) for _ in range(after)]
    child.kill()
    found += [int(line) for line in child.stdout.read().splitlines(keepends=True) if line.endswith("\n")]
    child.wait()
    child.stdout.close()
    return found


def _count(store: SqlEventStore) -> int:
    count = 0
    key: str | None = None
    while True:
        page = store.window(start=START, end=START + timedelta(days=1), at=START, limit=MAX_PAGE, last_key=key)
        count += len(page)
        key = page.last_key
        if key is None:
            return count
