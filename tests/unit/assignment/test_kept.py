"""What stands in the ledger is read once, and believed for as long as it stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.unit.assignment.watched import WatchedAssignments
from variate.assignment.kept import KeptAssignments
from variate.errors import StoreError, StoreUnavailableError
from variate.patience import WouldWaitError, at_once, seconds_left, within
from variate.stores.wrappers.breaker import CircuitBreaker
from variate.testing.builders import build_assignment
from variate.testing.clocks import START, SettableClock


class Remembering:
    def __init__(self, *, most: int = 50_000) -> None:
        self.clock = SettableClock()
        self.store = WatchedAssignments()
        self.kept = KeptAssignments(self.store, clock=self.clock, most=most)

    def find(self, unit: str = "u", version: int = 1) -> str | None:
        return self.kept.find("experiment", version, unit)


@pytest.fixture
def remembering() -> Remembering:
    return Remembering()


def test_what_stands_is_read_once(remembering: Remembering) -> None:
    remembering.store.keep([build_assignment("u", variation="a")])
    assert [remembering.find() for _ in range(3)] == ["a"] * 3
    assert remembering.store.reads == 1


def test_what_does_not_stand_is_read_each_time_since_it_may_at_any_moment(remembering: Remembering) -> None:
    assert [remembering.find() for _ in range(3)] == [None] * 3
    remembering.store.keep([build_assignment("u", variation="a")])
    assert (remembering.find(), remembering.store.reads) == ("a", 4)


def test_what_was_kept_here_is_not_read_at_all(remembering: Remembering) -> None:
    remembering.kept.remember(build_assignment("u", variation="a"))
    assert (remembering.find(), remembering.store.reads) == ("a", 0)


def test_each_version_experiment_and_unit_is_another(remembering: Remembering) -> None:
    remembering.kept.remember(build_assignment("u", variation="a"))
    assert (remembering.find(version=2), remembering.find("v")) == (None, None)
    assert remembering.kept.find("another", 1, "u") is None


def test_what_expires_is_believed_until_then_and_read_again_from_then_on(remembering: Remembering) -> None:
    end = START + timedelta(hours=1)
    remembering.store.keep([build_assignment("u", variation="a", expires_at=end)])
    remembering.clock.set(end - timedelta(microseconds=1))
    assert [remembering.find() for _ in range(2)] == ["a"] * 2
    remembering.clock.set(end)
    assert remembering.find() is None
    remembering.store.keep([build_assignment("u", variation="b", assigned_at=end)])
    assert [remembering.find() for _ in range(2)] == ["b"] * 2
    assert remembering.store.reads == 3


def test_only_what_never_expires_is_known_without_asking_a_clock(remembering: Remembering) -> None:
    remembering.kept.remember(build_assignment("u", variation="a"))
    remembering.kept.remember(build_assignment("v", variation="a", expires_at=START + timedelta(days=1)))
    assert remembering.kept.remembered("experiment", 1, "u") == "a"
    assert remembering.kept.remembered("experiment", 1, "v") is None
    assert remembering.kept.remembered("experiment", 1, "w") is None
    assert remembering.store.reads == 0


def test_while_the_store_is_away_what_is_remembered_is_found_and_what_is_not_says_so(remembering: Remembering) -> None:
    remembering.kept.remember(build_assignment("u", variation="a"))
    remembering.store.error = StoreUnavailableError("away")
    assert remembering.find() == "a"
    with pytest.raises(StoreUnavailableError):
        remembering.find("v")


def test_the_newest_are_remembered_and_the_oldest_forgotten() -> None:
    remembering = Remembering(most=10)
    for number in range(100):
        remembering.kept.remember(build_assignment(f"u-{number:02}", variation="a"))
    known = [number for number in range(100) if remembering.kept.remembered("experiment", 1, f"u-{number:02}")]
    assert known == list(range(known[0], 100))
    assert 10 <= len(known) <= 20


@pytest.mark.parametrize("since", [0, 15], ids=["just remembered", "remembered for long"])
def test_what_is_forgotten_is_read_again(since: int) -> None:
    remembering = Remembering(most=10)
    remembering.kept.remember(build_assignment("u", variation="a"))
    for number in range(since):
        remembering.kept.remember(build_assignment(f"u-{number}", variation="a"))
    remembering.kept.forget(build_assignment("u", variation="a"))
    remembering.kept.forget(build_assignment("u", variation="a"))
    assert remembering.kept.remembered("experiment", 1, "u") is None
    assert (remembering.find(), remembering.store.reads) == (None, 1)


def test_for_many_units_what_is_not_remembered_is_read_together_and_remembered_then(remembering: Remembering) -> None:
    remembering.kept.remember(build_assignment("u", variation="a"))
    remembering.store.keep([build_assignment("v", variation="b"), build_assignment("x", variation="c")])
    tell = remembering.kept.ahead("experiment", 1, ["u", "v", "w"])
    assert [tell("experiment", 1, unit) for unit in "uvw"] == ["a", "b", None]
    assert remembering.store.reads == 1
    assert remembering.kept.remembered("experiment", 1, "v") == "b"
    assert tell("experiment", 1, "x") == "c", "one that was not asked for is read then"


def test_for_many_units_that_are_all_remembered_nothing_is_read(remembering: Remembering) -> None:
    remembering.kept.remember(build_assignment("u", variation="a"))
    assert remembering.kept.ahead("experiment", 1, ["u"])("experiment", 1, "u") == "a"
    assert remembering.store.reads == 0


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), StoreError("not ours to read")])
def test_while_the_store_is_away_what_is_remembered_of_many_units_is_told_and_the_rest_says_so(
    remembering: Remembering, error: StoreError
) -> None:
    remembering.kept.remember(build_assignment("u", variation="a"))
    remembering.store.error = error
    tell = remembering.kept.ahead("experiment", 1, ["u", "v"])
    assert tell("experiment", 1, "u") == "a"
    with pytest.raises(type(error), match=str(error)):
        tell("experiment", 1, "v")


def test_that_the_ledger_cannot_be_read_is_logged_once_until_it_can(
    remembering: Remembering, caplog: pytest.LogCaptureFixture
) -> None:
    for outage in (1, 2):
        remembering.store.error = StoreError("not ours to read")
        for _ in range(3):
            with pytest.raises(StoreError):
                remembering.find()
        assert caplog.text.count("the ledger cannot be read, decisions go on without it: not ours to read") == outage
        remembering.store.error = None
        assert remembering.find() is None


def test_who_has_no_time_is_told_without_the_store_being_asked_for_what_is_not_remembered(
    remembering: Remembering,
) -> None:
    remembering.kept.remember(build_assignment("seen", variation="a"))
    with within(0):
        assert remembering.find("seen") == "a"
        with pytest.raises(StoreUnavailableError):
            remembering.find("unseen")
    assert at_once().run(remembering.find, "seen") == "a"
    with pytest.raises(WouldWaitError):
        at_once().run(remembering.find, "unseen")
    assert remembering.store.reads == 0


def test_a_store_has_ten_seconds_for_one_unit_and_no_more_than_who_asks_has(remembering: Remembering) -> None:
    had: list[float] = []
    remembering.store.before_reading = lambda: had.append(seconds_left())
    remembering.find()
    with within(0.2):
        remembering.find()
    assert 5 < had[0] <= 10
    assert had[1] <= 0.2


def test_a_store_that_is_away_is_not_asked_for_every_unit() -> None:
    store, clock = WatchedAssignments(), SettableClock()
    breaker = CircuitBreaker(name="the ledger", failure_threshold=2)
    kept = KeptAssignments(store, clock=clock, guard=breaker.call)
    store.error = StoreUnavailableError("away")
    for number in range(10):
        with pytest.raises(StoreUnavailableError):
            kept.find("experiment", 1, f"u-{number}")
    assert store.reads == 2


def test_of_a_unit_that_is_decided_for_as_a_whole_all_is_read_at_once_and_only_if_needed(
    remembering: Remembering,
) -> None:
    remembering.kept.remember(build_assignment("u", variation="a", version=3))
    remembering.store.keep([build_assignment("u", variation="b", version=1), build_assignment("v")])
    with remembering.kept.whole("u"):
        assert (remembering.find(version=3), remembering.store.reads) == ("a", 0)
        assert [remembering.find(version=version) for version in (1, 2, 1, 2)] == ["b", None, "b", None]
        assert remembering.store.reads == 1
        assert (remembering.find("v"), remembering.store.reads) == ("control", 2), "of another unit nothing is known"
    assert (remembering.find(version=2), remembering.store.reads) == (None, 3)


def test_a_unit_with_too_many_assignments_is_read_one_by_one(
    remembering: Remembering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variate.assignment.kept.MOST_OF_A_UNIT", 1)
    remembering.store.keep([build_assignment("u", variation=f"v-{version}", version=version) for version in (1, 2)])
    with remembering.kept.whole("u"):
        assert [remembering.find(version=version) for version in (1, 2, 3)] == ["v-1", "v-2", None]


def test_a_unit_that_cannot_be_read_as_a_whole_is_not_taken_to_have_nothing(remembering: Remembering) -> None:
    remembering.store.error = StoreUnavailableError("away")
    with remembering.kept.whole("u"):
        for _ in range(2):
            with pytest.raises(StoreUnavailableError):
                remembering.find()
