"""The suites pass on stores that are obviously right."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.unit.testing.reference import (
    Memory,
    ReferenceAuditLog,
    ReferenceDefinitionStore,
    ReferenceExperimentStore,
    ReferenceFlagStore,
    ReferenceOutbox,
    ReferenceServingStore,
)
from tests.unit.testing.reference_records import (
    ReferenceAssignmentStore,
    ReferenceCache,
    ReferenceEventStore,
    ReferenceOverrideStore,
    ReferenceRateLimiter,
)
from variate.model.layer import Layer
from variate.stores.ports import DefinitionStore
from variate.testing.builders import build_audience, build_holdout, build_layer, build_metric, build_outbox_message
from variate.testing.conformance import (
    AssignmentStoreConformance,
    AuditLogConformance,
    CacheConformance,
    DefinitionStoreConformance,
    EventStoreConformance,
    ExperimentStoreConformance,
    FlagStoreConformance,
    LayerClaimsConformance,
    OutboxConformance,
    OverrideStoreConformance,
    RateLimiterConformance,
    ServingStoreConformance,
)
from variate.testing.conformance.definitions import Build
from variate.testing.conformance.flags import AuditTrail, trail_of_log
from variate.testing.conformance.outbox import Emit
from variate.testing.conformance.unreadable import Spoil


@pytest.fixture
def memory() -> Memory:
    return Memory()


class TestExperimentStore(ExperimentStoreConformance):
    @pytest.fixture
    def spoil(self, memory: Memory) -> Spoil:
        return lambda spoilt: memory.spoilt.add(("experiment", spoilt))

    @pytest.fixture
    def store(self, memory: Memory) -> ReferenceExperimentStore:
        return ReferenceExperimentStore(memory)

    @pytest.fixture
    def audit_log(self, memory: Memory) -> ReferenceAuditLog:
        return ReferenceAuditLog(memory)

    @pytest.fixture
    def outbox(self, memory: Memory) -> ReferenceOutbox:
        return ReferenceOutbox(memory)


@pytest.mark.parametrize("kind", ["audience", "holdout", "layer", "metric"])
class TestDefinitionStore(DefinitionStoreConformance):
    @pytest.fixture
    def spoil(self, memory: Memory, kind: str) -> Spoil:
        return lambda spoilt: memory.spoilt.add((kind, spoilt))

    @pytest.fixture
    def store(self, memory: Memory, kind: str) -> ReferenceDefinitionStore:
        return ReferenceDefinitionStore(memory, kind)

    @pytest.fixture
    def audit_log(self, memory: Memory) -> ReferenceAuditLog:
        return ReferenceAuditLog(memory)

    @pytest.fixture
    def outbox(self, memory: Memory) -> ReferenceOutbox:
        return ReferenceOutbox(memory)

    @pytest.fixture
    def build(self, kind: str) -> Build:
        builders: dict[str, Build] = {
            "audience": build_audience,
            "holdout": build_holdout,
            "layer": build_layer,
            "metric": build_metric,
        }
        return builders[kind]


class TestLayerClaims(LayerClaimsConformance):
    @pytest.fixture
    def store(self, memory: Memory) -> ReferenceExperimentStore:
        return ReferenceExperimentStore(memory)

    @pytest.fixture
    def layers(self, memory: Memory) -> DefinitionStore[Layer]:
        return ReferenceDefinitionStore(memory, "layer")

    @pytest.fixture
    def audit_log(self, memory: Memory) -> ReferenceAuditLog:
        return ReferenceAuditLog(memory)

    @pytest.fixture
    def outbox(self, memory: Memory) -> ReferenceOutbox:
        return ReferenceOutbox(memory)


class TestAuditLog(AuditLogConformance):
    @pytest.fixture
    def store(self, memory: Memory) -> ReferenceAuditLog:
        return ReferenceAuditLog(memory)

    @pytest.fixture
    def outbox(self, memory: Memory) -> ReferenceOutbox:
        return ReferenceOutbox(memory)


class TestOutbox(OutboxConformance):
    @pytest.fixture
    def store(self, memory: Memory) -> ReferenceOutbox:
        return ReferenceOutbox(memory)

    @pytest.fixture
    def emit(self, memory: Memory) -> Emit:
        def emit(at: datetime) -> str:
            message = build_outbox_message(created_at=at)
            ReferenceAuditLog(memory).append([], outbox=[message])
            return message.id

        return emit


class TestFlagStore(FlagStoreConformance):
    @pytest.fixture
    def spoil(self, memory: Memory) -> Spoil:
        return lambda spoilt: memory.spoilt.add(("flag", spoilt))

    @pytest.fixture
    def store(self, memory: Memory) -> ReferenceFlagStore:
        return ReferenceFlagStore(memory)

    @pytest.fixture
    def outbox(self, memory: Memory) -> ReferenceOutbox:
        return ReferenceOutbox(memory)

    @pytest.fixture
    def audit_trail(self, memory: Memory) -> AuditTrail:
        return trail_of_log(ReferenceAuditLog(memory))


class TestAssignmentStore(AssignmentStoreConformance):
    @pytest.fixture
    def store(self) -> ReferenceAssignmentStore:
        return ReferenceAssignmentStore()


class TestOverrideStore(OverrideStoreConformance):
    @pytest.fixture
    def store(self) -> ReferenceOverrideStore:
        return ReferenceOverrideStore()


class TestEventStore(EventStoreConformance):
    @pytest.fixture
    def store(self) -> ReferenceEventStore:
        return ReferenceEventStore()


class TestServingStore(ServingStoreConformance):
    @pytest.fixture
    def store(self) -> ReferenceServingStore:
        return ReferenceServingStore()


class TestCache(CacheConformance):
    @pytest.fixture
    def store(self) -> ReferenceCache:
        return ReferenceCache()


class TestRateLimiter(RateLimiterConformance):
    @pytest.fixture
    def store(self) -> ReferenceRateLimiter:
        return ReferenceRateLimiter()
