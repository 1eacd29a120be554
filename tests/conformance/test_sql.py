"""The SQL backend keeps the promises of its ports, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.engines.databases import database
from variate.stores.ports import (
    AssignmentStore,
    AuditLog,
    EventStore,
    ExperimentStore,
    FlagStore,
    Outbox,
    OverrideStore,
    ServingStore,
)
from variate.stores.sql import (
    Database,
    SqlAssignmentStore,
    SqlAuditLog,
    SqlEventStore,
    SqlExperimentStore,
    SqlFlagStore,
    SqlOutbox,
    SqlOverrideStore,
    SqlServingStore,
)
from variate.testing.builders import build_experiment, build_outbox_message
from variate.testing.conformance import (
    AssignmentStoreConformance,
    AuditLogConformance,
    EventStoreConformance,
    ExperimentStoreConformance,
    FlagStoreConformance,
    OutboxConformance,
    OverrideStoreConformance,
    ServingStoreConformance,
)
from variate.testing.conformance.flags import AuditTrail, trail_of_log
from variate.testing.conformance.outbox import Emit

__all__ = ["database"]


class TestSqlExperimentStore(ExperimentStoreConformance):
    @pytest.fixture
    def store(self, database: Database) -> ExperimentStore:
        return SqlExperimentStore(database)

    @pytest.fixture
    def audit_log(self, database: Database) -> AuditLog:
        return SqlAuditLog(database)

    @pytest.fixture
    def outbox(self, database: Database) -> Outbox:
        return SqlOutbox(database)


class TestSqlAuditLog(AuditLogConformance):
    @pytest.fixture
    def store(self, database: Database) -> AuditLog:
        return SqlAuditLog(database)

    @pytest.fixture
    def outbox(self, database: Database) -> Outbox:
        return SqlOutbox(database)


class TestSqlOutbox(OutboxConformance):
    @pytest.fixture
    def store(self, database: Database) -> Outbox:
        return SqlOutbox(database)

    @pytest.fixture
    def emit(self, database: Database) -> Emit:
        experiments = SqlExperimentStore(database)

        def emit(at: datetime) -> str:
            message = build_outbox_message(created_at=at)
            experiments.insert(build_experiment(), audit=[], outbox=[message])
            return message.id

        return emit


class TestSqlFlagStore(FlagStoreConformance):
    @pytest.fixture
    def store(self, database: Database) -> FlagStore:
        return SqlFlagStore(database)

    @pytest.fixture
    def audit_trail(self, database: Database) -> AuditTrail:
        return trail_of_log(SqlAuditLog(database))


class TestSqlAssignmentStore(AssignmentStoreConformance):
    @pytest.fixture
    def store(self, database: Database) -> AssignmentStore:
        return SqlAssignmentStore(database)


class TestSqlOverrideStore(OverrideStoreConformance):
    @pytest.fixture
    def store(self, database: Database) -> OverrideStore:
        return SqlOverrideStore(database)


class TestSqlEventStore(EventStoreConformance):
    @pytest.fixture
    def store(self, database: Database) -> EventStore:
        return SqlEventStore(database)


class TestSqlServingStore(ServingStoreConformance):
    @pytest.fixture
    def store(self, database: Database) -> ServingStore:
        return SqlServingStore(database)
