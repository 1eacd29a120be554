"""Snapshots in SQL: what was damaged, and how much a purge deletes at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from sqlalchemy import update

from tests.engines.databases import open_postgres
from variate.errors import StoreError
from variate.stores.packing import packed
from variate.stores.sql import Database, SqlSnapshotStore
from variate.stores.sql.schema import snapshots
from variate.testing.builders import build_publication, build_snapshot, minutes_after_start
from variate.testing.clocks import START
from variate.testing.waiting import wait_until


@pytest.mark.parametrize("damage", [b"", b"x" * 100, packed(build_snapshot("another"))], ids=["empty", "junk", "other"])
def test_what_was_damaged_is_refused(database: Database, damage: bytes) -> None:
    store, snapshot = SqlSnapshotStore(database), build_snapshot()
    store.put(snapshot, at=START)
    database.write(lambda connection: connection.execute(update(snapshots).values(data=damage)))
    with pytest.raises(StoreError, match=snapshot.digest):
        store.get(snapshot.digest)


def test_purging_goes_on_until_all_is_gone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("variate.stores.sql.snapshots._DELETES_A_TIME", 4)
    store, stays = SqlSnapshotStore(database), build_snapshot()
    store.put(stays, at=START)
    store.append(build_publication(stays))
    for _ in range(11):
        store.put(build_snapshot(), at=START)
    assert store.purge(superseded_before=minutes_after_start(1)) == 11
    assert store.get(stays.digest) == stays


def test_what_is_published_while_a_purge_waits_for_it_stays(postgres_url: str) -> None:
    database, snapshot = open_postgres(postgres_url), build_snapshot()
    database.migrate()
    store = SqlSnapshotStore(database)
    store.put(snapshot, at=START)
    with psycopg.connect(postgres_url) as publisher, psycopg.connect(postgres_url, autocommit=True) as watcher:

        def is_waiting() -> bool:
            query = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            return watcher.execute(query).fetchone() is not None

        publisher.execute("UPDATE snapshots SET used_at = used_at + interval '1 day'")
        with ThreadPoolExecutor(1) as pool:
            purge = pool.submit(store.purge, superseded_before=minutes_after_start(1))
            wait_until(is_waiting, what="the purge to wait for the publication")
            publisher.commit()
            assert purge.result(60) == 0
    assert store.get(snapshot.digest) == snapshot
    database.close()
