"""A cache and limits that go on while their store is away."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.stores.ticking import Ticking
from variate.errors import StoreError, StoreUnavailableError
from variate.model import RateLimit
from variate.stores.memory import MemoryCache, MemoryRateLimiter
from variate.stores.wrappers.breaker import CircuitBreaker
from variate.stores.wrappers.resilient import GuardedCache, ResilientCache, ResilientRateLimiter


class AwayCache(MemoryCache):
    """Raises ``error`` from every method while it is set; counts the calls."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.calls = 0

    def _ask(self) -> None:
        self.calls += 1
        if self.error is not None:
            raise self.error

    def get(self, key: str) -> str | None:
        self._ask()
        return super().get(key)

    def set(self, key: str, value: str, *, ttl_seconds: float) -> bool:
        self._ask()
        return super().set(key, value, ttl_seconds=ttl_seconds)

    def delete(self, *keys: str) -> None:
        self._ask()
        super().delete(*keys)

    def lease(self, key: str, token: str, *, ttl_seconds: float) -> bool:
        self._ask()
        return super().lease(key, token, ttl_seconds=ttl_seconds)

    def fill(self, key: str, token: str, value: str, *, ttl_seconds: float) -> bool:
        self._ask()
        return super().fill(key, token, value, ttl_seconds=ttl_seconds)

    def release(self, key: str, token: str) -> None:
        self._ask()
        super().release(key, token)


class AwayLimiter(MemoryRateLimiter):
    """Cannot be reached while ``away``."""

    away = False

    def fixed_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        if self.away:
            raise StoreUnavailableError
        return super().fixed_window(key, max_requests=max_requests, window_seconds=window_seconds)

    def sliding_window(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit:
        if self.away:
            raise StoreUnavailableError
        return super().sliding_window(key, max_requests=max_requests, window_seconds=window_seconds)


def test_while_the_cache_is_away_nothing_is_there_and_everybody_may_fetch() -> None:
    inner = AwayCache()
    cache = ResilientCache(inner, CircuitBreaker())
    assert cache.set("a", "1", ttl_seconds=60)
    inner.error = StoreUnavailableError()
    for _ in range(3):
        assert cache.get("a") is None
        assert not cache.set("a", "2", ttl_seconds=60)
        assert cache.lease("a", "me", ttl_seconds=60)
        assert not cache.fill("a", "me", "2", ttl_seconds=60)
        cache.release("a", "me")
        cache.delete("a")
    inner.error = None


def test_what_has_no_other_source_is_told_that_the_cache_is_away_soon_without_asking_it() -> None:
    inner = AwayCache()
    cache = GuardedCache(inner, CircuitBreaker(failure_threshold=2))
    inner.error = StoreUnavailableError()
    calls: list[Callable[[], object]] = [
        lambda: cache.get("a"),
        lambda: cache.set("a", "1", ttl_seconds=60),
        lambda: cache.delete("a"),
        lambda: cache.lease("a", "me", ttl_seconds=60),
        lambda: cache.fill("a", "me", "1", ttl_seconds=60),
        lambda: cache.release("a", "me"),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailableError):
            call()
    assert inner.calls == 2


def test_a_cache_that_is_away_is_soon_not_asked_and_asked_again_later() -> None:
    inner, clock = AwayCache(), Ticking()
    cache = ResilientCache(inner, CircuitBreaker(failure_threshold=3, reset_seconds=5, clock=clock))
    cache.set("a", "1", ttl_seconds=60)
    inner.error = StoreUnavailableError()
    for _ in range(100):
        cache.get("a")
    assert inner.calls == 1 + 3
    inner.error = None
    assert cache.get("a") is None
    clock.advance(5)
    assert cache.get("a") == "1"


def test_what_the_cache_refuses_is_not_hidden() -> None:
    inner = AwayCache()
    inner.error = StoreError("wrong type")
    with pytest.raises(StoreError, match="wrong type"):
        ResilientCache(inner, CircuitBreaker()).get("a")


@pytest.mark.parametrize("window", ["fixed_window", "sliding_window"])
def test_while_the_limiter_is_away_the_fallback_keeps_the_limit(window: str) -> None:
    primary, clock = AwayLimiter(), Ticking()
    breaker = CircuitBreaker(reset_seconds=5, clock=clock)
    limiter = ResilientRateLimiter(primary, MemoryRateLimiter(), breaker)

    def check() -> bool:
        answer: RateLimit = getattr(limiter, window)("a", max_requests=2, window_seconds=60)
        return answer.allowed

    assert [check(), check(), check()] == [True, True, False]
    primary.away = True
    assert [check(), check(), check()] == [True, True, False]
    primary.away = False
    clock.advance(5)
    assert not check()


def test_what_was_to_be_removed_while_the_cache_was_away_is_not_seen_after_it() -> None:
    inner = AwayCache()
    cache = ResilientCache(inner, CircuitBreaker(failure_threshold=10))
    cache.set("a", "old", ttl_seconds=60)
    cache.set("b", "kept", ttl_seconds=60)
    inner.error = StoreUnavailableError()
    cache.delete("a")
    assert cache.get("b") is None
    inner.error = None
    assert cache.get("b") == "kept"
    assert inner.get("a") is None
    cache.set("a", "new", ttl_seconds=60)
    assert cache.get("a") == "new"
