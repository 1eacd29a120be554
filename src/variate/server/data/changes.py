"""The signal that decisions may have changed: one for all who listen in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from variate.platform import Platform

ROWS = 64
_PAUSE_SECONDS = 0.005
"""Between two rows, so that all are told within a third of a second."""


@dataclass(frozen=True, slots=True)
class Change:
    """The publication in force, as those who listen are told of it."""

    sequence: int
    digest: str
    at: int
    """Seconds since 1970."""


class Changes:
    """Wakes all who wait at a new snapshot, every ``heartbeat_seconds``, and at the end.

    They wait in rows, each for one future, so thousands cost one timer and no queue. One row is woken after the other,
    and what else the loop has to do comes in between: to write to thousands at once would hold up every evaluation. The
    platform's thread that follows publications tells the loop. Nothing is watched before somebody waits.
    """

    def __init__(self, platform: Platform, *, heartbeat_seconds: float) -> None:
        self._platform = platform
        self._heartbeat_seconds = heartbeat_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rows: list[asyncio.Future[None]] = []
        self._last = 0
        self._timer: asyncio.TimerHandle | None = None
        self._unwatch: Callable[[], None] | None = None
        self.closed = False

    def latest(self) -> Change | None:
        """Return what is in force; None where nothing is loaded yet."""
        served = self._platform.snapshot_in_force()
        if served is None:
            return None
        publication = served.publication
        return Change(publication.sequence, publication.digest, int(publication.at.timestamp()))

    def turn(self) -> asyncio.Future[None]:
        """Return what is done at the next turn: for ``asyncio.wait``, which does not cancel it."""
        if not self._rows:
            self._loop = asyncio.get_running_loop()
            self._rows = [self._loop.create_future() for _ in range(ROWS)]
            self._unwatch = self._platform.watch_snapshots(self._tell)
            self._set_timer(self._loop)
        self._last = (self._last + 1) % ROWS
        return self._rows[self._last]

    def close(self) -> None:
        """Have all who listen end. Safe from any thread, and to repeat."""
        self.closed = True
        unwatch, self._unwatch = self._unwatch, None
        if unwatch is not None:
            unwatch()
        self._tell()

    def _tell(self) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        loop = self._loop
        if loop is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        if not self.closed:
            self._set_timer(loop)
        self._wake_row(loop, 0)

    def _wake_row(self, loop: asyncio.AbstractEventLoop, row: int) -> None:
        turn, self._rows[row] = self._rows[row], loop.create_future()
        turn.set_result(None)
        if row + 1 < ROWS:
            loop.call_later(_PAUSE_SECONDS, self._wake_row, loop, row + 1)

    def _set_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = loop.call_later(self._heartbeat_seconds, self._wake)
