"""What the guide's own code wrote is read, and what variate writes is what the guide's own queries expect."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import cycle
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key

from tests.engines.tables import FreshTables
from variate.errors import ConflictError, InvalidInputError, NotFoundError, StoreError
from variate.model import FeatureFlag, FlagStatus, OverrideTarget, format_instant
from variate.stores.dynamodb import (
    DynamoDBAssignmentStore,
    DynamoDBEventStore,
    DynamoDBFlagStore,
    DynamoDBOverrideStore,
    DynamoDBServingStore,
)
from variate.testing.builders import build_assignment, build_audit_entry, build_event, build_experiment, build_flag
from variate.testing.clocks import START
from variate.testing.conformance.paging import Fetch, walk
from variate.testing.conformance.unreadable import check_unreadable

WHOLE = START.replace(microsecond=0)
"""The guide writes whole seconds."""
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def guide(tables: FreshTables) -> Guide:
    return Guide(tables)


class Guide:
    """``DynamoDBClient.get_table`` of the guide: plain Python values in and out."""

    def __init__(self, tables: FreshTables) -> None:
        endpoint = tables.client.meta.endpoint_url
        self._resource = boto3.resource("dynamodb", endpoint_url=endpoint, region_name="us-east-1")
        self._tables = tables

    def put(self, key: str, **item: Any) -> dict[str, Any]:
        item = {"id": str(uuid.uuid4()), **item}
        self._resource.Table(self._tables.table_name(key)).put_item(Item=item)
        return item

    def query(self, key: str, index: str, **equal: str) -> list[Mapping[str, Any]]:
        (name, value), *_ = equal.items()
        table = self._resource.Table(self._tables.table_name(key))
        return list(
            table.query(IndexName=index, KeyConditionExpression=Key(name).eq(value), ScanIndexForward=False)["Items"]
        )

    def update_status(self, key: str, item_id: str, status: str) -> None:
        self._resource.Table(self._tables.table_name(key)).update_item(
            Key={"id": item_id},
            UpdateExpression="SET #status = :status, updated_at = :updated_at",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": status, ":updated_at": _iso(WHOLE)},
        )


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _iso(moment: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(_seconds(moment)))


def _assignment(guide: Guide, unit: str, at: datetime) -> None:
    guide.put(
        "assignments",
        user_id=unit,
        experiment_id="e",
        variation="control",
        assigned_at=_seconds(at),
        ttl=_seconds(at + timedelta(days=30)),
    )


def test_assignments_of_whole_seconds_sort_among_ours(tables: FreshTables, guide: Guide) -> None:
    store = DynamoDBAssignmentStore(tables)
    _assignment(guide, "early", WHOLE)
    _assignment(guide, "late", WHOLE + SECOND)
    store.keep([build_assignment("between", experiment_id="e", assigned_at=WHOLE + SECOND / 2)])
    found = store.of_experiment("e", at=WHOLE, limit=10)
    assert [each.unit for each in found] == ["late", "between", "early"]
    (old,) = store.of_unit("early", at=WHOLE, limit=10)
    assert (old.variation, old.version, old.assigned_at) == ("control", 1, WHOLE)
    assert old.expires_at == WHOLE + timedelta(days=30)
    assert len(store.of_unit("early", at=WHOLE + timedelta(days=30), limit=10)) == 0
    assert [item["user_id"] for item in guide.query("assignments", "experiment-index", experiment_id="e")] == [
        "late",
        "between",
        "early",
    ]


def test_many_assignments_of_one_second_are_each_on_one_page(tables: FreshTables, guide: Guide) -> None:
    store = DynamoDBAssignmentStore(tables)
    units = [f"unit-{number}" for number in range(23)]
    for unit in units:
        _assignment(guide, unit, WHOLE)
    found, last_key = [], None
    while True:
        page = store.of_experiment("e", at=WHOLE, limit=4, last_key=last_key)
        found += [each.unit for each in page]
        last_key = page.last_key
        if last_key is None:
            break
    assert sorted(found) == sorted(units)


def test_events_with_maps_and_milliseconds_are_read_in_order_among_ours(tables: FreshTables, guide: Guide) -> None:
    store = DynamoDBEventStore(tables)
    data = {"price": Decimal("9.5"), "count": Decimal(2), "tags": ["a", None, True], "deep": {"x": {}}}
    old = guide.put("events", user_id="ada", event_type="purchase", timestamp=_iso(WHOLE), data=data)
    ours = [
        build_event(f"{micro}", unit="ada", at=WHOLE + micro * MICROSECOND) for micro in (-1, 1, 999, 1_000, 999_999)
    ]
    store.append(ours, at=WHOLE)
    expected = ["999999", "1000", "999", "1", old["id"], "-1"]
    found = store.of_unit("ada", at=WHOLE, limit=10)
    assert [each.id for each in found] == expected
    assert found[4].data == {"price": 9.5, "count": 2, "tags": ["a", None, True], "deep": {"x": {}}}
    walked, last_key = [], None
    while True:
        page = store.of_unit("ada", at=WHOLE, limit=1, last_key=last_key)
        walked += [each.id for each in page]
        last_key = page.last_key
        if last_key is None:
            break
    assert walked == expected
    assert [each.id for each in store.of_unit("ada", end=WHOLE, at=WHOLE, limit=10)] == [old["id"], "-1"]
    later = store.of_unit("ada", start=WHOLE + MICROSECOND, end=WHOLE + 999 * MICROSECOND, at=WHOLE, limit=10)
    assert [each.id for each in later] == ["999", "1"]


@pytest.mark.parametrize("data", ["text", Decimal(5), None, [Decimal("1.5")], {"s": {"b", "a"}}])
def test_data_of_any_kind_the_guide_can_write_is_read(tables: FreshTables, guide: Guide, data: Any) -> None:
    guide.put("events", user_id="ada", event_type="x", timestamp=_iso(WHOLE), data=data)
    (found,) = DynamoDBEventStore(tables).of_unit("ada", at=WHOLE, limit=10)
    assert found.data == ({"s": ["a", "b"]} if isinstance(data, dict) else data)


def test_data_that_json_has_no_form_for_is_named(tables: FreshTables, guide: Guide) -> None:
    old = guide.put("events", user_id="ada", event_type="x", timestamp=_iso(WHOLE), data=b"bytes")
    with pytest.raises(StoreError, match=old["id"]):
        DynamoDBEventStore(tables).of_unit("ada", at=WHOLE, limit=10)


def test_the_guides_query_finds_our_events(tables: FreshTables, guide: Guide) -> None:
    store = DynamoDBEventStore(tables)
    store.append([build_event("a", unit="ada", at=WHOLE), build_event("b", unit="ada", at=WHOLE + SECOND)], at=WHOLE)
    assert [item["id"] for item in guide.query("events", "user-event-index", user_id="ada")] == ["b", "a"]


def test_flags_with_maps_are_read_listed_and_replaced(tables: FreshTables, guide: Guide) -> None:
    store = DynamoDBFlagStore(tables)
    times = {"created_at": _iso(WHOLE), "updated_at": _iso(WHOLE)}
    old = guide.put("feature-flags", name="Old", description="", rules={"percentage": 10}, status="active", **times)
    flag = store.get(old["id"])
    assert flag is not None
    assert (flag.name, flag.rules.value, flag.revision, flag.updated_at) == ("Old", {"percentage": 10}, 1, WHOLE)
    newer = build_flag("newer", status=FlagStatus.ACTIVE, updated_at=WHOLE + MICROSECOND)
    store.insert(newer, audit=build_audit_entry())
    assert [each.id for each in store.list(status=FlagStatus.ACTIVE, limit=10)] == ["newer", old["id"]]
    assert [each.id for each in store.list(limit=10)] == ["newer", old["id"]]
    with pytest.raises(ConflictError):
        store.replace(build_flag(old["id"], revision=3), expected_revision=2, audit=build_audit_entry())
    store.replace(build_flag(old["id"], revision=2), expected_revision=1, audit=build_audit_entry())
    assert [item["id"] for item in guide.query("feature-flags", "status-index", status="inactive")] == [old["id"]]


def test_a_half_empty_flag_left_by_the_guides_update_is_none(tables: FreshTables, guide: Guide) -> None:
    store = DynamoDBFlagStore(tables)
    guide.update_status("feature-flags", "nobody", "active")
    assert store.get("nobody") is None
    assert len(store.list(limit=10)) == 0
    with pytest.raises(NotFoundError):
        store.replace(build_flag("nobody", revision=2), expected_revision=1, audit=build_audit_entry())
    store.insert(build_flag("nobody"), audit=build_audit_entry())
    assert store.get("nobody") is not None


def test_a_half_empty_experiment_left_by_the_guides_update_is_none(tables: FreshTables, guide: Guide) -> None:
    store = DynamoDBServingStore(tables)
    guide.update_status("experiments", "e", "active")
    assert store.get("e") is None
    store.put(build_experiment("e"))
    assert store.get("e") is not None


def test_overrides_of_the_guide_are_listed(tables: FreshTables, guide: Guide) -> None:
    store = DynamoDBOverrideStore(tables)
    ends = _seconds(datetime(2099, 1, 1, tzinfo=UTC))
    guide.put("overrides", user_id="ada", target_id="e", type="experiment", value="b", created_at=_iso(WHOLE), ttl=ends)
    (found,) = store.of_target(target=OverrideTarget.EXPERIMENT, target_id="e", at=WHOLE, limit=10)
    assert (found.unit, found.value, found.reason) == ("ada", "b", "")
    assert [*store.of_unit("ada", at=WHOLE, limit=10)] == [found]
    assert [*store.of_type(OverrideTarget.EXPERIMENT, at=WHOLE, limit=10)] == [found]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"updated_at": "yesterday"}, "it is of no form that is known: ValueError"),
        ({"updated_at": "2026-03-01T12:00:00"}, "timestamp: must "),
        ({"created_at": "once"}, "it is of no form that is known: ValueError"),
        ({"name": " "}, r"flag\.name: must not be blank"),
        ({"description": None}, "it is of no form that is known: KeyError"),
        ({"rules": b"bytes"}, "it is of no form that is known: TypeError"),
    ],
    ids=str,
)
def test_a_flag_that_breaks_a_rule_is_named_and_the_others_are_listed(
    tables: FreshTables, guide: Guide, broken: dict[str, Any], said: str
) -> None:
    store = DynamoDBFlagStore(tables)
    sound = {"name": "Old", "description": "", "rules": {}, "status": "active"}
    times = {"created_at": _iso(WHOLE), "updated_at": _iso(WHOLE)}
    for name in ("a", "c"):
        guide.put("feature-flags", **sound | times | {"id": name})
    guide.put("feature-flags", **sound | times | broken | {"id": "b"})
    for status in (None, FlagStatus.ACTIVE):
        fetch = _flags(store, status)
        check_unreadable(fetch, store.get, spoilt="b", sound=["a", "c"])
        assert [each.id for each in walk(fetch, limit=1, full_pages=False)] == ["a", "c"]
    with pytest.raises(InvalidInputError, match=f"^flag: 'b' cannot be read: {said}"):
        store.get("b")


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_flags_whose_time_is_none_count_toward_the_limit_and_each_is_on_one_page(
    tables: FreshTables, guide: Guide, limit: int
) -> None:
    store = DynamoDBFlagStore(tables)
    naive = _iso(WHOLE).removesuffix("Z")
    times = ["yesterday"] * 5 + [naive, f"{naive}é", naive.removesuffix(".000")] * 2
    times += [_iso(WHOLE), *(format_instant(WHOLE + number * MICROSECOND) for number in (1, 2, 1_000))]
    for place, (updated_at, status) in enumerate(zip(times, cycle(FlagStatus), strict=False)):
        flag = {"name": "Old", "description": "", "rules": {}, "status": status, "created_at": _iso(WHOLE)}
        guide.put("feature-flags", id=f"{place:02}", updated_at=updated_at, **flag)
    read: list[str] = []
    unreadable: list[str] = []
    last_key = None
    while True:
        page = store.list(limit=limit, last_key=last_key)
        read += [each.id for each in page]
        unreadable += page.unreadable
        last_key = page.last_key
        if last_key is None:
            break
        assert len(page) + len(page.unreadable) == limit
    assert read == ["14", "13", "12", "11"]
    assert sorted(unreadable) == [f"{place:02}" for place in range(11)]


def _flags(store: DynamoDBFlagStore, status: FlagStatus | None) -> Fetch[FeatureFlag]:
    return lambda limit, last_key: store.list(status=status, limit=limit, last_key=last_key)
