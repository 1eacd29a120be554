"""Reports in the making: some at once, one of an experiment, none for ever."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pytest

from tests.unit.rendering.sample import report
from variate.analysis.report import Report
from variate.errors import LimitExceededError
from variate.server.dashboard.making import AT_ONCE, MOST_WAITING, Making
from variate.stores.aggregates import Advance
from variate.testing.waiting import wait_until

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Reporter:
    """Makes a report as soon as it may go on, told in two steps."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.begun: list[str] = []
        self.gave_up = threading.Event()

    def __call__(self, experiment_id: str, *, dimensions: Sequence[str], advance: Advance) -> Report:
        self.begun.append(experiment_id)
        advance("summing <up>", 1_500, 2_000)
        assert self.go_on.wait(timeout=30)
        try:
            advance("summing <up>", 2_000, 2_000)
        except BaseException:
            self.gave_up.set()
            raise
        if experiment_id == "broken":
            raise ZeroDivisionError("secret detail")
        return report()


@pytest.fixture
def reporter() -> Iterator[Reporter]:
    found = Reporter()
    yield found
    found.go_on.set()


def making_of(reporter: Reporter, made: Callable[[Report], object] = lambda _: None) -> Making:
    return Making(reporter, made=made, clock=lambda: NOW)


def wait_over(making: Making, experiment_id: str) -> None:
    def is_over() -> bool:
        work = making.of(experiment_id)
        return work is not None and work.is_over

    wait_until(is_over, what="the report")


def test_it_says_how_far_it_is_and_then_what_came_of_it(reporter: Reporter) -> None:
    made: list[Report] = []
    making = making_of(reporter, made.append)
    assert making.of("one") is None
    assert making.begin("one", dimensions=())
    wait_until(lambda: "1,500" in (making.of("one") or pytest.fail("it is gone")).step)
    assert not making.begin("one", dimensions=())
    reporter.go_on.set()
    wait_over(making, "one")
    work = making.of("one")
    assert work is not None
    assert (work.report_id, work.failure, work.asked_at) == (report().id, None, NOW)
    assert made == [report()]
    assert reporter.begun == ["one"]
    assert making.begin("one", dimensions=())


def test_what_fails_unforeseen_is_told_without_its_details(reporter: Reporter) -> None:
    reporter.go_on.set()
    making = making_of(reporter)
    making.begin("broken", dimensions=())
    wait_over(making, "broken")
    work = making.of("broken")
    assert work is not None
    assert work.failure == "it failed here, and the log of the service says why"


def test_only_some_are_made_at_once_and_only_so_many_wait(reporter: Reporter) -> None:
    making = making_of(reporter)
    for number in range(AT_ONCE + MOST_WAITING):
        assert making.begin(f"e-{number}", dimensions=())
    with pytest.raises(LimitExceededError):
        making.begin("one more", dimensions=())
    wait_until(lambda: len(reporter.begun) == AT_ONCE)
    reporter.go_on.set()
    wait_over(making, f"e-{AT_ONCE + MOST_WAITING - 1}")
    assert making.begin("one more", dimensions=())


def test_stopping_gives_up_what_is_being_made_and_begins_nothing(reporter: Reporter) -> None:
    making = making_of(reporter)
    making.begin("one", dimensions=())
    wait_until(lambda: bool(reporter.begun))
    making.close()
    making.close()
    reporter.go_on.set()
    assert reporter.gave_up.wait(timeout=30)
    wait_over(making, "one")
    work = making.of("one")
    assert work is not None
    assert work.failure == "the service stopped before it was made"
    with pytest.raises(LimitExceededError):
        making.begin("two", dimensions=())


_DEAF = """
import subprocess
import sys
import threading
from variate.clock import utc_now
from variate.server.dashboard.making import Making
begun = threading.Event()
def report(*_, **__):
    begun.set()
    threading.Event().wait()
making = Making(report, made=print, clock=utc_now)
making.begin("deaf", dimensions=[])
assert begun.wait(30)
making.close()
"""


def test_a_process_ends_though_a_report_waits_for_a_store_that_hangs() -> None:
    subprocess.run([sys.executable, "-c", _DEAF], check=True, timeout=30)
