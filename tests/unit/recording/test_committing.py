"""Events of many senders are written together, and each sender is told what became of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from tests.engines.waiting import wait_until
from tests.unit.testing.reference_records import ReferenceEventStore
from variate.errors import InvalidInputError, StoreError, StoreUnavailableError
from variate.model import Event, Verdict, VerdictStatus
from variate.patience import seconds_left
from variate.recording.batch import Reader
from variate.recording.committing import GROUP, RETRY_SECONDS, STALLED_SECONDS, WRITE_SECONDS, GroupCommit
from variate.testing.clocks import SettableClock


class Store(ReferenceEventStore):
    """Stores as told: ``refuses`` raises for a call's events, and calls wait while the gate is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []
        self.refuses: Callable[[Sequence[Event]], Exception | None] = lambda _: None
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)

    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        self.calls.append([event.id for event in events])
        self.entered.release()
        assert self.gate.wait(10)
        error = self.refuses(events)
        if error is not None:
            raise error
        return super().append(events, at=at)

    def shut(self, committing: GroupCommit) -> Future[list[Verdict]]:
        """Have the next call wait, with one event in it; return when it does."""
        self.gate.clear()
        answer = committing.submit([event("held")])
        assert self.entered.acquire(timeout=10)
        return answer


class Seconds:
    """A clock of seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def event(event_id: str, **given: Any) -> dict[str, Any]:
    return {"id": event_id, "user_id": "u", "event_type": "order", "data": 1, **given}


@contextmanager
def group_commit(
    store: Store, *, writers: int = 1, waiting: int = 10_000, now: Seconds | None = None
) -> Iterator[GroupCommit]:
    numbers = count(1)
    committing = GroupCommit(
        reader=Reader(clock=SettableClock(), new_id=lambda: f"made-{next(numbers)}"),
        store=store,
        writers=writers,
        waiting=waiting,
        now=now or Seconds(),
    )
    try:
        yield committing
    finally:
        store.gate.set()
        committing.close(timeout_seconds=10)


def told(answer: Future[list[Verdict]]) -> list[tuple[str | None, str]]:
    return [(verdict.event_id, verdict.status.value) for verdict in answer.result(10)]


def test_each_event_of_a_sender_gets_a_verdict_in_order() -> None:
    with group_commit(Store()) as committing:
        given = [event("1"), event("2", data=float("nan")), event("1"), {"user_id": "u"}, event("3", id=None)]
        assert told(committing.submit(given)) == [
            ("1", "accepted"),
            ("2", "rejected"),
            ("1", "duplicate"),
            (None, "rejected"),
            ("made-1", "accepted"),
        ]


def test_what_comes_while_the_store_writes_is_written_together_next() -> None:
    store = Store()
    with group_commit(store) as committing:
        held = store.shut(committing)
        answers = [committing.submit([event(f"{n}-a"), event(f"{n}-b")]) for n in range(3)]
        answers.append(committing.submit([event("0-a"), event("last")]))
        store.gate.set()
        assert told(held) == [("held", "accepted")]
        assert told(answers[1]) == [("1-a", "accepted"), ("1-b", "accepted")]
        assert told(answers[3]) == [("0-a", "duplicate"), ("last", "accepted")]
    assert store.calls == [["held"], ["0-a", "0-b", "1-a", "1-b", "2-a", "2-b", "0-a", "last"]]


def test_a_call_of_the_store_has_a_bounded_number_of_events() -> None:
    store = Store()
    with group_commit(store) as committing:
        store.shut(committing)
        size = GROUP // 4
        answers = [committing.submit([event(f"{n}-{k}") for k in range(size)]) for n in range(9)]
        store.gate.set()
        for answer in answers:
            assert len(answer.result(10)) == size
    assert [len(call) for call in store.calls] == [1, GROUP, GROUP, size]


def test_as_many_calls_go_on_at_once_as_the_backend_gains_by() -> None:
    store = Store()
    with group_commit(store, writers=2) as committing:
        held = [store.shut(committing), store.shut(committing)]
        later = committing.submit([event("later")])
        assert not store.entered.acquire(timeout=0.05)
        store.gate.set()
        assert [told(each)[0][0] for each in (*held, later)] == ["held", "held", "later"]


def test_nothing_to_store_is_answered_without_the_store() -> None:
    store = Store()
    with group_commit(store) as committing:
        assert told(committing.submit([])) == []
        assert told(committing.submit([{"id": "bad"}])) == [("bad", "rejected")]
    assert store.calls == []


@pytest.mark.parametrize("given", [None, 7, "text", {"user_id": "u"}])
def test_what_is_no_list_is_refused(given: Any) -> None:
    with group_commit(Store()) as committing, pytest.raises(InvalidInputError, match="events"):
        committing.submit(given)


def test_what_one_senders_event_breaks_is_told_to_that_sender_alone() -> None:
    store = Store()
    store.refuses = lambda events: StoreError("broken") if any(each.id == "poison" for each in events) else None
    with group_commit(store) as committing:
        store.shut(committing)
        answers = [committing.submit([event(name)]) for name in ("before", "poison", "after")]
        store.gate.set()
        assert told(answers[0]) == [("before", "accepted")]
        assert told(answers[2]) == [("after", "accepted")]
        with pytest.raises(StoreError, match="broken"):
            answers[1].result(10)


def test_a_store_that_does_not_say_what_became_of_each_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store()
    with group_commit(store) as committing:
        with monkeypatch.context() as patched:
            patched.setattr(Store, "append", lambda *_, **__: [])
            with pytest.raises(ValueError, match="shorter"):
                committing.submit([event("a")]).result(10)
        assert [each.status for each in committing.submit([event("b")]).result(10)] == [VerdictStatus.ACCEPTED]


def test_an_event_that_the_store_cannot_hold_is_rejected_by_itself() -> None:
    """As one that is too long once it is sealed."""
    store = Store()
    store.refuses = lambda events: InvalidInputError("data", "too long") if "b" in [e.id for e in events] else None
    with group_commit(store) as committing:
        answer = committing.submit([event(name) for name in "abcde"])
        assert [status for _, status in told(answer)] == ["accepted", "rejected", "accepted", "accepted", "accepted"]
        error = answer.result()[1].error
        assert error is not None
        assert error.field == "data"


def test_a_store_that_refuses_everything_is_not_asked_for_each_sender() -> None:
    store = Store()
    with group_commit(store) as committing:
        store.shut(committing)
        answers = [committing.submit([event(f"{n}")]) for n in range(50)]
        store.refuses = lambda _: StoreError("disk full")
        store.gate.set()
        errors = [answer.exception(10) for answer in answers]
    assert [type(error) for error in errors] == [StoreError] * 3 + [StoreUnavailableError] * 47
    assert len(store.calls) == 1 + 1 + 3


def test_while_the_store_is_away_senders_are_told_at_once_and_one_a_second_tries() -> None:
    store, now = Store(), Seconds()
    with group_commit(store, now=now) as committing:
        held = store.shut(committing)
        waiting = [committing.submit([event(f"{n}")]) for n in range(3)]
        store.refuses = lambda _: StoreUnavailableError("away")
        store.gate.set()
        for answer in (held, *waiting):
            assert isinstance(answer.exception(10), StoreUnavailableError)
        assert len(store.calls) == 1, "who waits does not wait for the store in turn"
        assert committing.status().away
        with pytest.raises(StoreUnavailableError):
            committing.submit([event("soon")])

        now.now += RETRY_SECONDS
        assert store.entered.acquire(blocking=False) is False
        probe = store.shut(committing)
        with pytest.raises(StoreUnavailableError):
            committing.submit([event("beside the probe")])
        store.refuses = lambda _: None
        store.gate.set()
        assert told(probe) == [("held", "accepted")]
        assert told(committing.submit([event("again")])) == [("again", "accepted")]
        assert not committing.status().away


def test_a_probe_that_fails_has_the_next_wait_as_long_again() -> None:
    store, now = Store(), Seconds()
    store.refuses = lambda _: StoreUnavailableError("away")
    with group_commit(store, now=now) as committing:
        for _ in range(3):
            assert isinstance(committing.submit([event("1")]).exception(10), StoreUnavailableError)
            with pytest.raises(StoreUnavailableError):
                committing.submit([event("1")])
            now.now += RETRY_SECONDS
    assert len(store.calls) == 3


def test_while_a_call_of_the_store_hangs_no_more_is_taken() -> None:
    store, now = Store(), Seconds()
    with group_commit(store, now=now) as committing:
        held = store.shut(committing)
        now.now += STALLED_SECONDS
        waiting = committing.submit([event("1")])
        now.now += 0.1
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            committing.submit([event("2")])
        store.gate.set()
        assert told(held) + told(waiting) == [("held", "accepted"), ("1", "accepted")]


def test_a_call_of_the_store_has_so_much_time_and_no_more() -> None:
    had: list[float] = []
    store = Store()
    store.refuses = lambda _: had.append(seconds_left())
    with group_commit(store) as committing:
        told(committing.submit([event("1")]))
    assert 0 < had[0] <= WRITE_SECONDS


def test_no_more_events_wait_than_may() -> None:
    store = Store()
    with group_commit(store, waiting=4) as committing:
        store.shut(committing)
        committing.submit([event("1"), event("2"), event("3")])
        with pytest.raises(StoreUnavailableError, match="4 events wait"):
            committing.submit([event("4")])
        assert (committing.status().waiting, committing.status().limit) == (4, 4)
        store.gate.set()
        wait_until(lambda: committing.status().waiting == 0, seconds=10, what="the queue to be empty")
        assert len(told(committing.submit([event(f"more-{n}") for n in range(5)]))) == 5, "what is alone always fits"


def test_closing_writes_what_waits_and_takes_no_more() -> None:
    store = Store()
    with group_commit(store) as committing:
        held = store.shut(committing)
        waiting = committing.submit([event("1")])
        closing = threading.Thread(target=committing.close, kwargs={"timeout_seconds": 10})
        closing.start()

        def is_closed() -> bool:
            try:
                committing.submit([event("late")])
            except StoreUnavailableError:
                return True
            return False

        wait_until(is_closed, seconds=10, what="it to take no more")
        store.gate.set()
        closing.join(10)
        assert not closing.is_alive()
        assert told(held) + told(waiting) == [("held", "accepted"), ("1", "accepted")]


def test_closing_leaves_nobody_without_an_answer() -> None:
    store = Store()
    with group_commit(store) as committing:
        answers = [store.shut(committing), committing.submit([event("1")])]
        committing.close(timeout_seconds=0.05)
        for answer in answers:
            assert isinstance(answer.exception(0), StoreUnavailableError)
