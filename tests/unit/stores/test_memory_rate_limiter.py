"""Rate limits in memory, by a clock that tests move."""

from __future__ import annotations

import pytest

from tests.unit.stores.ticking import Ticking
from variate.errors import InvalidInputError
from variate.stores.memory import MemoryRateLimiter


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def limiter(clock: Ticking) -> MemoryRateLimiter:
    return MemoryRateLimiter(clock=clock)


def test_the_place_of_each_call_is_free_again_when_that_call_is_a_window_old(
    limiter: MemoryRateLimiter, clock: Ticking
) -> None:
    answers = []
    for wait in (0, 20, 20, 19.9, 0.1, 0, 20):
        clock.advance(wait)
        answer = limiter.sliding_window("key", max_requests=3, window_seconds=60)
        answers.append((clock.now - 1_000, answer.allowed, answer.count, answer.reset_seconds))
    # In sight of each other at 59.9: the calls of 0, 20 and 40.
    assert answers == [
        (0, True, 1, 60),
        (20, True, 2, 40),
        (40, True, 3, 20),
        (pytest.approx(59.9), False, 3, 1),
        (pytest.approx(60), True, 3, 20),
        (pytest.approx(60), False, 3, 20),
        (pytest.approx(80), True, 3, 20),
    ]


def test_a_fixed_window_opens_anew_when_it_is_over(limiter: MemoryRateLimiter, clock: Ticking) -> None:
    assert limiter.fixed_window("key", max_requests=1, window_seconds=60).allowed
    clock.advance(59.9)
    answer = limiter.fixed_window("key", max_requests=1, window_seconds=60)
    assert (answer.allowed, answer.reset_seconds) == (False, 1)
    clock.advance(0.1)
    assert limiter.fixed_window("key", max_requests=1, window_seconds=60).allowed


def test_a_window_opened_under_a_longer_rule_ends_by_the_present_one(
    limiter: MemoryRateLimiter, clock: Ticking
) -> None:
    limiter.fixed_window("key", max_requests=1, window_seconds=3_600)
    assert limiter.fixed_window("key", max_requests=1, window_seconds=10).reset_seconds == 10
    clock.advance(10)
    assert limiter.fixed_window("key", max_requests=1, window_seconds=10).allowed


def test_ten_thousand_keys_take_the_memory_of_as_many_as_are_allowed(clock: Ticking) -> None:
    limiter = MemoryRateLimiter(clock=clock, max_keys=100)
    for number in range(10_000):
        limiter.fixed_window(f"{number}", max_requests=1, window_seconds=60)
        limiter.sliding_window(f"{number}", max_requests=1, window_seconds=60)
    assert (len(limiter._windows), len(limiter._logs)) == (100, 100)


@pytest.mark.parametrize("window", ["fixed_window", "sliding_window"])
@pytest.mark.parametrize(
    ("field", "arguments"),
    [("key", {"key": ""}), ("max_requests", {"max_requests": 0}), ("window_seconds", {"window_seconds": 0.5})],
)
def test_a_limit_that_is_none_is_refused(
    limiter: MemoryRateLimiter, window: str, field: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        getattr(limiter, window)(**{"key": "key", "max_requests": 1, "window_seconds": 1, **arguments})
    assert raised.value.field == field
