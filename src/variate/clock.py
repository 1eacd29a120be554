"""Time and ids for the platform, which hands them to the stages: no stage looks at a clock itself."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

Clock = Callable[[], datetime]
NewId = Callable[[], str]

_MICROSECOND = timedelta(microseconds=1)


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


class IncreasingClock:
    """A clock of which no two readings in this process are equal, so that order within a burst is kept.

    Where the system's clock stands still or steps back, readings go on by a microsecond each.
    """

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return a moment later than every one returned before."""
        with self._lock:
            now = self._clock()
            if now <= self._last:
                now = self._last + _MICROSECOND
            self._last = now
            return now


def new_id() -> str:
    """Return a random id (UUIDv4), as the guide's definitions have."""
    return str(uuid4())


def new_event_id() -> str:
    """Return an id that sorts by the time it was made (UUIDv7, RFC 9562), so that inserts touch few index pages."""
    milliseconds = time.time_ns() // 1_000_000
    chance = int.from_bytes(os.urandom(10))
    tail = chance & 0x0FFF_3FFF_FFFF_FFFF_FFFF | 0x7000_8000_0000_0000_0000
    text = f"{milliseconds:012x}{tail:020x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
