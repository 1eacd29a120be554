"""Rates: how many requests a second somebody may have answered."""

from __future__ import annotations

import pytest

from variate.server.rates import Rate


class Clock:
    """Seconds that go by when told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def passing(rate: Rate, who: str, requests: int) -> int:
    return sum(not rate.take(who).wait_seconds for _ in range(requests))


def test_as_many_pass_at_once_as_come_within_a_second(clock: Clock) -> None:
    assert passing(Rate("key", 100, clock=clock), "a", 500) == 100


def test_after_a_burst_requests_pass_at_the_rate(clock: Clock) -> None:
    rate = Rate("key", 100, clock=clock)
    passing(rate, "a", 100)
    passed = 0
    for _ in range(1_000):
        clock.now += 0.001
        passed += passing(rate, "a", 1)
    assert passed == pytest.approx(100, abs=1)


def test_who_asks_too_often_waits_for_what_one_request_takes(clock: Clock) -> None:
    rate = Rate("key", 4, clock=clock)
    passing(rate, "a", 4)
    taken = rate.take("a")
    assert taken.wait_seconds == pytest.approx(0.25)
    assert taken.left == 0
    clock.now += taken.wait_seconds
    assert passing(rate, "a", 2) == 1


def test_a_refused_request_is_not_counted(clock: Clock) -> None:
    rate = Rate("key", 1, clock=clock)
    passing(rate, "a", 50)
    clock.now += 1
    assert passing(rate, "a", 1) == 1


def test_below_one_a_second_one_passes_at_a_time(clock: Clock) -> None:
    rate = Rate("address", 0.5, clock=clock)
    assert passing(rate, "a", 3) == 1
    assert rate.take("a").wait_seconds == pytest.approx(2)


def test_each_is_counted_by_itself(clock: Clock) -> None:
    rate = Rate("key", 1, clock=clock)
    assert [passing(rate, who, 2) for who in ("a", "b")] == [1, 1]


def test_the_headers_say_the_rule_and_what_is_left(clock: Clock) -> None:
    rate = Rate("key", 10, clock=clock)
    passing(rate, "a", 3)
    assert dict(rate.headers(rate.take("a"))) == {
        b"ratelimit-policy": b'"key";q=10;w=1',
        b"ratelimit": b'"key";r=6;t=1',
    }


def test_only_so_many_are_remembered_and_who_asked_lately_is_one_of_them(clock: Clock) -> None:
    rate = Rate("address", 1, clock=clock, most_remembered=100)
    for number in range(10_000):
        rate.take(f"old-{number}")
    clock.now += 2
    passing(rate, "a", 1)
    for number in range(120):
        rate.take(f"new-{number}")
    assert passing(rate, "new-119", 1) == 0
    assert len(rate._whole_at) <= 101
