"""Rate limits in memory."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from variate.model import RateLimit
from variate.stores.limits import check_limit
from variate.stores.memory.expiring import ExpiringMap


@dataclass(slots=True)
class _Window:
    ends_at: float
    count: int


class MemoryRateLimiter:
    """A ``RateLimiter`` that counts the calls of this process alone.

    It remembers ``max_keys`` keys at most; beyond that the key used least recently starts anew. A sliding window holds
    one moment for each call that passed. ``clock`` gives seconds that never step back.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, max_keys: int = 100_000) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: ExpiringMap[_Window] = ExpiringMap(clock=clock, max_entries=max_keys)
        self._logs: ExpiringMap[deque[float]] = ExpiringMap(clock=clock, max_entries=max_keys)

    def fixed_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        """Count this call in the window that the first call opened; a refused call is not counted."""
        check_limit(key, max_requests=max_requests, window_seconds=window_seconds)
        with self._lock:
            now = self._clock()
            window = self._windows.get(key)
            # A window opened under a longer rule ends by the present one.
            if window is None or window.ends_at - now > window_seconds:
                window = _Window(now + window_seconds, 0 if window is None else window.count)
                self._windows.put(key, window, ttl_seconds=window_seconds)
            allowed = window.count < max_requests
            if allowed:
                window.count += 1
            return _answer(window_seconds, allowed=allowed, count=window.count, seconds_left=window.ends_at - now)

    def sliding_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        """Count this call among those of the last ``window_seconds``; a refused call is not counted."""
        check_limit(key, max_requests=max_requests, window_seconds=window_seconds)
        with self._lock:
            now = self._clock()
            log = self._logs.get(key) or deque()
            while log and log[0] <= now - window_seconds:
                log.popleft()
            allowed = len(log) < max_requests
            if allowed:
                log.append(now)
                self._logs.put(key, log, ttl_seconds=window_seconds)
            # The call whose leaving makes room: the oldest, or a later one where the limit was lowered.
            leaver = log[max(0, len(log) - max_requests)]
            return _answer(window_seconds, allowed=allowed, count=len(log), seconds_left=leaver + window_seconds - now)


def _answer(window_seconds: int, *, allowed: bool, count: int, seconds_left: float) -> RateLimit:
    reset = min(window_seconds, max(1, math.ceil(seconds_left)))
    return RateLimit(allowed=allowed, count=count, reset_seconds=reset)
