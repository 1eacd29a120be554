"""Assigning for somebody with little time or none, while the ledger hangs or is not to be asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.unit.assignment.test_assigning import World, changed
from tests.unit.assignment.watched import PATIENCE, WatchedAssignments
from tests.unit.decision.snapshots import active_experiment
from variate.assignment.keeper import Keeper
from variate.errors import InvalidInputError, StoreUnavailableError
from variate.model.decision import Decision, Reason
from variate.patience import WouldWaitError, at_once, within
from variate.testing.builders import build_assignment


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    yield found
    for each in found.processes:
        each.assigning.close()


def test_who_must_not_wait_is_assigned_where_nothing_changed(world: World) -> None:
    process = world.process()
    given = at_once().run(process.assign, "u")
    assert given in {"a", "b"}
    process.assigning.flush_assignments()
    assert world.stands() == given


def test_after_a_change_who_must_not_wait_is_told_so_and_nothing_is_kept(world: World) -> None:
    process = world.process(**changed())
    with pytest.raises(WouldWaitError):
        at_once().run(process.assign, "u")
    process.assigning.flush_assignments()
    assert (world.store.reads, world.stands()) == (0, None)


def test_what_was_seen_here_is_answered_at_once_after_a_change_too(world: World) -> None:
    process = world.process()
    before = process.assign("u")
    process.decides(**changed())
    found = at_once().run(process.assigning.assign, "u", "e")
    assert (found.reason, found.variation) == (Reason.KEPT, before)


def test_with_no_time_left_the_oldest_draw_decides_and_is_kept_later(world: World) -> None:
    process = world.process(**changed())
    with within(0):
        assert process.assign("u") == "a"
    process.assigning.flush_assignments()
    assert (world.store.reads, world.stands()) == (0, "a")


def test_what_was_answered_while_the_ledger_could_be_read_but_not_written_to_stays_the_answer(world: World) -> None:
    process = world.process(**changed())
    silence_ends = threading.Event()
    world.store.before = lambda: silence_ends.wait(PATIENCE)
    with within(0.05):
        assert process.assign("u") == "b", "the ledger holds nothing for it, so it is new"
    with within(0):
        assert process.assign("u") == "b", "though the oldest draw gives it a"
    silence_ends.set()
    process.assigning.flush_assignments()
    assert (process.assign("u"), world.stands()) == ("b", "b")


def test_in_many_experiments_a_unit_is_assigned_with_one_read_and_one_write(world: World) -> None:
    process = world.process()
    many = {f"e-{number}": active_experiment(salt=f"e-{number}", **changed()) for number in range(20)}
    newer = active_experiment(audience={"attribute": "plan", "operator": "of a newer release", "value": 1})
    process.decides_from({**many, "plain": active_experiment(), "foreign": newer})
    world.store.keep([build_assignment("u", experiment_id="e-3", variation="a")])
    before = len(world.store.batches)
    found = process.assigning.assign_each("u", [*many, "plain", "foreign", "unknown"])
    given = {key: each.variation for key, each in found.items() if isinstance(each, Decision)}
    assert given == dict.fromkeys(many, "b") | {"e-3": "a", "plain": given["plain"], "unknown": None}
    assert isinstance(found["foreign"], InvalidInputError)
    assert (world.store.reads, len(world.store.batches) - before) == (1, 1)
    assert at_once().run(process.assigning.assign_each, "u", [*many, "plain"]).keys() == {*many, "plain"}


def test_in_many_experiments_a_ledger_that_is_away_is_done_without(world: World) -> None:
    process = world.process()
    process.decides_from({f"e-{number}": active_experiment(**changed()) for number in range(20)})
    world.store.error = StoreUnavailableError("away")
    found = process.assigning.assign_each("u", [f"e-{number}" for number in range(20)])
    world.store.error = None
    assert {each.variation for each in found.values() if isinstance(each, Decision)} == {"a"}


class Hanging:
    """A keeper over a store that hangs in its first write until it is let go."""

    def __init__(self) -> None:
        self.store = WatchedAssignments()
        self.begun, self.end = threading.Event(), threading.Event()
        self.store.before = self.hang
        self.lost: list[str] = []
        self.keeper = Keeper(
            self.store, lambda *_: None, lambda lost: self.lost.append(lost.unit), flush_seconds=0.01, most_pending=3
        )

    def hang(self) -> None:
        self.begun.set()
        assert self.end.wait(PATIENCE)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    found = Hanging()
    yield found
    found.end.set()
    found.keeper.close()


def test_who_keeps_now_waits_no_longer_than_it_says(hanging: Hanging) -> None:
    with pytest.raises(StoreUnavailableError):
        hanging.keeper.now(build_assignment("u"), seconds=0.01)
    assert hanging.begun.wait(PATIENCE)


def test_what_nobody_waits_for_any_more_may_be_let_go_while_the_store_hangs(hanging: Hanging) -> None:
    hanging.keeper.later(build_assignment("under way"))
    assert hanging.begun.wait(PATIENCE)
    for number in range(5):
        given = build_assignment(f"u-{number}")
        with pytest.raises(StoreUnavailableError):
            hanging.keeper.now(given, seconds=0.01)
        hanging.keeper.later(given)
    assert hanging.lost == ["u-0", "u-1"]
    hanging.end.set()
    hanging.keeper.flush()
    assert hanging.store.units() == ["u-2", "u-3", "u-4", "under way"]
