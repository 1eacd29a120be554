"""Rates in this process's memory: how many requests a second somebody may have answered."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import NamedTuple

_MOST_REMEMBERED = 50_000


class Taken(NamedTuple):
    """What a request met: ``wait_seconds`` is 0 where it passes, ``left`` is how many more would pass at once."""

    wait_seconds: float
    left: int
    refills_in_seconds: int


class Rate:
    """Lets ``per_second`` requests of each one through, and as many at once as come within a second (at least one).

    It is the generic cell rate algorithm: one number for each, the moment at which the whole allowance would be back.
    Of those who ask, 50,000 are remembered; beyond, who has the whole allowance is forgotten at no loss, and then who
    came first.
    """

    def __init__(
        self,
        name: str,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        most_remembered: int = _MOST_REMEMBERED,
    ) -> None:
        self.name = name
        self._interval = 1 / per_second
        self._burst = max(1, math.floor(per_second))
        self._allowance = self._burst * self._interval
        self._clock = clock
        self._most = most_remembered
        self._whole_at: dict[str, float] = {}
        window = max(1, math.ceil(self._allowance))
        self._policy = (b"ratelimit-policy", f'"{name}";q={self._burst};w={window}'.encode())

    def take(self, who: str) -> Taken:
        """Count a request, unless it is one too many."""
        now = self._clock()
        whole_at = self._whole_at.get(who, now)
        if whole_at < now:  # noqa: PLR1730 - half the time of max(), at each request
            whole_at = now
        moved = whole_at + self._interval
        over = moved - now - self._allowance
        if over > 1e-9:  # what floats lose is not to refuse the last of a burst
            return Taken(over, 0, math.ceil(whole_at - now))
        self._whole_at[who] = moved
        if len(self._whole_at) > self._most:
            self._forget(now)
        return Taken(0.0, int(-over / self._interval + 1e-6), math.ceil(moved - now))

    def headers(self, taken: Taken) -> tuple[tuple[bytes, bytes], ...]:
        """Return ``RateLimit-Policy`` and ``RateLimit``, as the IETF's draft has them."""
        said = f'"{self.name}";r={taken.left};t={taken.refills_in_seconds}'
        return (self._policy, (b"ratelimit", said.encode()))

    def _forget(self, now: float) -> None:
        kept = {who: at for who, at in self._whole_at.items() if at > now}
        for who in list(kept)[: max(0, len(kept) - self._most // 2)]:
            del kept[who]
        self._whole_at = kept
