"""The promises of ``variate.stores.ports`` as test suites, one for each port; they ship, for whoever writes a backend.

A backend is one that passes them on its real engine. In a test file, subclass a suite under a name that starts with
``Test`` and give it its ``store``, empty at the start of each test::

    class TestMyEventStore(EventStoreConformance):
        @pytest.fixture
        def store(self) -> EventStore:
            return MyEventStore(...)

Some suites ask for more fixtures; each says which. Backends that differ where a port lets them say so by class
attributes of the suite. Times in the suites are about ``variate.testing.clocks.START``, far in the future, so that an
engine that expires items by its own clock does not interfere.
"""

import pytest

pytest.register_assert_rewrite(
    *(
        f"{__name__}.{module}"
        for module in (
            "announcements",
            "assignments",
            "audit",
            "cache",
            "claims",
            "definitions",
            "events",
            "experiments",
            "flags",
            "keys",
            "outbox",
            "overrides",
            "paging",
            "people",
            "rate_limiter",
            "replies",
            "reports",
            "samples",
            "serving",
            "snapshots",
            "unreadable",
        )
    )
)

from variate.testing.conformance.announcements import AnnouncementsConformance
from variate.testing.conformance.assignments import AssignmentStoreConformance
from variate.testing.conformance.audit import AuditLogConformance
from variate.testing.conformance.cache import CacheConformance
from variate.testing.conformance.claims import LayerClaimsConformance
from variate.testing.conformance.definitions import DefinitionStoreConformance
from variate.testing.conformance.events import EventStoreConformance
from variate.testing.conformance.experiments import ExperimentStoreConformance
from variate.testing.conformance.flags import FlagStoreConformance
from variate.testing.conformance.keys import KeyStoreConformance
from variate.testing.conformance.outbox import OutboxConformance
from variate.testing.conformance.overrides import OverrideStoreConformance
from variate.testing.conformance.people import PersonStoreConformance
from variate.testing.conformance.rate_limiter import RateLimiterConformance
from variate.testing.conformance.replies import ReplyStoreConformance
from variate.testing.conformance.reports import LookStoreConformance, ReportStoreConformance
from variate.testing.conformance.serving import ServingStoreConformance
from variate.testing.conformance.snapshots import SnapshotStoreConformance

__all__ = [
    "AnnouncementsConformance",
    "AssignmentStoreConformance",
    "AuditLogConformance",
    "CacheConformance",
    "DefinitionStoreConformance",
    "EventStoreConformance",
    "ExperimentStoreConformance",
    "FlagStoreConformance",
    "KeyStoreConformance",
    "LayerClaimsConformance",
    "LookStoreConformance",
    "OutboxConformance",
    "OverrideStoreConformance",
    "PersonStoreConformance",
    "RateLimiterConformance",
    "ReplyStoreConformance",
    "ReportStoreConformance",
    "ServingStoreConformance",
    "SnapshotStoreConformance",
]
