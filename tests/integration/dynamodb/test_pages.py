"""What a page of a list asks of the engine, the first and those after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from tests.engines.tables import FreshTables
from tests.integration.dynamodb.stumbling import StumblingTables
from variate.model import FlagStatus, OverrideTarget, Page
from variate.stores.dynamodb import (
    DynamoDBAssignmentStore,
    DynamoDBEventStore,
    DynamoDBFlagStore,
    DynamoDBOverrideStore,
)
from variate.stores.dynamodb.source import TableSource
from variate.testing.builders import (
    build_assignment,
    build_audit_entry,
    build_event,
    build_flag,
    build_override,
    minutes_after_start,
)
from variate.testing.clocks import START

LIMIT = 10
FULL = [f"{number:02}" for number in range(3 * LIMIT)]

List: TypeAlias = Callable[[TableSource, str | None], Page[Any]]


def _assignments_of_unit(tables: TableSource, last_key: str | None) -> Page[Any]:
    return DynamoDBAssignmentStore(tables).of_unit("ada", at=START, limit=LIMIT, last_key=last_key)


def _events_of_unit(tables: TableSource, last_key: str | None) -> Page[Any]:
    return DynamoDBEventStore(tables).of_unit("ada", at=START, limit=LIMIT, last_key=last_key)


def _flags_of_status(tables: TableSource, last_key: str | None) -> Page[Any]:
    return DynamoDBFlagStore(tables).list(status=FlagStatus.ACTIVE, limit=LIMIT, last_key=last_key)


def _overrides_of_target(tables: TableSource, last_key: str | None) -> Page[Any]:
    store = DynamoDBOverrideStore(tables)
    return store.of_target(target=OverrideTarget.EXPERIMENT, target_id="x", at=START, limit=LIMIT, last_key=last_key)


def _overrides_of_unit(tables: TableSource, last_key: str | None) -> Page[Any]:
    return DynamoDBOverrideStore(tables).of_unit("ada", at=START, limit=LIMIT, last_key=last_key)


def _fill(tables: FreshTables) -> None:
    DynamoDBAssignmentStore(tables).keep([build_assignment("ada", experiment_id=each) for each in FULL])
    events = [build_event(each, unit="ada", at=minutes_after_start(int(each))) for each in FULL]
    DynamoDBEventStore(tables).append(events, at=START)
    for each in FULL:
        flag = build_flag(each, status=FlagStatus.ACTIVE, updated_at=minutes_after_start(int(each)))
        DynamoDBFlagStore(tables).insert(flag, audit=build_audit_entry())
        DynamoDBOverrideStore(tables).put(build_override(each, target_id="x"))
        DynamoDBOverrideStore(tables).put(build_override("ada", target_id=each))


@pytest.mark.parametrize(
    "listed",
    [
        _assignments_of_unit,
        _events_of_unit,
        _flags_of_status,
        _overrides_of_target,
        _overrides_of_unit,
    ],
    ids=lambda listed: listed.__name__,
)
def test_a_page_takes_one_request_and_reads_hardly_more_than_it_gives(tables: FreshTables, listed: List) -> None:
    _fill(tables)
    read: list[int] = []

    def count(real: Callable[..., Any], request: dict[str, Any]) -> Any:
        answer = real(**request)
        read.append(answer["ScannedCount"])
        return answer

    counted = StumblingTables(tables, "query", *[count] * 10)
    page = listed(counted, None)
    assert len(page) == LIMIT
    assert read == [LIMIT + 2]  # the one by which it is not the last page, and one that ends that one's tie
    read.clear()
    assert len(listed(counted, page.last_key)) == LIMIT
    assert read == [LIMIT + 3]  # and the one before, again
