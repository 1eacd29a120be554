"""The overrides of one kind: an index that sorts by target id, and many of one target."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.engines.tables import FreshTables
from tests.integration.dynamodb.stumbling import StumblingTables
from variate.errors import NotMigratedError
from variate.model import OverrideTarget
from variate.stores.dynamodb import DynamoDBOverrideStore, DynamoDBTables
from variate.stores.dynamodb.schema import SCHEMA, TableSchema, attribute_definitions
from variate.testing.builders import build_override
from variate.testing.clocks import START
from variate.testing.conformance.paging import walk

EXPERIMENT = OverrideTarget.EXPERIMENT


def test_the_index_is_added_to_a_table_that_was_made_without_it(unmade_tables: FreshTables) -> None:
    store, name = DynamoDBOverrideStore(unmade_tables), unmade_tables.table_name("overrides")
    (now,) = (schema for schema in SCHEMA if schema.key == "overrides")
    earlier = TableSchema(key=now.key, indexes=tuple(each for each in now.indexes if each.name != "type-index"))
    unmade_tables.client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=earlier.key_schema,
        AttributeDefinitions=attribute_definitions(earlier.attribute_types),
        GlobalSecondaryIndexes=[index.definition for index in earlier.indexes],  # type: ignore[misc] # plain dicts
    )
    override = build_override("ada")
    store.put(override)
    with pytest.raises(NotMigratedError, match="variate migrate"):
        store.of_type(override.target, at=START, limit=10)
    assert f"added index type-index to {name}" in DynamoDBTables(unmade_tables).migrate()
    assert [*store.of_type(override.target, at=START, limit=10)] == [override]


def test_a_page_in_the_midst_of_a_target_reads_no_more_of_it_than_it_gives(tables: FreshTables) -> None:
    store = DynamoDBOverrideStore(tables)
    units = [f"{number:02}" for number in range(60)]
    for unit in units:
        store.put(build_override(unit, target_id="x"))
    first = store.of_type(EXPERIMENT, at=START, limit=10)
    read: list[int] = []

    def count(real: Callable[..., Any], request: dict[str, Any]) -> Any:
        answer = real(**request)
        read.append(answer["ScannedCount"])
        return answer

    counted = DynamoDBOverrideStore(StumblingTables(tables, "query", *[count] * 10))
    second = counted.of_type(EXPERIMENT, at=START, limit=10, last_key=first.last_key)
    assert [each.unit for each in [*first, *second]] == units[:20]
    assert sum(read) == 13  # the one before and two by which it ends


def test_a_page_that_ends_with_a_target_goes_on_with_the_next(tables: FreshTables) -> None:
    store = DynamoDBOverrideStore(tables)
    for target_id in ("x", "x!", "y"):
        for unit in ("ada", "bob"):
            store.put(build_override(unit, target_id=target_id))
    found = walk(lambda limit, last_key: store.of_type(EXPERIMENT, at=START, limit=limit, last_key=last_key), limit=2)
    assert [(each.target_id, each.unit) for each in found] == [
        (target_id, unit) for target_id in ("x", "x!", "y") for unit in ("ada", "bob")
    ]
