"""The circuit breaker."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from tests.unit.stores.ticking import Ticking
from variate.errors import InvalidInputError, StoreError, StoreUnavailableError
from variate.stores.wrappers.breaker import CircuitBreaker


class Store:
    """Answers, or raises ``error``; counts its calls."""

    def __init__(self) -> None:
        self.error: BaseException | None = None
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.error is not None:
            raise self.error
        return "answer"


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def breaker(clock: Ticking) -> CircuitBreaker:
    return CircuitBreaker(name="Redis", failure_threshold=3, reset_seconds=5, clock=clock)


def break_open(breaker: CircuitBreaker, store: Store) -> None:
    store.error = StoreUnavailableError("away")
    for _ in range(3):
        with pytest.raises(StoreUnavailableError, match="away"):
            breaker.call(store)


def test_after_three_failures_in_a_row_the_store_is_not_asked(breaker: CircuitBreaker, store: Store) -> None:
    break_open(breaker, store)
    with pytest.raises(StoreUnavailableError, match="Redis did not answer lately"):
        breaker.call(store)
    assert store.calls == 3


def test_an_answer_between_failures_starts_the_count_anew(breaker: CircuitBreaker, store: Store) -> None:
    for error in [StoreUnavailableError(), StoreUnavailableError(), None, StoreUnavailableError(), StoreError()]:
        store.error = error
        if error is None:
            breaker.call(store)
        else:
            with pytest.raises(type(error)):
                breaker.call(store)
    assert not breaker.is_open


def test_bad_input_is_neither_a_failure_nor_an_answer(breaker: CircuitBreaker, store: Store) -> None:
    for error in [StoreUnavailableError(), StoreUnavailableError(), InvalidInputError("key", "is bad")]:
        store.error = error
        with pytest.raises(type(error)):
            breaker.call(store)
    assert not breaker.is_open
    store.error = StoreUnavailableError()
    with pytest.raises(StoreUnavailableError):
        breaker.call(store)
    assert breaker.is_open


def test_a_probe_that_is_answered_closes_the_circuit(breaker: CircuitBreaker, store: Store, clock: Ticking) -> None:
    break_open(breaker, store)
    clock.advance(5)
    store.error = None
    assert breaker.call(store) == "answer"
    assert not breaker.is_open


def test_a_probe_that_fails_waits_as_long_again(breaker: CircuitBreaker, store: Store, clock: Ticking) -> None:
    break_open(breaker, store)
    clock.advance(5)
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            breaker.call(store)
    assert store.calls == 4
    clock.advance(4.9)
    with pytest.raises(StoreUnavailableError):
        breaker.call(store)
    assert store.calls == 4


def test_an_interrupted_probe_leaves_the_next_call_to_probe(
    breaker: CircuitBreaker, store: Store, clock: Ticking
) -> None:
    break_open(breaker, store)
    clock.advance(5)
    store.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        breaker.call(store)
    store.error = None
    assert breaker.call(store) == "answer"


def test_while_one_probes_the_others_are_turned_away(breaker: CircuitBreaker, store: Store, clock: Ticking) -> None:
    break_open(breaker, store)
    clock.advance(5)
    asked, answering = Event(), Event()

    def slow() -> str:
        asked.set()
        assert answering.wait(30)
        return "answer"

    with ThreadPoolExecutor(1) as pool:
        probe = pool.submit(breaker.call, slow)
        assert asked.wait(30)
        with pytest.raises(StoreUnavailableError, match="did not answer lately"):
            breaker.call(store)
        answering.set()
        assert probe.result() == "answer"


def test_a_late_answer_to_a_call_from_before_does_not_close_the_circuit(
    breaker: CircuitBreaker, store: Store, clock: Ticking
) -> None:
    asked, answering = Event(), Event()

    def slow() -> str:
        asked.set()
        assert answering.wait(30)
        return "answer"

    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(breaker.call, slow)
        assert asked.wait(30)
        break_open(breaker, store)
        answering.set()
        assert early.result(30) == "answer"
    assert breaker.is_open
    clock.advance(5)
    store.error = None
    breaker.call(store)
    assert not breaker.is_open


def test_calls_run_side_by_side_and_not_one_after_another(breaker: CircuitBreaker) -> None:
    # Each call waits for the other: under a lock held during the call, as pybreaker's is, neither would return.
    both = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        calls = [pool.submit(breaker.call, lambda: both.wait(30)) for _ in range(2)]
        assert sorted(call.result() for call in calls) == [0, 1]


def test_it_says_once_that_it_opens_and_once_that_it_closes(
    breaker: CircuitBreaker, store: Store, clock: Ticking, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="variate.breaker")
    break_open(breaker, store)
    for _ in range(3):
        clock.advance(5)
        with pytest.raises(StoreUnavailableError):
            breaker.call(store)
    clock.advance(5)
    store.error = None
    breaker.call(store)
    breaker.call(store)
    assert [record.message for record in caplog.records] == [
        "Redis does not answer: going on without it, asking every 5 s",
        "Redis answers again",
    ]
