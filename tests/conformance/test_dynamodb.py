"""The DynamoDB backend keeps the promises of its ports, on two engines."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.engines.tables import FreshTables, each_engine, tables
from variate.stores.dynamodb import (
    DynamoDBAssignmentStore,
    DynamoDBEventStore,
    DynamoDBFlagStore,
    DynamoDBOverrideStore,
    DynamoDBServingStore,
    DynamoDBSnapshotStore,
)
from variate.stores.events import EventStore
from variate.stores.ports import AssignmentStore, Outbox, OverrideStore, ServingStore, SnapshotStore
from variate.testing.builders import build_audit_entry, build_flag
from variate.testing.conformance import (
    AssignmentStoreConformance,
    EventStoreConformance,
    FlagStoreConformance,
    OutboxConformance,
    OverrideStoreConformance,
    ServingStoreConformance,
    SnapshotStoreConformance,
)
from variate.testing.conformance.flags import AuditTrail, trail_of_outbox
from variate.testing.conformance.outbox import Emit
from variate.testing.conformance.unreadable import Spoil

__all__ = ["each_engine", "tables"]


class TestDynamoDBAssignmentStore(AssignmentStoreConformance):
    @pytest.fixture
    def store(self, tables: FreshTables) -> AssignmentStore:
        return DynamoDBAssignmentStore(tables)


class TestDynamoDBOverrideStore(OverrideStoreConformance):
    @pytest.fixture
    def store(self, tables: FreshTables) -> OverrideStore:
        return DynamoDBOverrideStore(tables)


class TestDynamoDBEventStore(EventStoreConformance):
    @pytest.fixture
    def store(self, tables: FreshTables) -> EventStore:
        return DynamoDBEventStore(tables)


class TestDynamoDBServingStore(ServingStoreConformance):
    @pytest.fixture
    def store(self, tables: FreshTables) -> ServingStore:
        return DynamoDBServingStore(tables)


class TestDynamoDBSnapshotStore(SnapshotStoreConformance):
    @pytest.fixture(params=["a part is gone", "a part is another", "a part holds nothing"])
    def spoil(self, tables: FreshTables, request: pytest.FixtureRequest) -> Spoil:
        def spoil(digest: str) -> None:
            part = {"id": {"S": f"snapshot#{digest}#{_token(tables, digest)}#0"}}
            table = tables.table_name("experiments")
            if request.param == "a part is gone":
                tables.client.delete_item(TableName=table, Key=part)
            elif request.param == "a part is another":
                tables.client.put_item(TableName=table, Item={**part, "data": {"B": b"another"}})
            else:
                tables.client.put_item(TableName=table, Item=part)

        return spoil

    @pytest.fixture
    def store(self, tables: FreshTables) -> SnapshotStore:
        return DynamoDBSnapshotStore(tables)


def _token(tables: FreshTables, digest: str) -> str:
    key = {"id": {"S": f"snapshot#{digest}"}}
    head = tables.client.get_item(TableName=tables.table_name("experiments"), Key=key, ConsistentRead=True)["Item"]
    return head["token"]["S"]


class TestDynamoDBFlagStore(FlagStoreConformance):
    @pytest.fixture
    def spoil(self, tables: FreshTables) -> Spoil:
        def spoil(flag_id: str) -> None:
            tables.client.update_item(
                TableName=tables.table_name("feature-flags"),
                Key={"id": {"S": flag_id}},
                UpdateExpression="SET #name = :blank",
                ExpressionAttributeNames={"#name": "name"},
                ExpressionAttributeValues={":blank": {"S": " "}},
            )

        return spoil

    @pytest.fixture
    def store(self, tables: FreshTables) -> DynamoDBFlagStore:
        return DynamoDBFlagStore(tables)

    @pytest.fixture
    def outbox(self, store: DynamoDBFlagStore) -> Outbox:
        return store

    @pytest.fixture
    def audit_trail(self, store: DynamoDBFlagStore) -> AuditTrail:
        return trail_of_outbox(store)


class TestDynamoDBFlagOutbox(OutboxConformance):
    @pytest.fixture
    def store(self, tables: FreshTables) -> DynamoDBFlagStore:
        return DynamoDBFlagStore(tables)

    @pytest.fixture
    def emit(self, store: DynamoDBFlagStore) -> Emit:
        def emit(at: datetime) -> str:
            entry = build_audit_entry(created_at=at)
            store.insert(build_flag(), audit=entry)
            return entry.id

        return emit
