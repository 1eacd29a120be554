"""How long may be waited is told by the block around the call, and by the strictest of several."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import pytest

from variate.patience import WouldWaitError, at_once, seconds_left, within


def test_without_a_block_there_is_time_without_end() -> None:
    assert seconds_left() == math.inf


def test_a_block_counts_down_and_ends() -> None:
    with within(100):
        assert 99 < seconds_left() <= 100
    assert seconds_left() == math.inf


def test_time_that_is_over_is_no_time_and_never_less() -> None:
    with within(-1):
        assert seconds_left() == 0.0


@pytest.mark.parametrize(("outer", "inner"), [(1, 100), (100, 1)])
def test_of_two_blocks_the_shorter_one_counts(outer: float, inner: float) -> None:
    with within(outer), within(inner):
        assert seconds_left() <= 1


def test_who_must_not_wait_is_told_before_anything_is_waited_for_and_no_block_changes_that() -> None:
    def within_a_block() -> float:
        with within(100):
            return seconds_left()

    hurried = at_once()
    for wait in (seconds_left, within_a_block):
        with pytest.raises(WouldWaitError):
            hurried.run(wait)
    assert seconds_left() == math.inf


def test_a_block_ends_where_something_was_raised_in_it() -> None:
    with pytest.raises(ZeroDivisionError), within(1):
        _ = 1 / 0
    assert seconds_left() == math.inf


def test_another_thread_has_its_own_time() -> None:
    with within(1), ThreadPoolExecutor(1) as threads:
        assert threads.submit(seconds_left).result() == math.inf
