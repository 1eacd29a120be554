"""The stage `define` over stores in memory."""

from __future__ import annotations

from itertools import count

from tests.unit.testing.reference import (
    Memory,
    ReferenceAuditLog,
    ReferenceExperimentStore,
    ReferenceFlagStore,
    ReferenceOutbox,
)
from tests.unit.testing.reference_records import ReferenceOverrideStore
from variate.clock import IncreasingClock
from variate.definition.audit import ChangeLog
from variate.definition.experiments import Experiments
from variate.definition.flags import Flags
from variate.definition.overrides import Overrides
from variate.model import AuditEntry, OutboxMessage
from variate.testing.clocks import SettableClock


class Stage:
    """Experiments, flags and overrides, and what they leave behind."""

    def __init__(self) -> None:
        memory = Memory()
        numbers = count(1)
        self.announced = 0
        self.clock = IncreasingClock(SettableClock())
        self.store = ReferenceExperimentStore(memory)
        self.audit = ReferenceAuditLog(memory)
        self.outbox = ReferenceOutbox(memory)
        self.override_store = ReferenceOverrideStore()
        self.flag_store = ReferenceFlagStore(memory)
        log = ChangeLog(clock=self.clock, new_id=lambda: f"id-{next(numbers)}", actor="somebody")
        self.experiments = Experiments(store=self.store, log=log, audit=self.audit, announce=self.announce)
        self.flags = Flags(store=self.flag_store, log=log, announce=self.announce)
        self.overrides = Overrides(
            store=self.override_store, experiments=self.store, audit=self.audit, log=log, announce=self.announce
        )

    def announce(self) -> None:
        self.announced += 1

    def entries(self) -> list[AuditEntry]:
        """The audit log, the newest first."""
        return list(self.audit.list(limit=1_000))

    def messages(self) -> list[OutboxMessage]:
        """What has still to be delivered."""
        return list(self.outbox.pending(limit=1_000))
