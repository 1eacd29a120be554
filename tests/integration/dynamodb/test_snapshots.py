"""Snapshots beside the serving copies in DynamoDB: whose id is whose, and what is left of a put or purge that ended."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines.tables import FreshTables
from tests.integration.dynamodb.stumbling import StumblingTables, cancelled, refused
from variate.errors import ConflictError, StoreError, StoreUnavailableError
from variate.model.rules import SEALED_MARK
from variate.model.snapshot import Snapshot
from variate.stores.dynamodb import DynamoDBServingStore, DynamoDBSnapshotStore
from variate.testing.builders import build_experiment, build_publication, build_snapshot, minutes_after_start
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together

LARGE = Snapshot.of("".join(f"{number * 2654435761 % 2**32:08x}" for number in range(200_000)))
"""Some parts long, also when it is compressed."""


def _items(tables: FreshTables) -> list[dict[str, Any]]:
    pages = tables.client.get_paginator("scan").paginate(TableName=tables.table_name("experiments"))
    return [item for page in pages for item in page["Items"]]


def _delete(tables: FreshTables, item_id: str) -> None:
    tables.client.delete_item(TableName=tables.table_name("experiments"), Key={"id": {"S": item_id}})


def _parts(tables: FreshTables) -> list[str]:
    return sorted(item["id"]["S"] for item in _items(tables) if "data" in item)


def test_an_experiment_whose_id_is_that_of_another_item_has_a_copy_of_its_own(tables: FreshTables) -> None:
    snapshots, serving = DynamoDBSnapshotStore(tables), DynamoDBServingStore(tables)
    snapshots.put(LARGE, at=START)
    snapshots.append(build_publication(LARGE))
    ids = [item["id"]["S"] for item in _items(tables)]
    assert len(ids) > 5
    for each in ids:
        assert serving.get(each) is None
    copies = [
        build_experiment(each) for each in [*ids, f"experiment#{ids[0]}", "experiment#", "experiment", "snapshot"]
    ]
    for copy in copies:
        serving.put(copy)
    assert [serving.get(copy.id) for copy in copies] == copies
    assert snapshots.get(LARGE.digest) == LARGE
    assert [each.digest for each in snapshots.publications("production", limit=10)] == [LARGE.digest]


def test_a_part_that_is_gone_is_told(tables: FreshTables) -> None:
    store = DynamoDBSnapshotStore(tables)
    store.put(LARGE, at=START)
    parts = _parts(tables)
    assert len(parts) > 1
    _delete(tables, parts[-1])
    with pytest.raises(StoreError, match="lacks a part"):
        store.get(LARGE.digest)


def test_what_was_damaged_is_cleared_by_the_next_purge_once_it_was_put_again(tables: FreshTables) -> None:
    store = DynamoDBSnapshotStore(tables)
    store.put(LARGE, at=START)
    store.append(build_publication(LARGE))
    whole = len(_items(tables))
    _delete(tables, _parts(tables)[0])
    store.put(LARGE, at=minutes_after_start(1))
    assert len(_items(tables)) > whole
    assert store.purge(superseded_before=minutes_after_start(1)) == 0
    assert len(_items(tables)) == whole
    assert store.get(LARGE.digest) == LARGE


def test_what_is_sealed_is_put_anew_since_nobody_here_can_see_whether_it_opens(tables: FreshTables) -> None:
    store = DynamoDBSnapshotStore(tables)
    for sealed in (f"{SEALED_MARK}:{key}" for key in ("lost", "known")):
        store.put(Snapshot(sealed, sealed_digest=LARGE.digest), at=START)
        found = store.get(LARGE.digest)
        assert found is not None
        assert found.text == sealed


def test_a_publication_that_is_gone_is_told(tables: FreshTables) -> None:
    store, snapshot = DynamoDBSnapshotStore(tables), build_snapshot()
    store.put(snapshot, at=START)
    for sequence in (1, 2, 3):
        store.append(build_publication(snapshot, sequence=sequence))
    _delete(tables, "publication#production#2")
    with pytest.raises(StoreError, match="publication#production#2"):
        store.publications("production", limit=10)


@pytest.mark.parametrize("puts", [0, 1, 2])
def test_a_put_that_ended_in_between_shows_nothing_and_the_next_purge_clears_it(tables: FreshTables, puts: int) -> None:
    def engine(real: Any, request: dict[str, Any]) -> Any:
        return real(**request)

    broken = StumblingTables(tables, "put_item", *[engine] * puts, *[refused("ValidationException")] * 50)
    with pytest.raises(StoreError):
        DynamoDBSnapshotStore(broken).put(LARGE, at=START)
    assert len(_items(tables)) == puts
    store = DynamoDBSnapshotStore(tables)
    assert store.get(LARGE.digest) is None
    assert store.purge(superseded_before=START) == 0
    assert len(_items(tables)) == puts
    assert store.purge(superseded_before=minutes_after_start(1)) == 0
    assert _items(tables) == []


def test_a_purge_that_ended_in_between_is_ended_by_the_next(tables: FreshTables) -> None:
    store = DynamoDBSnapshotStore(tables)
    store.put(LARGE, at=START)
    broken = StumblingTables(tables, "batch_write_item", *[refused("ValidationException")] * 50)
    with pytest.raises(StoreError):
        DynamoDBSnapshotStore(broken).purge(superseded_before=minutes_after_start(1))
    assert store.get(LARGE.digest) is None
    assert len(_parts(tables)) > 1
    assert store.purge(superseded_before=minutes_after_start(1)) == 0
    assert _items(tables) == []


def test_a_put_whose_payload_is_purged_meanwhile_stores_another(tables: FreshTables) -> None:
    store = DynamoDBSnapshotStore(tables)

    def purge_first(real: Any, request: dict[str, Any]) -> Any:
        store.purge(superseded_before=minutes_after_start(1))
        return real(**request)

    DynamoDBSnapshotStore(StumblingTables(tables, "transact_write_items", purge_first)).put(LARGE, at=START)
    assert store.get(LARGE.digest) == LARGE
    assert len({item["token"]["S"] for item in _items(tables) if "token" in item}) == 1


def test_a_put_whose_payload_is_purged_between_two_parts_leaves_none_that_no_purge_finds(tables: FreshTables) -> None:
    store = DynamoDBSnapshotStore(tables)

    def engine(real: Any, request: dict[str, Any]) -> Any:
        return real(**request)

    def purge_first(real: Any, request: dict[str, Any]) -> Any:
        store.purge(superseded_before=minutes_after_start(1))
        return real(**request)

    broken = StumblingTables(tables, "put_item", engine, engine, purge_first)
    DynamoDBSnapshotStore(broken).put(LARGE, at=START)
    assert broken.left == 0
    assert store.get(LARGE.digest) == LARGE
    assert store.purge(superseded_before=minutes_after_start(1)) == 1
    assert _items(tables) == []


def test_a_put_that_is_counted_and_told_that_it_is_refused_stays_whole(tables: FreshTables) -> None:
    """The engine did it, its answer was lost, and asked again it finds that another counts: this one."""

    def engine_twice(real: Any, request: dict[str, Any]) -> Any:
        real(**request)
        return real(**request)

    broken = StumblingTables(tables, "transact_write_items", engine_twice)
    DynamoDBSnapshotStore(broken).put(LARGE, at=START)
    assert DynamoDBSnapshotStore(tables).get(LARGE.digest) == LARGE


def test_a_put_that_comes_to_count_while_it_is_purged_stays_whole(tables: FreshTables) -> None:
    """The purge has looked at the payload, which counts nowhere yet, and is about to delete it."""
    store = DynamoDBSnapshotStore(tables)
    held: list[dict[str, Any]] = []

    def hold(real: Any, request: dict[str, Any]) -> Any:
        held.append(request)
        return refused("ValidationException")(real, request)

    with pytest.raises(StoreError):
        DynamoDBSnapshotStore(StumblingTables(tables, "transact_write_items", hold)).put(LARGE, at=START)

    def count_first(real: Any, request: dict[str, Any]) -> Any:
        tables.client.transact_write_items(**held[0])
        return real(**request)

    purging = DynamoDBSnapshotStore(StumblingTables(tables, "put_item", count_first))
    assert purging.purge(superseded_before=minutes_after_start(1)) == 0
    assert store.get(LARGE.digest) == LARGE


def test_of_two_who_put_at_once_nothing_is_left_but_what_counts(tables: FreshTables) -> None:
    store = DynamoDBSnapshotStore(tables)
    together(8, lambda _: store.put(LARGE, at=START))
    store.append(build_publication(LARGE))
    assert store.purge(superseded_before=minutes_after_start(1)) == 0
    assert store.get(LARGE.digest) == LARGE
    assert len({item["token"]["S"] for item in _items(tables) if "token" in item}) == 1


def test_parts_of_one_who_ended_in_between_do_not_mix_with_those_of_another(tables: FreshTables) -> None:
    """Sealed, the same snapshot has other bytes each time."""
    one, other = (Snapshot(f"$sealed:{mark}{LARGE.text}", sealed_digest=LARGE.digest) for mark in "ab")
    store = DynamoDBSnapshotStore(tables)

    def engine(real: Any, request: dict[str, Any]) -> Any:
        return real(**request)

    def let_another_put(real: Any, request: dict[str, Any]) -> Any:
        store.put(other, at=START)
        return real(**request)

    broken = StumblingTables(tables, "put_item", engine, let_another_put, *[refused("ValidationException")] * 50)
    with pytest.raises(StoreError):
        DynamoDBSnapshotStore(broken).put(one, at=START)
    assert store.get(LARGE.digest) == other


def test_an_append_that_meets_another_write_is_tried_again_and_a_conflict_is_told(tables: FreshTables) -> None:
    snapshot = build_snapshot()
    DynamoDBSnapshotStore(tables).put(snapshot, at=START)
    for code in ("TransactionConflict", "ThrottlingError"):
        busy = StumblingTables(tables, "transact_write_items", cancelled(code), cancelled("None", "None", code))
        store = DynamoDBSnapshotStore(busy)
        latest = store.latest("production")
        store.append(build_publication(snapshot, sequence=1 if latest is None else latest.sequence + 1))
        assert busy.left == 0
    late = StumblingTables(tables, "transact_write_items", cancelled("ConditionalCheckFailed", "None"))
    with pytest.raises(ConflictError):
        DynamoDBSnapshotStore(late).append(build_publication(snapshot, sequence=3))
    used = StumblingTables(tables, "transact_write_items", cancelled("None", "None", "ConditionalCheckFailed"))
    DynamoDBSnapshotStore(used).append(build_publication(snapshot, sequence=3))
    assert used.left == 0


def test_reads_that_the_engine_leaves_undone_are_asked_for_again(tables: FreshTables) -> None:
    def leave_all_but_one(real: Any, request: dict[str, Any]) -> Any:
        ((name, wanted),) = request["RequestItems"].items()
        rest = {name: wanted | {"Keys": wanted["Keys"][1:]}}
        return real(RequestItems={name: wanted | {"Keys": wanted["Keys"][:1]}}) | {"UnprocessedKeys": rest}

    def leave_all(real: Any, request: dict[str, Any]) -> Any:
        return {"Responses": {}, "UnprocessedKeys": request["RequestItems"]}

    DynamoDBSnapshotStore(tables).put(LARGE, at=START)
    few = StumblingTables(tables, "batch_get_item", leave_all_but_one, leave_all, leave_all_but_one)
    assert DynamoDBSnapshotStore(few).get(LARGE.digest) == LARGE
    assert few.left == 0


def test_an_engine_that_is_away_is_told(tables: FreshTables) -> None:
    for operation in ("get_item", "put_item"):
        away = StumblingTables(tables, operation, *[refused("InternalServerError", status=500)] * 50)
        with pytest.raises(StoreUnavailableError):
            DynamoDBSnapshotStore(away).put(build_snapshot(), at=START)
