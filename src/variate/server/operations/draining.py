"""Stopping in good order: what ends first, and what last."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

logger = logging.getLogger("variate.server")

_QUIET_SECONDS = 0.5
"""No request for so long: whoever sends them has heard that this process stops."""
_PAUSE_SECONDS = 0.02


class Draining:
    """Whether the process is stopping, and what is to be done then.

    First it says so: ``/readyz`` is 503 and each answer closes its connection. Streams are ended. It goes on taking
    connections until nobody comes any more, since a balancer in front takes a while to hear; ``settled`` waits for
    that. What has begun is answered; then what runs in the background ends, and the platform writes what it was given.
    """

    def __init__(self) -> None:
        self.begun = False
        self.last_request = 0.0
        """When the last request came since this began, on ``time.perf_counter``."""
        self._first: list[Callable[[], None]] = []
        self._last: list[Callable[[], None]] = []

    def at_first(self, end: Callable[[], None]) -> None:
        """Have this called when draining begins, as what ends a stream."""
        self._first.append(end)

    def at_last(self, end: Callable[[], None]) -> None:
        """Have this called when every request is answered, in the order given; it is to wait for nothing."""
        self._last.append(end)

    def begin(self) -> None:
        """Take leave. Safe to repeat."""
        if self.begun:
            return
        self.begun = True
        for end in self._first:
            end()

    async def settled(self, *, most_seconds: float) -> None:
        """Return once no request came for half a second, or ``most_seconds`` are over."""
        began = time.perf_counter()
        while (now := time.perf_counter()) - began < most_seconds:
            if now - max(self.last_request, began) >= _QUIET_SECONDS:
                return
            await asyncio.sleep(_PAUSE_SECONDS)

    def finish(self) -> None:
        """Do what is to be done at last. What fails is logged and holds up nothing else."""
        self.begin()
        while self._last:
            try:
                self._last.pop(0)()
            except Exception:
                logger.exception("stopping: something did not end in good order; the rest goes on")
