"""Unknown keys, counted by address."""

from __future__ import annotations

import pytest

from variate.errors import StoreError
from variate.model import RateLimit
from variate.server.guesses import Guesses
from variate.stores.memory import MemoryRateLimiter


def guesses(limiter: MemoryRateLimiter, clock: list[float]) -> Guesses:
    def count(key: str, most: int, seconds: int) -> RateLimit:
        return limiter.fixed_window(key, max_requests=most, window_seconds=seconds)

    return Guesses(count, most_a_minute=3, clock=lambda: clock[0])


def test_an_address_is_held_for_the_rest_of_the_minute_once_too_many_came() -> None:
    clock = [0.0]
    counted = guesses(MemoryRateLimiter(clock=lambda: clock[0]), clock)
    for _ in range(2):
        counted.note("203.0.113.9")
    assert counted.held_seconds("203.0.113.9") == 0
    counted.note("203.0.113.9")
    assert counted.held_seconds("203.0.113.9") == 60
    clock[0] = 61
    assert counted.held_seconds("203.0.113.9") == 0


def test_processes_count_together() -> None:
    clock = [0.0]
    limiter = MemoryRateLimiter(clock=lambda: clock[0])
    here, there = guesses(limiter, clock), guesses(limiter, clock)
    for _ in range(2):
        here.note("203.0.113.9")
    there.note("203.0.113.9")
    assert there.held_seconds("203.0.113.9") > 0


def test_others_are_not_held() -> None:
    clock = [0.0]
    counted = guesses(MemoryRateLimiter(clock=lambda: clock[0]), clock)
    for _ in range(9):
        counted.note("2001:db8:1:1::1")
    assert counted.held_seconds("2001:db8:1:1::2") > 0
    assert counted.held_seconds("2001:db8:1:2::1") == 0


def test_where_nobody_can_count_nobody_is_held(caplog: pytest.LogCaptureFixture) -> None:
    def fail(key: str, most: int, seconds: int) -> RateLimit:
        raise StoreError("refused")

    counted = Guesses(fail, most_a_minute=1)
    counted.note("203.0.113.9")
    assert counted.held_seconds("203.0.113.9") == 0
    assert "cannot be counted" in caplog.text
