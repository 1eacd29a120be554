"""A change is settled once a snapshot with it is in force; changes close together share one publication."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.unit.publishing.world import PATIENCE
from variate.errors import ConflictError, StoreUnavailableError
from variate.model import OutboxMessage
from variate.publishing.relay import Relay
from variate.testing.builders import build_outbox_message
from variate.testing.conformance.concurrency import together


class Flow:
    """A relay from an outbox to a publication, with a clock that is set; it notes what happens in which order."""

    def __init__(self) -> None:
        self.now = 0.0
        self.changed = threading.Condition()
        self.happened: list[str] = []
        self.pending_messages: list[OutboxMessage] = []
        self.failures: list[Exception] = []
        self.refusals: dict[str, Exception] = {}
        self.relays: list[Relay] = []
        self.served = True

    def relay(self, **given: Any) -> Relay:
        parts: dict[str, Any] = {
            "publishing": frozenset({"changed"}),
            "publish": self.publish,
            "deferred": lambda: self.note("deferred"),
            "retry_seconds": 3_600.0,
            "monotonic": lambda: self.now,
        }
        handlers = {"changed": self.handle, "note": self.handle}
        self.relays.append(Relay([self], handlers, **{**parts, **given}))
        return self.relays[-1]

    def change(self, *ids: str, kind: str = "changed") -> None:
        with self.changed:
            self.pending_messages += [build_outbox_message(each, kind=kind) for each in ids]

    def pending(self, *, limit: int) -> Sequence[OutboxMessage]:
        with self.changed:
            return self.pending_messages[:limit]

    def settle(self, message_ids: Sequence[str]) -> None:
        with self.changed:
            self.pending_messages = [each for each in self.pending_messages if each.id not in message_ids]
        self.note(f"settled {len(message_ids)}")

    def handle(self, message: OutboxMessage) -> None:
        if message.id in self.refusals:
            raise self.refusals[message.id]

    def publish(self) -> bool:
        self.note("published")
        if self.failures:
            raise self.failures.pop(0)
        return self.served

    def note(self, what: str) -> None:
        with self.changed:
            self.happened.append(what)
            self.changed.notify_all()

    def await_settled(self) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: not self.pending_messages, PATIENCE), self.happened

    def count(self, what: str) -> int:
        return self.happened.count(what)


@pytest.fixture
def flow() -> Iterator[Flow]:
    found = Flow()
    yield found
    for relay in found.relays:
        relay.close()


_of_others: set[threading.Thread] = set()


@pytest.fixture(autouse=True)
def _others() -> Iterator[None]:
    """Leave out what earlier tests of this process have still waiting."""
    _of_others.update(threading.enumerate())
    yield
    _of_others.clear()


def timers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if isinstance(each, threading.Timer) and each not in _of_others]


def test_a_change_is_settled_after_it_is_published_and_not_before(flow: Flow) -> None:
    flow.change("1")
    flow.relay().announce()
    assert flow.happened == ["published", "settled 1"]


def test_a_message_that_tells_of_no_change_is_settled_without_a_publication(flow: Flow) -> None:
    flow.change("1", kind="note")
    assert flow.relay().deliver() == 1
    assert flow.happened == ["settled 1"]


def test_many_changes_close_together_are_published_together_a_little_later(flow: Flow) -> None:
    relay = flow.relay()
    flow.change("first")
    relay.announce()
    for number in range(20):
        flow.change(str(number))
        relay.announce()
    flow.await_settled()
    assert flow.happened[:2] == ["published", "settled 1"]
    assert flow.happened[-2:] == ["published", "settled 20"]
    assert (flow.count("published"), flow.count("deferred")) == (2, 20)


def test_a_change_that_is_put_off_stays_pending_and_says_that_it_is(flow: Flow) -> None:
    relay = flow.relay(retry_seconds=3_600.0)
    flow.change("1")
    relay.announce()
    flow.change("2")
    relay.announce()
    assert flow.happened == ["published", "settled 1", "deferred"]
    assert relay.backlog() == 1


def test_after_a_quiet_while_a_change_is_published_at_once_again(flow: Flow) -> None:
    relay = flow.relay()
    for number in range(3):
        flow.change(str(number))
        relay.announce()
        flow.now += 0.1
    assert flow.happened == ["published", "settled 1"] * 3


def test_where_nothing_is_served_yet_no_change_is_put_off(flow: Flow) -> None:
    flow.served = False
    relay = flow.relay()
    for number in range(3):
        flow.change(str(number))
        relay.announce()
    assert flow.happened == ["published", "settled 1"] * 3


def test_who_delivers_on_purpose_publishes_at_once(flow: Flow) -> None:
    relay = flow.relay()
    for number in range(3):
        flow.change(str(number))
        assert relay.deliver() == 1
    assert (flow.count("published"), flow.count("deferred")) == (3, 0)


def test_to_catch_up_publishes_what_was_put_off_and_nothing_where_nothing_was(flow: Flow) -> None:
    relay = flow.relay()
    relay.catch_up()
    assert flow.happened == []
    for number in ("1", "2", "3"):
        flow.change(number)
        relay.announce()
    relay.catch_up()
    relay.catch_up()
    assert flow.happened == ["published", "settled 1", "deferred", "deferred", "published", "settled 2"]


def test_a_hundred_that_wait_are_published_at_once(flow: Flow) -> None:
    relay = flow.relay()
    flow.change("first")
    relay.announce()
    flow.change(*(f"{number:03}" for number in range(99)))
    relay.announce()
    assert flow.count("published") == 1
    flow.change("the hundredth")
    relay.announce()
    assert flow.happened[-2:] == ["published", "settled 100"]


def test_many_more_than_a_hundred_are_carried_out_in_one_delivery(flow: Flow) -> None:
    flow.change(*(f"{number:03}" for number in range(250)))
    assert flow.relay().deliver() == 250
    assert flow.happened == ["published", "settled 100"] * 2 + ["published", "settled 50"]


def test_a_publication_that_fails_leaves_the_changes_pending_and_is_tried_again_by_itself(flow: Flow) -> None:
    flow.failures = [StoreUnavailableError("away"), StoreUnavailableError("away")]
    relay = flow.relay(retry_seconds=0.01)
    flow.change("1", "2")
    assert relay.deliver() == 0
    assert flow.happened == ["published"]
    flow.await_settled()
    assert flow.happened == ["published"] * 3 + ["settled 2"]


def test_also_where_the_store_refuses_it_and_that_is_logged(flow: Flow, caplog: pytest.LogCaptureFixture) -> None:
    flow.failures = [ConflictError("others publish all the time")]
    relay = flow.relay(retry_seconds=0.01)
    flow.change("1")
    with caplog.at_level(logging.ERROR, logger="variate.relay"):
        relay.announce()
        flow.await_settled()
    assert "nothing was published; what is pending stays pending" in caplog.text
    assert flow.count("published") == 2


def test_while_the_store_of_snapshots_is_away_whoever_makes_a_change_does_not_wait_for_it(flow: Flow) -> None:
    flow.failures = [StoreUnavailableError("away")]
    relay = flow.relay()
    flow.change("1")
    relay.announce()
    for number in range(2, 10):
        flow.change(str(number))
        relay.announce()
    assert flow.count("published") == 1
    assert relay.deliver() == 9


def test_what_waits_for_a_publication_is_not_carried_out_again_meanwhile(
    flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[str] = []
    monkeypatch.setattr(flow, "handle", lambda message: carried.append(message.id))
    relay = flow.relay()
    for number in ("1", "2", "3"):
        flow.change(number)
        relay.announce()
    relay.catch_up()
    assert carried == ["1", "2", "3"]


def test_a_message_that_is_refused_does_not_keep_the_others_from_being_published(flow: Flow) -> None:
    flow.refusals["2"] = ConflictError("refused")
    flow.change("1", "2", "3")
    assert flow.relay().deliver() == 2
    assert flow.happened == ["published", "settled 2"]
    assert [each.id for each in flow.pending_messages] == ["2"]


def test_what_comes_before_one_whose_store_is_away_is_published(flow: Flow) -> None:
    flow.refusals["2"] = StoreUnavailableError("away")
    flow.change("1", "2", "3")
    assert flow.relay().deliver() == 1
    assert [each.id for each in flow.pending_messages] == ["2", "3"]


def test_to_close_publishes_what_was_put_off_and_ends_the_waiting(flow: Flow) -> None:
    relay = flow.relay()
    for number in ("1", "2"):
        flow.change(number)
        relay.announce()
    waiting = timers()
    assert len(waiting) == 1
    relay.close()
    assert flow.happened == ["published", "settled 1", "deferred", "published", "settled 1"]
    waiting[0].join(PATIENCE)
    assert timers() == []


def test_to_close_while_the_store_is_away_leaves_what_is_pending_for_the_next_process(flow: Flow) -> None:
    relay = flow.relay(retry_seconds=0.01)
    flow.change("1")
    relay.announce()
    flow.change("2")
    relay.announce()
    waiting = timers()
    flow.failures = [StoreUnavailableError("away")]
    relay.close()
    for each in waiting:
        each.join(PATIENCE)
    assert (relay.backlog(), timers()) == (1, [])
    next_process = flow.relay()
    assert next_process.deliver() == 1


def test_one_timer_at_a_time_waits_however_many_changes_come(flow: Flow) -> None:
    relay = flow.relay()
    flow.change("first")
    relay.announce()

    def change(number: int) -> None:
        flow.change(str(number))
        relay.announce()

    together(8, change)
    assert len(timers()) <= 1
    flow.await_settled()
    assert flow.count("published") <= 3, "the first, what was put off, and perhaps one between them"


def test_threads_that_change_at_once_have_all_their_changes_settled(flow: Flow) -> None:
    relay = flow.relay(monotonic=iter(range(10_000_000)).__next__)

    def change(number: int) -> None:
        for each in range(10):
            flow.change(f"{number}-{each}")
            relay.announce()

    together(6, change)
    relay.deliver()
    assert flow.pending_messages == []
