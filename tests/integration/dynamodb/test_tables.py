"""`variate migrate` on DynamoDB."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engines.tables import KEYS, FreshTables
from tests.engines.waiting import free_port
from variate.clients.dynamodb import DynamoDBClient
from variate.errors import ConfigurationError, NotMigratedError, StoreUnavailableError
from variate.settings import Settings
from variate.stores.dynamodb import DynamoDBAssignmentStore, DynamoDBFlagStore, DynamoDBTables
from variate.testing.builders import build_assignment
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together

GUIDE_INDEXES = {
    "assignments": {
        "user-experiment-index": ["user_id", "experiment_id"],
        "experiment-index": ["experiment_id", "assigned_at"],
    },
    "events": {"user-event-index": ["user_id", "timestamp"]},
    "feature-flags": {"status-index": ["status", "updated_at"]},
    "experiments": {},
    "overrides": {},
}


def test_migrating_makes_the_guides_tables_and_indexes(unmade_tables: FreshTables) -> None:
    DynamoDBTables(unmade_tables).migrate()
    for key, indexes in GUIDE_INDEXES.items():
        made = _describe(unmade_tables, key)
        assert made["TableStatus"] == "ACTIVE"
        assert [part["AttributeName"] for part in made["KeySchema"]] == ["id"]
        found = {
            index["IndexName"]: [part["AttributeName"] for part in index["KeySchema"]]
            for index in made.get("GlobalSecondaryIndexes", [])
        }
        assert found.items() >= indexes.items()
        assert made["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    DynamoDBTables(unmade_tables).require_migrated()


@pytest.mark.parametrize("key", ["assignments", "events", "overrides"])
def test_what_has_an_end_expires_by_ttl(tables: FreshTables, key: str) -> None:
    found = tables.client.describe_time_to_live(TableName=tables.table_name(key))["TimeToLiveDescription"]
    assert (found["TimeToLiveStatus"], found["AttributeName"]) == ("ENABLED", "ttl")


def test_it_says_what_it_did_and_the_second_time_nothing(unmade_tables: FreshTables) -> None:
    done = DynamoDBTables(unmade_tables).migrate()
    created = [step for step in done if step.startswith("created")]
    assert created == [f"created table {unmade_tables.table_name(key)}" for key in KEYS]
    assert list(DynamoDBTables(unmade_tables).migrate()) == []


def test_a_missing_index_is_added_to_a_table_with_items(unmade_tables: FreshTables) -> None:
    """The guide's own infrastructure has the guide's indexes only, and may have one less."""
    name = unmade_tables.table_name("assignments")
    unmade_tables.client.create_table(
        TableName=name,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )
    store = DynamoDBAssignmentStore(unmade_tables)
    kept = build_assignment("ada", experiment_id="e")
    store.keep([kept])
    with pytest.raises(NotMigratedError, match="index user-experiment-index"):
        DynamoDBTables(unmade_tables).require_migrated()
    with pytest.raises(NotMigratedError, match="variate migrate"):
        store.of_unit("ada", at=START, limit=10)
    done = DynamoDBTables(unmade_tables).migrate()
    assert [step for step in done if name in step][:2] == [
        f"added index user-experiment-index to {name}",
        f"added index experiment-index to {name}",
    ]
    DynamoDBTables(unmade_tables).require_migrated()
    assert [*store.of_unit("ada", at=START, limit=10)] == [kept]
    assert [*store.of_experiment("e", at=START, limit=10)] == [kept]


def test_several_may_migrate_at_once(unmade_tables: FreshTables) -> None:
    done = together(4, lambda _: DynamoDBTables(unmade_tables).migrate())
    DynamoDBTables(unmade_tables).require_migrated()
    created = [step for steps in done for step in steps if step.startswith("created")]
    assert sorted(created) == sorted(f"created table {unmade_tables.table_name(key)}" for key in KEYS)


def test_a_table_of_the_right_name_with_another_key_is_named(unmade_tables: FreshTables) -> None:
    name = unmade_tables.table_name("experiments")
    unmade_tables.client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "at", "AttributeType": "N"},
        ],
    )
    with pytest.raises(ConfigurationError, match=rf"{name} has the key id \(S\), at \(N\).* needs id \(S\)"):
        DynamoDBTables(unmade_tables).migrate()


@pytest.mark.parametrize("key", KEYS)
def test_a_missing_table_is_named(unmade_tables: FreshTables, key: str) -> None:
    DynamoDBTables(unmade_tables).migrate()
    name = unmade_tables.table_name(key)
    unmade_tables.client.delete_table(TableName=name)
    with pytest.raises(NotMigratedError, match=name):
        DynamoDBTables(unmade_tables).require_migrated()
    DynamoDBTables(unmade_tables).check()


def test_an_engine_that_does_not_answer_is_unavailable() -> None:
    settings = Settings(dynamodb_endpoint=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(StoreUnavailableError):
        DynamoDBTables(DynamoDBClient(settings=settings)).check()


def test_the_guides_client_leads_the_stores_to_their_tables(dynamodb_endpoint: str, environment_name: str) -> None:
    client = DynamoDBClient(settings=Settings(dynamodb_endpoint=dynamodb_endpoint, environment=environment_name))
    DynamoDBTables(client).migrate()
    kept = build_assignment("ada")
    DynamoDBAssignmentStore(client).keep([kept])
    item = client.get_table("assignments").get_item(Key={"id": kept.id})["Item"]
    assert (item["user_id"], item["experiment_id"], item["variation"]) == ("ada", "experiment", kept.variation)
    assert DynamoDBFlagStore(client).get("nobody") is None
    client.close()


def _describe(tables: FreshTables, key: str) -> dict[str, Any]:
    found: Any = tables.client.describe_table(TableName=tables.table_name(key))["Table"]
    description: dict[str, Any] = found
    return description
