"""The stage `define` over stores in memory."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from tests.unit.testing.reference import (
    Memory,
    ReferenceAuditLog,
    ReferenceDefinitionStore,
    ReferenceExperimentStore,
    ReferenceFlagStore,
    ReferenceOutbox,
)
from tests.unit.testing.reference_records import ReferenceOverrideStore
from tests.unit.testing.reference_reports import ReferenceReportStore
from variate.clock import IncreasingClock
from variate.definition.audiences import Audiences
from variate.definition.audit import ChangeLog
from variate.definition.concluding import Concluding
from variate.definition.experiments import Experiments
from variate.definition.flag_references import FlagReferences
from variate.definition.flags import Flags
from variate.definition.group import Group
from variate.definition.holdouts import Holdouts
from variate.definition.layers import Layers
from variate.definition.metrics import Metrics
from variate.definition.overrides import Overrides
from variate.definition.references import References
from variate.model import AuditEntry, Experiment, OutboxMessage
from variate.model.group_record import audience_record, holdout_record, layer_record
from variate.model.metric_record import metric_record
from variate.testing.clocks import SettableClock

DELAY = timedelta(seconds=5)
ENVIRONMENTS = ("dev", "staging", "prod")
AB: tuple[dict[str, Any], ...] = ({"name": "a"}, {"name": "b", "weight": 3, "value": {"n": 2.0}})
BETA = {"attribute": "plan", "operator": "equals", "value": "beta"}


class Stage:
    """All that is defined, and what it leaves behind. ``time`` stands still; no two readings of ``clock`` are equal."""

    def __init__(self) -> None:
        self.memory = memory = Memory()
        numbers = count(1)
        self.announced = 0
        self.time = SettableClock()
        self.clock = IncreasingClock(self.time)
        self.store = ReferenceExperimentStore(memory)
        self.audit = ReferenceAuditLog(memory)
        self.outbox = ReferenceOutbox(memory)
        self.override_store = ReferenceOverrideStore()
        self.flag_store = ReferenceFlagStore(memory)
        self.audience_store = ReferenceDefinitionStore(memory, "audience")
        self.layer_store = ReferenceDefinitionStore(memory, "layer")
        self.holdout_store = ReferenceDefinitionStore(memory, "holdout")
        self.report_store = ReferenceReportStore()
        self.metric_store = ReferenceDefinitionStore(memory, "metric")
        self.log = log = ChangeLog(clock=self.clock, new_id=lambda: f"id-{next(numbers)}", actor="somebody")
        self.references = references = References(
            audiences=self.audience_store,
            layers=self.layer_store,
            holdouts=self.holdout_store,
            metrics=self.metric_store,
        )
        self.flag_references = FlagReferences(
            references=references, experiments=self.store, flags=self.flag_store, environments=ENVIRONMENTS
        )
        self.experiments = Experiments(
            store=self.store,
            overrides=self.override_store,
            log=log,
            audit=self.audit,
            references=references,
            concluding=Concluding(reports=self.report_store, log=log),
            flags=self.flag_references,
            announce=self.announce,
            delay=DELAY,
        )
        self.flags = Flags(
            store=self.flag_store,
            log=log,
            references=self.flag_references,
            announce=self.announce,
        )
        self.overrides = Overrides(
            store=self.override_store,
            experiments=self.store,
            flags=self.flag_store,
            audit=self.audit,
            log=log,
            announce=self.announce,
        )
        self.audiences = Audiences(
            group=Group(
                kind="audience", store=self.audience_store, record=audience_record, log=log, announce=self.announce
            ),
            references=references,
            experiments=self.store,
            flags=self.flag_store,
        )
        self.layers = Layers(
            group=Group(kind="layer", store=self.layer_store, record=layer_record, log=log, announce=self.announce)
        )
        self.holdouts = Holdouts(
            group=Group(
                kind="holdout", store=self.holdout_store, record=holdout_record, log=log, announce=self.announce
            ),
            experiments=self.store,
        )
        self.metrics = Metrics(
            group=Group(
                kind="metric",
                store=self.metric_store,
                record=metric_record,
                log=log,
                announce=self.announce,
                is_served=False,
            ),
            experiments=self.store,
        )

    def announce(self) -> None:
        self.announced += 1

    def define(self, *metric_ids: str) -> None:
        """Define the metrics: of each, the share of units that did the event of its name within a week."""
        for each in metric_ids:
            self.metrics.create_metric(each, kind="proportion", measure=each, window_end_hours=168)

    def draft(self, experiment_id: str = "e", **design: Any) -> Experiment:
        """Create an experiment of a and b."""
        design.setdefault("variations", AB)
        return self.experiments.create_experiment("Prices", experiment_id=experiment_id, **design)

    def started(self, experiment_id: str = "e", **design: Any) -> Experiment:
        """Create an experiment of a and b, and launch it."""
        self.draft(experiment_id, **design)
        return self.experiments.update_experiment_status(experiment_id, "active")

    def entries(self) -> list[AuditEntry]:
        """The audit log, the newest first."""
        return list(self.audit.list(limit=1_000))

    def messages(self) -> list[OutboxMessage]:
        """What has still to be delivered."""
        return list(self.outbox.pending(limit=1_000))

    def state(self) -> tuple[Any, ...]:
        """All that is stored, to see that nothing was written."""
        memory = self.memory
        return (
            dict(memory.experiments),
            dict(memory.flags),
            dict(memory.definitions),
            dict(memory.audit),
            dict(memory.messages),
        )


def beside(store: Any, monkeypatch: pytest.MonkeyPatch, write: str, *rivals: Callable[[], object]) -> None:
    """Have the rivals come between the next check and ``write`` of this store."""
    own = getattr(store, write)

    def after_the_rivals(*given: Any, **named: Any) -> None:
        monkeypatch.setattr(store, write, own)
        for rival in rivals:
            rival()
        own(*given, **named)

    monkeypatch.setattr(store, write, after_the_rivals)
