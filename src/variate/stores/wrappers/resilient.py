"""Going on while Redis is away: the cache is empty for as long, and limits are kept by each process for itself."""

from __future__ import annotations

from variate.errors import StoreUnavailableError
from variate.model import RateLimit
from variate.stores.ports import Cache, RateLimiter
from variate.stores.wrappers.breaker import CircuitBreaker

_MAX_OWED = 10_000
"""How many keys are remembered that could not be removed: beyond it their time has to run out."""


class ResilientCache:
    """A ``Cache`` that never raises ``StoreUnavailableError``.

    While ``cache`` is away every key is missing, nothing is stored, and everybody may fetch. A ``delete`` is made up
    for by this object before its next ``get`` that the cache answers; should the process end first, the old value may
    be seen again until its time is up.
    """

    def __init__(self, cache: Cache, breaker: CircuitBreaker) -> None:
        self._cache = cache
        self._breaker = breaker
        self._owed: set[str] = set()

    def get(self, key: str) -> str | None:
        """Return the value, or None when there is none, it has expired, or the cache is away."""
        try:
            if self._owed:
                self._make_up()
            return self._breaker.call(self._cache.get, key)
        except StoreUnavailableError:
            return None

    def set(self, key: str, value: str, *, ttl_seconds: float) -> bool:
        """Store the value and return True; False while the cache is away."""
        try:
            return self._breaker.call(self._cache.set, key, value, ttl_seconds=ttl_seconds)
        except StoreUnavailableError:
            return False

    def delete(self, *keys: str) -> None:
        """Remove the keys and revoke their leases; while the cache is away, note them to do so later."""
        try:
            self._breaker.call(self._cache.delete, *keys)
        except StoreUnavailableError:
            if len(self._owed) < _MAX_OWED:
                self._owed.update(keys)

    def _make_up(self) -> None:
        """Remove what was to be removed while the cache was away."""
        owed = set(self._owed)
        self._breaker.call(self._cache.delete, *owed)
        self._owed -= owed

    def lease(self, key: str, token: str, *, ttl_seconds: float) -> bool:
        """Take the right to fill ``key``; while the cache is away everybody may fetch, so return True."""
        try:
            return self._breaker.call(self._cache.lease, key, token, ttl_seconds=ttl_seconds)
        except StoreUnavailableError:
            return True

    def fill(self, key: str, token: str, value: str, *, ttl_seconds: float) -> bool:
        """Store the value if ``token`` still holds the lease; False while the cache is away."""
        try:
            return self._breaker.call(self._cache.fill, key, token, value, ttl_seconds=ttl_seconds)
        except StoreUnavailableError:
            return False

    def release(self, key: str, token: str) -> None:
        """Give the lease back if ``token`` holds it; while the cache is away it ends by itself."""
        try:
            self._breaker.call(self._cache.release, key, token)
        except StoreUnavailableError:
            return


class GuardedCache:
    """A ``Cache`` that raises ``StoreUnavailableError`` at once while ``cache`` is away.

    It is for what has no other source, so that nobody takes "away" for "not there".
    """

    def __init__(self, cache: Cache, breaker: CircuitBreaker) -> None:
        self._cache = cache
        self._breaker = breaker

    def get(self, key: str) -> str | None:
        """Return the value, or None when there is none or it has expired."""
        return self._breaker.call(self._cache.get, key)

    def set(self, key: str, value: str, *, ttl_seconds: float) -> bool:
        """Store the value for ``ttl_seconds`` and return True."""
        return self._breaker.call(self._cache.set, key, value, ttl_seconds=ttl_seconds)

    def delete(self, *keys: str) -> None:
        """Remove the keys and revoke their leases."""
        self._breaker.call(self._cache.delete, *keys)

    def lease(self, key: str, token: str, *, ttl_seconds: float) -> bool:
        """Take the right to fill ``key``, or prolong it, and return True, unless another token holds it."""
        return self._breaker.call(self._cache.lease, key, token, ttl_seconds=ttl_seconds)

    def fill(self, key: str, token: str, value: str, *, ttl_seconds: float) -> bool:
        """If ``token`` still holds the lease, store the value, give the lease back and return True; else False."""
        return self._breaker.call(self._cache.fill, key, token, value, ttl_seconds=ttl_seconds)

    def release(self, key: str, token: str) -> None:
        """Give the lease back if ``token`` holds it."""
        self._breaker.call(self._cache.release, key, token)


class ResilientRateLimiter:
    """A ``RateLimiter`` that never raises ``StoreUnavailableError``: while ``primary`` is away ``fallback`` counts.

    Give it a ``MemoryRateLimiter`` to fall back on: then each process lets the limit through, not all together.
    """

    def __init__(self, primary: RateLimiter, fallback: RateLimiter, breaker: CircuitBreaker) -> None:
        self._primary = primary
        self._fallback = fallback
        self._breaker = breaker

    def fixed_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        """Count this call in the window that the first call opened; a refused call is not counted."""
        rule = {"max_requests": max_requests, "window_seconds": window_seconds}
        try:
            return self._breaker.call(self._primary.fixed_window, key, **rule)
        except StoreUnavailableError:
            return self._fallback.fixed_window(key, **rule)

    def sliding_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        """Count this call among those of the last ``window_seconds``; a refused call is not counted."""
        rule = {"max_requests": max_requests, "window_seconds": window_seconds}
        try:
            return self._breaker.call(self._primary.sliding_window, key, **rule)
        except StoreUnavailableError:
            return self._fallback.sliding_window(key, **rule)
