"""A clock that tests set."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from variate.model import check_instant

START = datetime(2040, 2, 29, 9, 30, 0, 123_456, tzinfo=UTC)
"""When tests begin: late enough that no engine's own clock expires what a test stores, and past what 32 bits hold."""


class SettableClock:
    """A clock that stands still until it is moved. Pass it wherever a ``Clock`` is wanted."""

    def __init__(self, now: datetime = START) -> None:
        self._now = check_instant("now", now)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """Return the moment it stands at."""
        with self._lock:
            return self._now

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> datetime:
        """Move it on, or back where the sum is negative; return the moment it stands at then."""
        with self._lock:
            self._now += timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
            return self._now

    def set(self, now: datetime) -> None:
        """Set it to ``now``."""
        moment = check_instant("now", now)
        with self._lock:
            self._now = moment
