"""The SQL backend keeps the promises of its ports, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import pytest

from tests.engines.databases import emptied_database, postgres_tables, spoiling
from variate.errors import InvalidInputError
from variate.model.audience import Audience
from variate.model.condition import condition_record
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.metric import Metric
from variate.stores.access import KeyStore, PersonStore, ReplyStore
from variate.stores.events import EventStore
from variate.stores.ports import (
    AssignmentStore,
    AuditLog,
    DefinitionStore,
    ExperimentStore,
    FlagStore,
    Outbox,
    OverrideStore,
    ServingStore,
    SnapshotStore,
)
from variate.stores.reports import LookStore, ReportStore
from variate.stores.sql import (
    AUDIENCES,
    HOLDOUTS,
    LAYERS,
    METRICS,
    Database,
    SqlAssignmentStore,
    SqlAuditLog,
    SqlDefinitionStore,
    SqlEventStore,
    SqlExperimentStore,
    SqlFlagStore,
    SqlKeyStore,
    SqlLookStore,
    SqlOutbox,
    SqlOverrideStore,
    SqlPersonStore,
    SqlReplyStore,
    SqlReportStore,
    SqlServingStore,
    SqlSnapshotStore,
)
from variate.testing.builders import (
    build_audience,
    build_experiment,
    build_holdout,
    build_layer,
    build_metric,
    build_outbox_message,
)
from variate.testing.conformance import (
    AssignmentStoreConformance,
    AuditLogConformance,
    DefinitionStoreConformance,
    EventStoreConformance,
    ExperimentStoreConformance,
    FlagStoreConformance,
    KeyStoreConformance,
    LayerClaimsConformance,
    LookStoreConformance,
    OutboxConformance,
    OverrideStoreConformance,
    PersonStoreConformance,
    ReplyStoreConformance,
    ReportStoreConformance,
    ServingStoreConformance,
    SnapshotStoreConformance,
)
from variate.testing.conformance.definitions import Build
from variate.testing.conformance.flags import AuditTrail, trail_of_log
from variate.testing.conformance.outbox import Emit
from variate.testing.conformance.samples import ALIKE, CONDITION
from variate.testing.conformance.unreadable import Spoil

__all__ = ["emptied_database", "postgres_tables"]


@pytest.fixture
def database(emptied_database: Database) -> Database:
    return emptied_database


class LogAndOutbox:
    """Goes before a suite, whose own fixtures of these names only say what to provide."""

    @pytest.fixture
    def audit_log(self, database: Database) -> AuditLog:
        return SqlAuditLog(database)

    @pytest.fixture
    def outbox(self, database: Database) -> Outbox:
        return SqlOutbox(database)


class TestSqlExperimentStore(LogAndOutbox, ExperimentStoreConformance):
    @pytest.fixture
    def spoil(self, database: Database) -> Spoil:
        return spoiling(database, "experiments")

    @pytest.fixture
    def store(self, database: Database) -> ExperimentStore:
        return SqlExperimentStore(database)


class OfDefinitions(LogAndOutbox, DefinitionStoreConformance):
    @pytest.fixture
    def spoil(self, database: Database) -> Spoil:
        return spoiling(database, "definitions")


class TestSqlAudienceStore(OfDefinitions):
    @pytest.fixture
    def store(self, database: Database) -> DefinitionStore[Audience]:
        return SqlDefinitionStore(database, AUDIENCES)

    @pytest.fixture
    def build(self) -> Build:
        return partial(build_audience, condition=condition_record(CONDITION))


class TestSqlHoldoutStore(OfDefinitions):
    @pytest.fixture
    def store(self, database: Database) -> DefinitionStore[Holdout]:
        return SqlDefinitionStore(database, HOLDOUTS)

    @pytest.fixture
    def build(self) -> Build:
        return partial(build_holdout, percentage=12.34, salt="😀")


class TestSqlLayerStore(OfDefinitions):
    @pytest.fixture
    def store(self, database: Database) -> DefinitionStore[Layer]:
        return SqlDefinitionStore(database, LAYERS)

    @pytest.fixture
    def build(self) -> Build:
        return partial(
            build_layer, salt="😀", ranges={each: (number, number + 0.5) for number, each in enumerate(ALIKE)}
        )


class TestSqlMetricStore(OfDefinitions):
    @pytest.fixture
    def store(self, database: Database) -> DefinitionStore[Metric]:
        return SqlDefinitionStore(database, METRICS)

    @pytest.fixture
    def build(self) -> Build:
        return partial(
            build_metric,
            kind="ratio",
            direction="decrease",
            measure={"event_type": "é", "aggregation": "sum", "field": "amount.net"},
            denominator="😀",
            window_start_hours=0.5,
            window_end_hours=24,
            cap_quantile=0.999,
            covariate_hours=1 / 3,
        )


class TestSqlLayerClaims(LogAndOutbox, LayerClaimsConformance):
    @pytest.fixture
    def store(self, database: Database) -> ExperimentStore:
        return SqlExperimentStore(database)

    @pytest.fixture
    def layers(self, database: Database) -> DefinitionStore[Layer]:
        return SqlDefinitionStore(database, LAYERS)


def test_an_id_is_one_of_its_kind_only(database: Database) -> None:
    audiences, layers = SqlDefinitionStore(database, AUDIENCES), SqlDefinitionStore(database, LAYERS)
    holdouts = SqlDefinitionStore(database, HOLDOUTS)
    audience, layer = build_audience("d"), build_layer("d", revision=2)
    audiences.insert(audience, audit=[], outbox=[])
    layers.insert(layer, audit=[], outbox=[])
    assert holdouts.get("d") is None
    assert (audiences.get("d"), layers.get("d")) == (audience, layer)
    assert ([*audiences.list(limit=10)], [*layers.list(limit=10)], [*holdouts.list(limit=10)]) == (
        [audience],
        [layer],
        [],
    )
    audiences.insert(build_audience("e"), audit=[], outbox=[])
    with pytest.raises(InvalidInputError, match="last_key"):
        layers.list(limit=1, last_key=audiences.list(limit=1).last_key)
    layers.remove("d", expected_revision=2, audit=[], outbox=[])
    assert (audiences.get("d"), layers.get("d")) == (audience, None)


class TestSqlAuditLog(LogAndOutbox, AuditLogConformance):
    @pytest.fixture
    def store(self, database: Database) -> AuditLog:
        return SqlAuditLog(database)


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


class TestSqlFlagStore(LogAndOutbox, FlagStoreConformance):
    @pytest.fixture
    def spoil(self, database: Database) -> Spoil:
        return spoiling(database, "feature_flags")

    @pytest.fixture
    def store(self, database: Database) -> FlagStore:
        return SqlFlagStore(database)

    @pytest.fixture
    def audit_trail(self, audit_log: AuditLog) -> AuditTrail:
        return trail_of_log(audit_log)


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


class TestSqlSnapshotStore(SnapshotStoreConformance):
    @pytest.fixture
    def spoil(self, database: Database) -> Spoil:
        return spoiling(database, "snapshots")

    @pytest.fixture
    def store(self, database: Database) -> SnapshotStore:
        return SqlSnapshotStore(database)


class TestSqlLookStore(LookStoreConformance):
    @pytest.fixture
    def store(self, database: Database) -> LookStore:
        return SqlLookStore(database)


class TestSqlReportStore(ReportStoreConformance):
    @pytest.fixture
    def store(self, database: Database) -> ReportStore:
        return SqlReportStore(database)


class TestSqlKeyStore(LogAndOutbox, KeyStoreConformance):
    @pytest.fixture
    def spoil(self, database: Database) -> Spoil:
        return spoiling(database, "api_keys")

    @pytest.fixture
    def store(self, database: Database) -> KeyStore:
        return SqlKeyStore(database)


class TestSqlPersonStore(LogAndOutbox, PersonStoreConformance):
    @pytest.fixture
    def spoil(self, database: Database) -> Spoil:
        return spoiling(database, "people")

    @pytest.fixture
    def store(self, database: Database) -> PersonStore:
        return SqlPersonStore(database)


class TestSqlReplyStore(ReplyStoreConformance):
    @pytest.fixture
    def store(self, database: Database) -> ReplyStore:
        return SqlReplyStore(database)
