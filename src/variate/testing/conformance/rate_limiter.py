"""The suite of ``RateLimiter``."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Protocol

import pytest

from variate.model import RateLimit
from variate.stores.ports import RateLimiter
from variate.testing.conformance.concurrency import together
from variate.testing.conformance.samples import ALIKE, every_text
from variate.testing.waiting import wait_until


class _Check(Protocol):
    def __call__(self, key: str, *, max_requests: int, window_seconds: int) -> RateLimit: ...


class RateLimiterConformance:
    """Subclass it and provide the fixture ``store``, which has counted nothing."""

    @pytest.fixture
    def store(self) -> RateLimiter:
        raise NotImplementedError("provide a fixture `store`: a RateLimiter that has counted nothing")

    @pytest.fixture(params=["fixed_window", "sliding_window"])
    def check(self, store: RateLimiter, request: pytest.FixtureRequest) -> _Check:
        """Each kind of window in turn."""
        found: _Check = getattr(store, request.param)
        return found

    def test_calls_pass_up_to_the_limit_and_no_further(self, check: _Check) -> None:
        answers = [check("key", max_requests=3, window_seconds=60) for _ in range(5)]
        assert [each.allowed for each in answers] == [True, True, True, False, False]
        assert [each.count for each in answers] == [1, 2, 3, 3, 3]

    def test_a_limit_of_one_lets_one_pass(self, check: _Check) -> None:
        assert [check("key", max_requests=1, window_seconds=60).allowed for _ in range(3)] == [True, False, False]

    @pytest.mark.parametrize("window_seconds", [1, 60, 86_400])
    def test_the_reset_is_in_whole_seconds_within_the_window(self, check: _Check, window_seconds: int) -> None:
        for _ in range(4):
            answer = check("key", max_requests=2, window_seconds=window_seconds)
            assert isinstance(answer.reset_seconds, int)
            assert 1 <= answer.reset_seconds <= window_seconds
        assert check("fresh", max_requests=2, window_seconds=60).reset_seconds in (59, 60)

    def test_keys_are_counted_apart(self, check: _Check) -> None:
        answers = [check(each, max_requests=1, window_seconds=60) for each in ALIKE]
        assert all(each.allowed for each in answers)
        assert not any(check(each, max_requests=1, window_seconds=60).allowed for each in ALIKE)

    @every_text
    def test_any_text_is_a_key(self, check: _Check, text: str) -> None:
        assert [check(text, max_requests=1, window_seconds=60).allowed for _ in range(2)] == [True, False]

    def test_the_two_kinds_of_window_do_not_disturb_one_another(self, store: RateLimiter) -> None:
        assert store.fixed_window("key", max_requests=1, window_seconds=60).allowed
        assert store.sliding_window("key", max_requests=1, window_seconds=60).allowed
        assert not store.fixed_window("key", max_requests=1, window_seconds=60).allowed
        assert not store.sliding_window("key", max_requests=1, window_seconds=60).allowed

    def test_of_fifty_callers_at_a_limit_of_ten_exactly_ten_pass(self, check: _Check) -> None:
        answers = together(50, lambda _: check("key", max_requests=10, window_seconds=60))
        passed = sorted(each.count for each in answers if each.allowed)
        assert passed == list(range(1, 11))
        assert {each.count for each in answers if not each.allowed} == {10}

    def test_when_the_window_is_over_calls_pass_again(self, check: _Check) -> None:
        assert [check("key", max_requests=2, window_seconds=1).allowed for _ in range(2)] == [True, True]
        wait_until(lambda: check("key", max_requests=2, window_seconds=1).allowed, what="the end of one second")

    def test_a_lower_limit_than_what_has_passed_refuses(self, check: _Check) -> None:
        for _ in range(5):
            check("key", max_requests=10, window_seconds=60)
        assert not check("key", max_requests=3, window_seconds=60).allowed
        assert check("key", max_requests=10, window_seconds=60).count == 6

    def test_a_fixed_window_opens_with_its_first_call_and_no_later_call_prolongs_it(self, store: RateLimiter) -> None:
        windows = _windows(lambda: store.fixed_window("key", max_requests=2, window_seconds=1))
        assert len(windows) >= 2, "refused calls do not keep it shut"
        starts = [window[0] for window in windows]
        for (opened, _), (_, answered) in pairwise(starts):
            assert answered - opened >= 0.999, "a window lasts as long as it says"
        assert [len(window) for window in windows[:-1]] == [2] * (len(windows) - 1)

    def test_in_no_second_do_more_pass_than_a_sliding_window_allows(self, store: RateLimiter) -> None:
        passed = _passed(lambda: store.sliding_window("key", max_requests=3, window_seconds=1), seconds=2.5)
        assert len(passed) >= 6, "and refused calls do not keep it shut"
        for (asked, _), (_, answered) in zip(passed, passed[3:], strict=False):
            assert answered - asked >= 0.999


def _passed(check: Callable[[], RateLimit], *, seconds: float) -> list[tuple[float, float]]:
    """Call over and over; return when each call that passed was asked and answered."""
    passed = []
    ends = time.monotonic() + seconds
    while (asked := time.monotonic()) < ends:
        if check().allowed:
            passed.append((asked, time.monotonic()))
        else:
            time.sleep(0.005)  # the pace of a caller that tries again, not a wait for anything
    return passed


def _windows(check: Callable[[], RateLimit]) -> list[list[tuple[float, float]]]:
    """Call over and over for 2.5 seconds; return when those that passed did, by the window they were counted in."""
    windows: list[list[tuple[float, float]]] = []
    ends = time.monotonic() + 2.5
    while (asked := time.monotonic()) < ends:
        answer = check()
        if not answer.allowed:
            time.sleep(0.005)
        elif answer.count == 1:
            windows.append([(asked, time.monotonic())])
        else:
            windows[-1].append((asked, time.monotonic()))
    return windows
