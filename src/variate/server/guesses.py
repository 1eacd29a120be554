"""Unknown keys, counted by address over all processes, so that guessing is slow."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from variate.access.networks import counted_as
from variate.errors import VariateError
from variate.model import RateLimit

logger = logging.getLogger("variate.access")

_WINDOW_SECONDS = 60
_MOST_HELD = 10_000


class Guesses:
    """Holds an address for the rest of a minute once ``most_a_minute`` unknown keys came from it.

    ``count`` is the rate limiter's, which all processes share. While an address is held nothing is counted and no store
    is asked: only keys that are known here pass.
    """

    def __init__(
        self,
        count: Callable[[str, int, int], RateLimit],
        *,
        most_a_minute: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._count = count
        self._most = most_a_minute
        self._clock = clock
        self._held_until: dict[str, float] = {}

    def held_seconds(self, address: str) -> float:
        """Return for how long the address is held; 0 where it is not."""
        until = self._held_until.get(counted_as(address))
        return 0.0 if until is None else max(0.0, until - self._clock())

    def note(self, address: str) -> None:
        """Count an unknown key. It may ask a store, so it is not for the event loop; raises nothing."""
        who = counted_as(address)
        try:
            limit = self._count(f"refused-keys:{who}", self._most, _WINDOW_SECONDS)
        except VariateError as error:
            logger.warning("unknown keys cannot be counted: %s", error)
            return
        if limit.count >= self._most:
            if len(self._held_until) >= _MOST_HELD:
                self._held_until.clear()
            self._held_until[who] = self._clock() + limit.reset_seconds
