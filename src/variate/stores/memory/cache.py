"""The cache in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from variate.model.rules import check_seconds
from variate.stores.limits import check_key
from variate.stores.memory.expiring import ExpiringMap


class MemoryCache:
    """A ``Cache`` of this process alone, of at most ``max_entries`` values: the least recently used goes first.

    ``clock`` gives seconds that never step back.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, max_entries: int = 10_000) -> None:
        self._lock = threading.Lock()
        self._values: ExpiringMap[str] = ExpiringMap(clock=clock, max_entries=max_entries)
        self._leases: ExpiringMap[str] = ExpiringMap(clock=clock, max_entries=max_entries)

    def get(self, key: str) -> str | None:
        """Return the value, or None when there is none or it has expired."""
        with self._lock:
            return self._values.get(key)

    def set(self, key: str, value: str, *, ttl_seconds: float) -> bool:
        """Store the value for ``ttl_seconds`` and return True."""
        check_key(key)
        check_seconds("ttl_seconds", ttl_seconds)
        with self._lock:
            self._values.put(key, value, ttl_seconds=ttl_seconds)
        return True

    def delete(self, *keys: str) -> None:
        """Remove the keys and revoke their leases."""
        with self._lock:
            for key in keys:
                self._values.pop(key)
                self._leases.pop(key)

    def lease(self, key: str, token: str, *, ttl_seconds: float) -> bool:
        """Take the right to fill ``key``, or prolong it, and return True, unless another token holds it."""
        check_key(key)
        check_seconds("ttl_seconds", ttl_seconds)
        with self._lock:
            if self._leases.get(key) not in (None, token):
                return False
            self._leases.put(key, token, ttl_seconds=ttl_seconds)
            return True

    def fill(self, key: str, token: str, value: str, *, ttl_seconds: float) -> bool:
        """If ``token`` still holds the lease, store the value, give the lease back and return True; else False."""
        check_key(key)
        check_seconds("ttl_seconds", ttl_seconds)
        with self._lock:
            if self._leases.get(key) != token:
                return False
            self._values.put(key, value, ttl_seconds=ttl_seconds)
            self._leases.pop(key)
            return True

    def release(self, key: str, token: str) -> None:
        """Give the lease back if ``token`` holds it."""
        with self._lock:
            if self._leases.get(key) == token:
                self._leases.pop(key)
