"""Assignments are written together, none is forgotten while the store is away, and nobody waits for ever."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.assignment.watched import PATIENCE, WatchedAssignments
from variate.assignment.keeper import BATCH, Keeper
from variate.errors import StoreError, StoreUnavailableError
from variate.model import Assignment
from variate.testing.builders import build_assignment
from variate.testing.conformance.concurrency import together, wins

NEVER = 3_600.0
"""Seconds after which a keeper writes of its own accord, where a test is to see what else makes it write."""

AWAY = StoreUnavailableError("away")


class Kept:
    """Keepers over one store; they are closed with it."""

    def __init__(self) -> None:
        self.store = WatchedAssignments()
        self.told: list[tuple[str, str]] = []
        self.lost: list[str] = []
        self.keepers: list[Keeper] = []

    def keeper(self, **given: Any) -> Keeper:
        self.keepers.append(Keeper(self.store, self.tell, self.lose, **{"flush_seconds": NEVER, **given}))
        return self.keepers[-1]

    def tell(self, asked: Assignment, stands: Assignment) -> None:
        with self.store.changed:
            self.told.append((asked.unit, stands.variation))
            self.store.changed.notify_all()

    def lose(self, assignment: Assignment) -> None:
        self.lost.append(assignment.unit)

    def await_told(self, number: int) -> None:
        with self.store.changed:
            assert self.store.changed.wait_for(lambda: len(self.told) >= number, PATIENCE), self.told


@pytest.fixture
def kept() -> Iterator[Kept]:
    found = Kept()
    yield found
    found.store.error = None
    for keeper in found.keepers:
        keeper.close()


def in_background(call: Callable[[], object]) -> threading.Thread:
    """Call it in a thread of its own, which ends with what it raises from the store."""
    thread = threading.Thread(target=lambda: wins(call, losing=StoreError), daemon=True)
    thread.start()
    return thread


def writers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "variate-ledger"]


def later(keeper: Keeper, *units: str) -> None:
    for unit in units:
        keeper.later(build_assignment(unit))


def numbered(count: int) -> list[str]:
    return [f"u-{number:06}" for number in range(count)]


def test_without_an_assignment_there_is_no_thread(kept: Kept) -> None:
    keeper = kept.keeper()
    keeper.flush()
    keeper.close()
    assert writers() == []


def test_what_is_kept_later_is_written_together_when_it_is_flushed(kept: Kept) -> None:
    keeper = kept.keeper()
    later(keeper, "c", "a", "b")
    assert kept.store.batches == []
    keeper.flush()
    assert [[each.unit for each in batch] for batch in kept.store.batches] == [["a", "b", "c"]], "in order of units"
    assert sorted(kept.told) == [(unit, "control") for unit in "abc"]


def test_who_flushes_waits_for_what_was_given_before_and_not_for_what_others_go_on_giving(kept: Kept) -> None:
    keeper, others = kept.keeper(), iter(numbered(10**6))
    kept.store.before = lambda: later(keeper, next(others))
    later(keeper, "a", "b")
    flushing = in_background(keeper.flush)
    flushing.join(PATIENCE)
    returned = not flushing.is_alive()
    kept.store.before = lambda: None  # else it is never done
    assert returned
    assert (kept.store.units(), keeper.pending) == (["a", "b"], 1), "what came meanwhile waits for more"


def test_what_is_given_again_before_it_is_written_is_written_once(kept: Kept) -> None:
    keeper = kept.keeper()
    kept.store.before = lambda: later(keeper, "b")
    later(keeper, *"ababab")
    assert keeper.pending == 2
    keeper.flush()
    assert ([len(batch) for batch in kept.store.batches], keeper.pending) == ([2], 0)


def test_what_is_given_again_and_again_while_the_store_is_away_waits_once_and_pushes_out_nobody(kept: Kept) -> None:
    keeper = kept.keeper(most_pending=5)
    kept.store.error = AWAY
    later(keeper, "a", "b")
    for _ in range(50):
        assert not wins(lambda: keeper.now(build_assignment("u")), losing=StoreUnavailableError)
        later(keeper, "u")
    assert (keeper.pending, keeper.let_go, kept.lost) == (3, 0, [])
    kept.store.error = None
    keeper.flush()
    assert kept.store.units() == ["a", "b", "u"]


def test_who_keeps_now_what_is_kept_later_too_is_told_and_it_is_still_kept_once_the_store_is_back(kept: Kept) -> None:
    keeper = kept.keeper()
    later(keeper, "u")
    kept.store.error = AWAY
    with pytest.raises(StoreUnavailableError, match="away"):
        keeper.now(build_assignment("u"))
    kept.store.error = None
    assert keeper.now(build_assignment("u", variation="b"))[0].variation == "control"
    assert len(kept.store.batches) == 2


def test_who_keeps_now_what_is_being_written_is_answered_by_that(kept: Kept) -> None:
    keeper = kept.keeper()

    def ask_for_it_too() -> None:
        asking.start()
        with keeper._changed:
            assert keeper._changed.wait_for(lambda: any(wish.answer for wish in keeper._under_way.values()), PATIENCE)

    answers: list[str] = []
    asking = threading.Thread(target=lambda: answers.append(keeper.now(build_assignment("u"))[0].unit), daemon=True)
    kept.store.before = ask_for_it_too
    later(keeper, "u")
    keeper.flush()
    asking.join(PATIENCE)
    assert (answers, len(kept.store.batches)) == (["u"], 1)


def test_what_is_kept_later_is_written_by_itself_after_a_while(kept: Kept) -> None:
    later(kept.keeper(flush_seconds=0.01), "a")
    kept.await_told(1)


def test_a_full_batch_does_not_wait(kept: Kept) -> None:
    keeper = kept.keeper()
    later(keeper, *numbered(BATCH))
    kept.store.await_batches(1)
    assert len(kept.store.batches[0]) == BATCH


def test_many_are_written_in_batches_and_all_of_them(kept: Kept) -> None:
    keeper = kept.keeper()
    units = numbered(2 * BATCH + 500)
    later(keeper, *units)
    keeper.flush()
    assert kept.store.units() == units
    assert max(map(len, kept.store.batches)) == BATCH


def test_what_is_kept_now_is_durable_and_the_one_that_stands_is_returned(kept: Kept) -> None:
    keeper = kept.keeper()
    first = build_assignment("u", variation="a")
    assert keeper.now(first) == [first]
    assert keeper.now(build_assignment("u", variation="b")) == [first]
    assert kept.store.kept == {first.id: first}
    assert kept.told == [("u", "a"), ("u", "a")]


def test_what_waits_goes_with_what_is_kept_now(kept: Kept) -> None:
    keeper = kept.keeper()
    later(keeper, "a", "b")
    keeper.now(build_assignment("c"))
    assert [len(batch) for batch in kept.store.batches] == [3]


def test_many_threads_that_keep_at_once_are_written_in_few_calls(kept: Kept) -> None:
    keeper = kept.keeper()
    threads, first = 24, threading.Event()

    def hold_the_first() -> None:
        """Let the others gather while the first is written."""
        if not first.is_set():
            first.set()
            with keeper._changed:
                assert keeper._changed.wait_for(lambda: len(keeper._pending) >= threads - 1, PATIENCE)

    def keep(number: int) -> str:
        if number:
            assert first.wait(PATIENCE)
        return keeper.now(build_assignment(f"u-{number:02}"))[0].unit

    kept.store.before = hold_the_first
    assert together(threads, keep) == [f"u-{number:02}" for number in range(threads)]
    assert len(kept.store.batches) <= 3
    assert len(kept.store.units()) == threads


def test_threads_that_keep_one_unit_at_once_get_one_answer(kept: Kept) -> None:
    keeper = kept.keeper()
    answers = together(8, lambda number: keeper.now(build_assignment("u", variation=f"v-{number}"))[0].variation)
    assert len(set(answers)) == 1


def test_while_the_store_is_away_who_keeps_now_is_told_and_it_is_not_kept_behind_their_back(kept: Kept) -> None:
    keeper = kept.keeper()
    kept.store.error = AWAY
    with pytest.raises(StoreUnavailableError, match="away"):
        keeper.now(build_assignment("u"))
    kept.store.error = None
    keeper.flush()
    assert kept.store.units() == []


def test_what_is_kept_later_is_kept_once_the_store_is_back(kept: Kept) -> None:
    keeper = kept.keeper()
    kept.store.error = AWAY
    later(keeper, "a", "b")
    with pytest.raises(StoreUnavailableError, match="2 assignments are not kept yet"):
        keeper.flush()
    later(keeper, "c")
    kept.store.error = None
    keeper.flush()
    assert (kept.store.units(), keeper.let_go) == (["a", "b", "c"], 0)


def test_also_by_itself_with_longer_and_longer_pauses(kept: Kept) -> None:
    kept.store.error = AWAY
    later(kept.keeper(flush_seconds=0.001), "a")
    kept.store.await_batches(4)
    kept.store.error = None
    kept.await_told(1)
    assert kept.store.units() == ["a"]


def test_while_the_store_is_away_it_is_not_asked_again_for_every_assignment(kept: Kept) -> None:
    keeper = kept.keeper()
    kept.store.error = AWAY
    later(keeper, *numbered(BATCH))
    kept.store.await_batches(1)
    later(keeper, *(f"v-{number}" for number in range(3 * BATCH)))
    assert len(kept.store.batches) == 1, "it waits as if nothing had come"


@pytest.mark.parametrize("waiting", [1, BATCH - 1, BATCH, 3 * BATCH])
def test_who_keeps_now_is_answered_however_many_wait_while_the_store_is_away(kept: Kept, waiting: int) -> None:
    keeper = kept.keeper()
    kept.store.error = AWAY
    later(keeper, *numbered(waiting))
    asking = in_background(lambda: keeper.now(build_assignment("now")))
    asking.join(PATIENCE)
    assert not asking.is_alive()
    kept.store.error = None
    keeper.flush()
    assert kept.store.units() == numbered(waiting)


@pytest.mark.parametrize("waiting", [1, 3 * BATCH])
def test_who_flushes_is_answered_however_many_wait_while_the_store_is_away(kept: Kept, waiting: int) -> None:
    keeper = kept.keeper()
    kept.store.error = AWAY
    later(keeper, *numbered(waiting))
    for _ in range(3):
        flushing = in_background(keeper.flush)
        flushing.join(PATIENCE)
        assert not flushing.is_alive()
    assert len(kept.store.batches) <= 6, "it does not try all the time"


def test_beyond_the_bound_the_oldest_are_let_go_counted_and_logged_once(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = kept.keeper(most_pending=5)
    kept.store.error = AWAY
    later(keeper, *numbered(5))
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            keeper.flush()
    assert "let go" not in caplog.text
    assert caplog.text.count("assignments cannot be kept for now, and wait: away") == 1
    later(keeper, "x", "y")
    assert (keeper.pending, keeper.let_go) == (5, 2)
    kept.store.error = None
    keeper.flush()
    assert (keeper.pending, keeper.let_go) == (0, 2)
    assert caplog.text.count("the oldest assignments are let go") == 1
    assert kept.store.units() == [*numbered(5)[2:], "x", "y"]
    assert kept.lost == numbered(2)


def test_what_the_store_refuses_for_good_is_let_go_counted_and_logged(
    kept: Kept, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = kept.keeper()
    kept.store.error = StoreError("refused")
    later(keeper, "a", "b")
    with caplog.at_level(logging.ERROR, logger="variate.assignment"), pytest.raises(StoreError, match="refused"):
        keeper.now(build_assignment("c"))
    assert (keeper.let_go, kept.lost) == (2, ["a", "b"])
    later(keeper, "e", "f", "g")
    with pytest.raises(StoreError, match="3 assignments could not be kept"):
        keeper.flush()
    assert "assignments were not kept: refused" in caplog.text
    kept.store.error = None
    keeper.now(build_assignment("d"))
    assert kept.store.units() == ["d"]


def test_what_is_being_written_is_still_pending(kept: Kept) -> None:
    keeper, seen = kept.keeper(), list[int]()
    kept.store.before = lambda: seen.append(keeper.pending)
    later(keeper, *numbered(3))
    keeper.flush()
    assert (seen, keeper.pending) == ([3], 0)


def test_to_close_writes_what_is_pending_and_ends_the_thread(kept: Kept) -> None:
    keeper = kept.keeper()
    later(keeper, *numbered(BATCH + 3))
    keeper.close()
    assert (len(kept.store.units()), writers()) == (BATCH + 3, [])
    keeper.close()


def test_to_close_while_the_store_is_away_lets_go_counts_and_logs(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    keeper = kept.keeper()
    kept.store.error = AWAY
    later(keeper, *numbered(3))
    keeper.close()
    assert (keeper.let_go, kept.lost, writers()) == (3, numbered(3), [])
    assert "3 assignments were let go: away" in caplog.text


def test_what_is_kept_after_closing_is_kept_all_the_same(kept: Kept) -> None:
    keeper = kept.keeper()
    later(keeper, "a")
    keeper.close()
    assert keeper.now(build_assignment("b"))[0].unit == "b"
    later(keeper, "c")
    keeper.close()
    assert kept.store.units() == ["a", "b", "c"]


def test_what_is_kept_while_the_thread_is_ending_is_kept_by_another(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, ending, go_on = kept.keeper(), threading.Event(), threading.Event()
    take = keeper._next

    def take_and_linger() -> Any:
        batch = take()
        if not batch:
            ending.set()
            assert go_on.wait(PATIENCE)
        return batch

    monkeypatch.setattr(keeper, "_next", take_and_linger)
    later(keeper, "a")
    closing = in_background(keeper.close)
    assert ending.wait(PATIENCE)
    asking = in_background(lambda: keeper.now(build_assignment("b")))
    asking.join(PATIENCE)
    answered = not asking.is_alive()
    go_on.set()
    closing.join(PATIENCE)
    assert answered
    assert kept.store.units() == ["a", "b"]


def test_threads_that_keep_while_others_close_are_all_answered(kept: Kept) -> None:
    keeper = kept.keeper()
    done = threading.Event()

    def keep_or_close(number: int) -> int:
        if number == 0:
            while not done.is_set():
                keeper.close()
            return 0
        for each in range(100):
            keeper.now(build_assignment(f"{number}-{each}"))
        return 100

    def run() -> None:
        kept_by = [threading.Thread(target=keep_or_close, args=(number,), daemon=True) for number in range(4)]
        for each in kept_by:
            each.start()
        for each in kept_by[1:]:
            each.join(PATIENCE)
        done.set()
        kept_by[0].join(PATIENCE)
        assert not any(each.is_alive() for each in kept_by)

    run()
    assert len(kept.store.units()) == 300


def test_however_long_the_store_was_away_it_goes_on_once_it_is_back(kept: Kept) -> None:
    keeper = kept.keeper()
    kept.store.error = AWAY
    for _ in range(1_100):  # more than a float can be doubled
        assert not wins(lambda: keeper.now(build_assignment("u")), losing=StoreUnavailableError)
    kept.store.error = None
    assert keeper.now(build_assignment("u"))[0].unit == "u"


@pytest.fixture
def died(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set once a thread has ended with an error."""
    found = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _: found.set())
    return found


def test_an_error_nobody_foresaw_reaches_who_waits_and_holds_up_nobody_after(kept: Kept, died: threading.Event) -> None:
    keeper = kept.keeper()
    kept.store.error = RuntimeError("a driver's own")
    with pytest.raises(RuntimeError, match="a driver's own"):
        keeper.now(build_assignment("a"))
    assert died.wait(PATIENCE)
    flushing = in_background(keeper.flush)
    flushing.join(PATIENCE)
    assert not flushing.is_alive()
    kept.store.error = None
    assert keeper.now(build_assignment("b"))[0].unit == "b"
    keeper.flush()


def test_what_waited_when_the_thread_died_of_an_error_is_kept_with_the_next(kept: Kept, died: threading.Event) -> None:
    keeper, errors = kept.keeper(), iter([RuntimeError("a driver's own")])

    def fail_once() -> None:
        for error in errors:
            raise error

    kept.store.before = fail_once
    later(keeper, *numbered(BATCH + 2))
    assert died.wait(PATIENCE)
    for _ in range(2):
        flushing = in_background(keeper.flush)
        flushing.join(PATIENCE)
        assert not flushing.is_alive()
    assert (kept.store.units(), keeper.let_go) == (numbered(BATCH + 2)[BATCH:], BATCH)
    assert kept.lost == numbered(BATCH)


def test_who_keeps_now_what_waits_since_the_thread_died_of_an_error_is_answered(
    kept: Kept, died: threading.Event
) -> None:
    keeper, errors = kept.keeper(), iter([RuntimeError("a driver's own")])

    def fail_once() -> None:
        for error in errors:
            raise error

    kept.store.before = fail_once
    later(keeper, *numbered(BATCH + 1))
    assert died.wait(PATIENCE)
    asking = in_background(lambda: keeper.now(build_assignment(numbered(BATCH + 1)[-1])))
    asking.join(PATIENCE)
    assert not asking.is_alive()
