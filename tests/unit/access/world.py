"""The stage of access over stores in memory, with clocks that stand still and passwords that cost little."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

from tests.unit.stores.ticking import Ticking
from tests.unit.testing.reference import Memory
from tests.unit.testing.reference_access import ReferenceKeyStore, ReferencePersonStore
from variate.access.keys import Keys
from variate.access.passwords import Passwords
from variate.access.people import People
from variate.access.sessions import Sessions
from variate.access.signing_in import Attempts, SignIn
from variate.clock import IncreasingClock
from variate.definition.audit import ChangeLog
from variate.errors import StoreUnavailableError
from variate.model import AuditEntry
from variate.model.access import Person
from variate.stores.memory import MemoryCache, MemoryRateLimiter
from variate.testing.clocks import SettableClock

CHEAP = Passwords(passes=1, memory_kib=8, lanes=1)
PASSWORD = "correct horse battery"
IDLE = timedelta(hours=12)


class World:
    """All who may ask. ``store_is_away`` has people not be readable, as ``Sessions`` reads them."""

    def __init__(self) -> None:
        self.memory = memory = Memory()
        numbers = count(1)
        self.time = SettableClock()
        self.ticking = Ticking()
        self.log = ChangeLog(
            clock=IncreasingClock(self.time), new_id=lambda: f"id-{next(numbers)}", actor="the process"
        )
        self.key_store = ReferenceKeyStore(memory)
        self.person_store = ReferencePersonStore(memory)
        self.cache = MemoryCache(clock=self.ticking)
        self.limiter = MemoryRateLimiter(clock=self.ticking)
        self.changes = 0
        self.reads = 0
        self.store_is_away = False
        self.keys = Keys(
            store=self.key_store, log=self.log, known=("dev", "staging", "prod"), changed=self._note_change
        )
        self.sessions = self.process()
        self.people = People(store=self.person_store, passwords=CHEAP, log=self.log, changed=self.sessions.look_again)
        self.attempts = Attempts(limiter=self.limiter, per_minute=5)
        self.sign_in = SignIn(people=self.people, sessions=self.sessions, attempts=self.attempts)

    def process(self) -> Sessions:
        """Return the sessions as another process sees them."""
        return Sessions(cache=self.cache, read=self._read_person, clock=self.time, idle=IDLE, monotonic=self.ticking)

    def pass_by(self, **length: float) -> None:
        """Move every clock on."""
        self.time.advance(**length)
        self.ticking.advance(timedelta(**length).total_seconds())

    def entries(self) -> list[AuditEntry]:
        """Return what was audited, the oldest first."""
        return [*self.memory.audit.values()]

    def _note_change(self) -> None:
        self.changes += 1

    def _read_person(self, person_id: str) -> Person | None:
        self.reads += 1
        if self.store_is_away:
            raise StoreUnavailableError("away")
        return self.person_store.get(person_id)
