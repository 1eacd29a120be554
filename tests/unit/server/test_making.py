"""Reports in the making: some at once, one of an experiment, none for ever."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import pytest

from tests.unit.rendering.sample import report
from tests.unit.testing.reference import Memory
from tests.unit.testing.reference_access import ReferenceReplyStore
from variate.analysis.report import Report
from variate.errors import LimitExceededError, StoreUnavailableError
from variate.server.dashboard.makers import Makers
from variate.server.dashboard.making import AT_ONCE, MOST_WAITING, Making
from variate.stores.access import CLAIM_LASTS, ReplyStore
from variate.stores.aggregates import Advance
from variate.testing.clocks import SettableClock
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


def making_of(
    reporter: Reporter, made: Callable[[Report], object] = lambda _: None, *, claims: ReplyStore | None = None
) -> Making:
    makers = Makers(claims=claims or ReferenceReplyStore(Memory()), clock=lambda: NOW)
    return Making(reporter, makers=makers, made=made, clock=lambda: NOW)


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


def test_of_two_processes_one_makes_the_report_of_an_experiment(reporter: Reporter) -> None:
    claims = ReferenceReplyStore(Memory())
    one, other = making_of(reporter, claims=claims), making_of(reporter, claims=claims)
    assert one.begin("e", dimensions=())
    assert not other.begin("e", dimensions=())
    assert other.of("e") is None
    assert other.begin("another", dimensions=())
    reporter.go_on.set()
    wait_over(one, "e")
    wait_over(other, "another")
    assert other.begin("e", dimensions=())
    wait_over(other, "e")
    assert sorted(reporter.begun) == ["another", "e", "e"]


def test_after_one_that_failed_another_process_may_make_it(reporter: Reporter) -> None:
    reporter.go_on.set()
    claims = ReferenceReplyStore(Memory())
    one, other = making_of(reporter, claims=claims), making_of(reporter, claims=claims)
    one.begin("broken", dimensions=())
    wait_over(one, "broken")
    assert other.begin("broken", dimensions=())


def test_where_no_claim_can_be_had_nothing_is_in_the_making(
    reporter: Reporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailableError("away")

    claims = ReferenceReplyStore(Memory())
    making = making_of(reporter, claims=claims)
    with monkeypatch.context() as context:
        context.setattr(claims, "claim", away)
        with pytest.raises(StoreUnavailableError):
            making.begin("e", dimensions=())
    assert making.of("e") is None
    assert making.begin("e", dimensions=())


def test_a_claim_is_renewed_as_long_as_the_report_takes() -> None:
    clock, claims = SettableClock(), ReferenceReplyStore(Memory())
    makers = Makers(claims=claims, clock=clock, every_seconds=0.001)
    token = makers.take("e")
    assert token is not None
    (claim,) = claims.kept.values()
    with makers.held("e", token):
        for _ in range(3):
            clock.advance(seconds=CLAIM_LASTS.total_seconds())
            wait_until(lambda: claim.claimed_at == clock(), what="the claim to be renewed")
            assert makers.take("e") is None
    assert makers.take("e") is not None


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
from tests.unit.testing.reference import Memory
from tests.unit.testing.reference_access import ReferenceReplyStore
from variate.clock import utc_now
from variate.server.dashboard.makers import Makers
from variate.server.dashboard.making import Making
begun = threading.Event()
def report(*_, **__):
    begun.set()
    threading.Event().wait()
makers = Makers(claims=ReferenceReplyStore(Memory()), clock=utc_now)
making = Making(report, makers=makers, made=print, clock=utc_now)
making.begin("deaf", dimensions=[])
assert begun.wait(30)
making.close()
"""


def test_a_process_ends_though_a_report_waits_for_a_store_that_hangs() -> None:
    subprocess.run([sys.executable, "-c", _DEAF], check=True, timeout=30)
