"""Many wait for one thread that catches up, each for as long as it may."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.unit.publishing.world import PATIENCE
from variate.publishing.catching_up import OVERDUE_SECONDS, CatchingUp


class Slow:
    """Work that begins when it is asked for, and ends when it is let."""

    def __init__(self) -> None:
        self.times = 0
        self.now = 0.0
        self.error: Exception | None = None
        self.begun = threading.Event()
        self.end = threading.Event()
        self.catching_up = CatchingUp(self.work, monotonic=lambda: self.now)

    def work(self) -> None:
        self.times += 1
        self.begun.set()
        assert self.end.wait(PATIENCE)
        if self.error is not None:
            raise self.error


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.end.set()


def test_who_waits_finds_the_work_done(slow: Slow) -> None:
    slow.end.set()
    slow.catching_up.wait(None)
    slow.catching_up.wait(PATIENCE)
    assert slow.times == 2


def test_what_the_work_raises_is_raised_to_who_waits_and_the_next_one_tries_again(slow: Slow) -> None:
    slow.end.set()
    slow.error = LookupError("nothing")
    with pytest.raises(LookupError):
        slow.catching_up.wait(None)
    slow.error = None
    slow.catching_up.wait(None)


def test_who_has_no_time_is_told_soon_and_the_work_goes_on(slow: Slow) -> None:
    with pytest.raises(TimeoutError):
        slow.catching_up.wait(0.01)
    slow.end.set()
    slow.catching_up.wait(PATIENCE)


def test_who_comes_while_it_works_waits_for_it_to_be_done_again_and_all_of_them_for_the_same(slow: Slow) -> None:
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(slow.catching_up.wait, None)
        assert slow.begun.wait(PATIENCE)
        others = [threads.submit(slow.catching_up.wait, None) for _ in range(3)]
        while slow.catching_up._next is None:  # until one of them has asked
            pass
        assert not any(each.done() for each in [first, *others])
        slow.end.set()
        for each in [first, *others]:
            each.result(PATIENCE)
    assert 2 <= slow.times <= 4


def test_once_it_is_overdue_nobody_waits_for_it_until_it_has_ended(slow: Slow) -> None:
    with pytest.raises(TimeoutError):
        slow.catching_up.wait(0.01)
    assert slow.begun.wait(PATIENCE)
    slow.now = OVERDUE_SECONDS + 1
    with pytest.raises(TimeoutError):
        slow.catching_up.wait(PATIENCE * 100)  # which would take longer than any test may
    slow.end.set()
    slow.catching_up.wait(None)
    slow.catching_up.wait(PATIENCE)
