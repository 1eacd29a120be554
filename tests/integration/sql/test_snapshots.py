"""Snapshots in SQL: what was damaged, and how much a purge deletes at a time."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from variate.errors import StoreError
from variate.stores.packing import packed
from variate.stores.sql import Database, SqlSnapshotStore
from variate.stores.sql.schema import snapshots
from variate.testing.builders import build_publication, build_snapshot, minutes_after_start
from variate.testing.clocks import START


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
