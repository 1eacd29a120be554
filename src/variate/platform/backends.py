"""What stands behind the ports, as one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from variate.model import Experiment
from variate.model.audience import Audience
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.metric import Metric
from variate.stores.access import KeyStore, PersonStore, ReplyStore
from variate.stores.events import EventStore
from variate.stores.health import Migratable
from variate.stores.ports import (
    Announcements,
    AssignmentStore,
    AuditLog,
    Cache,
    DefinitionStore,
    ExperimentStore,
    FlagStore,
    Outbox,
    OverrideStore,
    RateLimiter,
    ServingStore,
    SnapshotStore,
)
from variate.stores.reports import LookStore, ReportStore
from variate.stores.wrappers.cached import CacheAside

if TYPE_CHECKING:
    from variate.stores.aggregates import Aggregator


@dataclass(frozen=True, slots=True, kw_only=True)
class HotBackends:
    """What stands behind the ports of hot values; ``aside`` is over the same cache.

    ``kept`` is the same cache for what has no other source, as sessions: it raises while the cache is away.
    """

    cache: Cache
    kept: Cache
    aside: CacheAside
    rate_limiter: RateLimiter
    announcements: Announcements
    pings: Mapping[str, Callable[[], str]]
    close: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backends:
    """What stands behind each port, which engines that takes, and how to let go of them.

    ``engines`` have tables to migrate; ``pings`` say what answers where an engine has no tables, or raise.
    ``experiment_at_rest`` reads an experiment as the engine holds it, sealed where it is sealed there, so that a cache
    holds no more than the engine tells; ``opened`` opens it. ``event_writers`` is how many calls of ``events.append``
    gain by going on at once. ``aggregator`` makes what sums up the events, and ``purge_analyses`` deletes what it keeps
    of analyses last asked for before a moment, and says of how many.
    """

    experiments: ExperimentStore
    experiment_at_rest: Callable[[str], Experiment | None]
    opened: Callable[[Experiment], Experiment]
    audiences: DefinitionStore[Audience]
    layers: DefinitionStore[Layer]
    holdouts: DefinitionStore[Holdout]
    metrics: DefinitionStore[Metric]
    audit: AuditLog
    outboxes: tuple[Outbox, ...]
    flags: FlagStore
    assignments: AssignmentStore
    overrides: OverrideStore
    events: EventStore
    event_writers: int
    serving: ServingStore
    snapshots: SnapshotStore
    looks: LookStore
    reports: ReportStore
    keys: KeyStore
    people: PersonStore
    replies: ReplyStore
    aggregator: Callable[[], Aggregator]
    purge_analyses: Callable[[datetime], int]
    hot: HotBackends
    engines: Mapping[str, Migratable]
    close: Callable[[], None]
