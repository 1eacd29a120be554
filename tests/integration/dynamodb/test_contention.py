"""Writes that meet others, requests done in part, and engines that say less."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.engines.tables import FreshTables
from tests.integration.dynamodb.stumbling import Answer, StumblingTables, cancelled, refused, without_item
from variate.errors import ConflictError, NotFoundError, StoreError, StoreUnavailableError
from variate.model import Document, FlagStatus, VerdictStatus
from variate.stores.dynamodb import (
    DynamoDBAssignmentStore,
    DynamoDBEventStore,
    DynamoDBFlagStore,
    DynamoDBOverrideStore,
)
from variate.stores.dynamodb.events import SLOTS
from variate.stores.dynamodb.writes import persistently
from variate.testing.builders import (
    build_assignment,
    build_audit_entry,
    build_event,
    build_flag,
    build_override,
)
from variate.testing.clocks import START


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses taken between attempts; none of them is waited for."""
    taken: list[float] = []
    monkeypatch.setattr(persistently, "sleep", taken.append)
    return taken


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([cancelled("TransactionConflict")], id="a conflict"),
        pytest.param([cancelled("None", "TransactionConflict")] * 3, id="a conflict over some, thrice"),
        pytest.param([cancelled("None", "ThrottlingError")], id="throttling of some"),
        pytest.param([refused("TransactionInProgressException")], id="in progress"),
    ],
)
def test_assignments_that_met_others_are_kept_after_a_pause(
    tables: FreshTables, pauses: list[float], answers: list[Answer]
) -> None:
    source = StumblingTables(tables, "transact_write_items", *answers)
    asked = [build_assignment(f"unit-{number}") for number in range(3)]
    assert list(DynamoDBAssignmentStore(source).keep(asked)) == asked
    assert source.left == 0
    assert len(pauses) == len(answers)
    assert [*DynamoDBAssignmentStore(tables).of_unit("unit-2", at=START, limit=5)] == asked[2:]


def test_of_a_batch_only_what_was_not_refused_goes_again(tables: FreshTables, pauses: list[float]) -> None:
    DynamoDBEventStore(tables).append([build_event("b")], at=START)
    source = StumblingTables(tables, "transact_write_items", cancelled("TransactionConflict"))
    verdicts = DynamoDBEventStore(source).append([build_event(each) for each in "abc"], at=START)
    assert [verdict is VerdictStatus.ACCEPTED for verdict in verdicts] == [True, False, True]
    assert len(pauses) == 1


def test_a_single_put_that_met_a_transaction_is_tried_again(tables: FreshTables, pauses: list[float]) -> None:
    source = StumblingTables(tables, "put_item", *[refused("TransactionConflictException")] * 2)
    assert list(DynamoDBEventStore(source).append([build_event("a")], at=START)) == [VerdictStatus.ACCEPTED]
    assert source.left == 0
    assert len(pauses) == 1


def test_contention_without_end_is_unavailable_and_pauses_grow(tables: FreshTables, pauses: list[float]) -> None:
    source = StumblingTables(tables, "transact_write_items", *[cancelled("TransactionConflict")] * 100)
    with pytest.raises(StoreUnavailableError, match="try again later"):
        DynamoDBAssignmentStore(source).keep([build_assignment(), build_assignment()])
    assert 5 < len(pauses) < 30
    assert sum(pauses) < 30
    assert max(pauses) <= 1


def test_a_put_that_can_never_pass_is_not_tried_again(tables: FreshTables, pauses: list[float]) -> None:
    source = StumblingTables(tables, "transact_write_items", cancelled("None", "ValidationError"))
    with pytest.raises(StoreError, match="ValidationError") as caught:
        DynamoDBAssignmentStore(source).keep([build_assignment(), build_assignment()])
    assert not isinstance(caught.value, StoreUnavailableError)
    assert pauses == []


@pytest.mark.parametrize("others", [0, 2], ids=["alone", "in a batch"])
def test_an_engine_that_does_not_say_what_stands_is_asked(tables: FreshTables, others: int) -> None:
    first = build_assignment("ada", variation="first")
    DynamoDBAssignmentStore(tables).keep([first])
    more = [build_assignment(f"unit-{number}") for number in range(others)]
    source = StumblingTables(tables, "transact_write_items" if others else "put_item", *[without_item] * 5)
    asked = [build_assignment("ada", variation="second"), *more]
    assert list(DynamoDBAssignmentStore(source).keep(asked)) == [first, *more]
    assert source.left == (3 if others else 4)


@pytest.mark.parametrize("others", [0, 2], ids=["alone", "in a batch"])
def test_what_stood_and_is_gone_by_the_time_it_is_asked_for_is_put_again(tables: FreshTables, others: int) -> None:
    more = [build_assignment(f"unit-{number}") for number in range(others)]
    vanished = cancelled("ConditionalCheckFailed", "None", "None")
    if not others:
        vanished = refused("ConditionalCheckFailedException")
    source = StumblingTables(tables, "transact_write_items" if others else "put_item", vanished)
    asked = [build_assignment("ada", variation="first"), *more]
    assert list(DynamoDBAssignmentStore(source).keep(asked)) == asked
    assert DynamoDBAssignmentStore(tables).get(unit="ada", experiment_id="experiment", at=START) == asked[0]


def test_replacing_a_flag_tells_missing_from_changed_where_the_engine_does_not(tables: FreshTables) -> None:
    DynamoDBFlagStore(tables).insert(build_flag("f"), audit=build_audit_entry())
    store = DynamoDBFlagStore(StumblingTables(tables, "transact_write_items", without_item, without_item))
    with pytest.raises(ConflictError):
        store.replace(build_flag("f", revision=3), expected_revision=2, audit=build_audit_entry())
    with pytest.raises(NotFoundError):
        store.replace(build_flag("g", revision=3), expected_revision=2, audit=build_audit_entry())


def test_a_flag_and_its_entry_that_met_another_write_go_again_together(
    tables: FreshTables, pauses: list[float]
) -> None:
    source = StumblingTables(tables, "transact_write_items", cancelled("TransactionConflict", "None"))
    store = DynamoDBFlagStore(source)
    entry = build_audit_entry()
    store.insert(build_flag("f"), audit=entry)
    assert store.get("f") is not None
    assert [each.id for each in store.pending(limit=10)] == [entry.id]
    assert len(pauses) == 1


def test_entries_that_were_left_unsettled_are_settled_after_a_pause(tables: FreshTables, pauses: list[float]) -> None:
    def half(real: Any, request: dict[str, Any]) -> Any:
        ((name, deletes),) = request["RequestItems"].items()
        real(RequestItems={name: deletes[::2]})
        return {"UnprocessedItems": {name: deletes[1::2]}}

    store = DynamoDBFlagStore(tables)
    entries = [build_audit_entry() for _ in range(5)]
    for entry in entries:
        store.insert(build_flag(), audit=entry)
    DynamoDBFlagStore(StumblingTables(tables, "batch_write_item", half, half)).settle([each.id for each in entries])
    assert list(store.pending(limit=10)) == []
    assert len(pauses) == 2


def test_removing_an_override_that_met_another_write_finds_it(tables: FreshTables, pauses: list[float]) -> None:
    override = build_override("ada")
    DynamoDBOverrideStore(tables).put(override)
    store = DynamoDBOverrideStore(StumblingTables(tables, "put_item", refused("TransactionConflictException")))
    at = START + timedelta(seconds=1)
    assert store.remove(unit="ada", target=override.target, target_id=override.target_id, at=at) is True
    assert len(pauses) == 1


def test_a_batch_of_more_bytes_than_a_transaction_takes_is_stored(tables: FreshTables) -> None:
    great = Document('"' + "é" * 190_000 + '"')
    events = [replace(build_event(f"{number:02}"), document=great) for number in range(12)]
    store = DynamoDBEventStore(tables)
    assert set(store.append(events, at=START)) == {VerdictStatus.ACCEPTED}
    assert len(store.of_unit("unit", at=START, limit=100)) == 12


def test_a_flag_that_changes_its_status_while_all_are_listed_is_listed_once(tables: FreshTables) -> None:
    store = DynamoDBFlagStore(tables)
    flag = build_flag("moving", status=FlagStatus.INACTIVE)
    store.insert(flag, audit=build_audit_entry())
    store.insert(build_flag("resting"), audit=build_audit_entry())

    def and_then_it_moves(real: Any, request: dict[str, Any]) -> Any:
        found = real(**request)
        moved = replace(flag, status=FlagStatus.ACTIVE, revision=2, updated_at=START + timedelta(seconds=1))
        store.replace(moved, expected_revision=1, audit=build_audit_entry())
        return found

    found = DynamoDBFlagStore(StumblingTables(tables, "query", and_then_it_moves)).list(limit=10)
    assert [(each.id, each.status.value) for each in found] == [("moving", "active"), ("resting", "inactive")]


def test_events_of_one_moment_are_spread_over_the_slots(tables: FreshTables) -> None:
    DynamoDBEventStore(tables).append([build_event(f"event-{number}") for number in range(200)], at=START)
    items = tables.client.scan(TableName=tables.table_name("events"))["Items"]
    counts = Counter(item["slot"]["S"] for item in items)
    assert set(counts) == set(SLOTS)
    assert max(counts.values()) < 40
