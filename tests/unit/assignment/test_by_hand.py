"""An assignment that the draw would not give has the experiment read its ledger from then on, and is told of once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from variate.assignment.by_hand import ABSENT, REMEMBERED, ByHand
from variate.decision import Allocation, bucket, draw_salt
from variate.errors import ConflictError, DecryptionError, InvalidInputError, NotFoundError, StoreUnavailableError
from variate.model import Assignment, Experiment, ExperimentStatus
from variate.model.design import Design
from variate.testing.builders import build_assignment, build_experiment
from variate.testing.clocks import SettableClock

UNITS = [f"u-{number}" for number in range(100)]


class Hand:
    """Experiments by id, and which were marked; a mark is seen by whoever reads the experiment next."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.experiments: dict[str, Experiment] = {}
        self.reads = 0
        self.marked: list[str] = []
        self.served: dict[str, int] = {}
        self.error: Exception | None = None
        self.by_hand = ByHand(experiment=self.read, mark=self.mark, served=self.served.get, clock=self.clock)

    def add(self, experiment: Experiment) -> Experiment:
        self.experiments[experiment.id] = experiment
        return experiment

    def read(self, experiment_id: str) -> Experiment | None:
        self.reads += 1
        if self.error is not None:
            raise self.error
        return self.experiments.get(experiment_id)

    def mark(self, experiment_id: str) -> None:
        if self.error is not None:
            raise self.error
        self.marked.append(experiment_id)
        found = self.experiments[experiment_id]
        self.experiments[experiment_id] = replace(found, design=replace(found.design, reads_ledger=True))

    def expect(self, asked: Sequence[Assignment], *, version: int = 1) -> None:
        self.by_hand.expect("e", version, asked)


@pytest.fixture
def hand() -> Hand:
    return Hand()


def drawn(experiment: Experiment, unit: str) -> str:
    """Return the variation that the draw gives, told independently of what is tested."""
    salt = draw_salt("variation", salt=experiment.design.salt or experiment.id, version=experiment.version)
    place = Allocation.of([each.weight for each in experiment.variations]).at(bucket(salt, unit))
    return experiment.variations[place].name


def as_drawn(experiment: Experiment, units: Sequence[str] = UNITS) -> list[Assignment]:
    return [build_assignment(unit, experiment_id=experiment.id, variation=drawn(experiment, unit)) for unit in units]


def otherwise(experiment: Experiment, unit: str = "u") -> Assignment:
    other = next(each.name for each in experiment.variations if each.name != drawn(experiment, unit))
    return build_assignment(unit, experiment_id=experiment.id, variation=other)


def experiment(**given: object) -> Experiment:
    return build_experiment("e", **{"status": ExperimentStatus.ACTIVE, "variations": {"a": 1, "b": 3}, **given})  # type: ignore[arg-type]  # a test's own


@pytest.mark.parametrize("design", [Design(), Design(salt="another")])
@pytest.mark.parametrize("version", [1, 2])
def test_what_the_draw_gives_marks_nothing(hand: Hand, design: Design, version: int) -> None:
    made = hand.add(experiment(design=design, version=version))
    hand.expect(as_drawn(made), version=version)
    assert hand.marked == []


def test_one_that_differs_among_many_marks_the_experiment(hand: Hand) -> None:
    made = hand.add(experiment())
    hand.expect([*as_drawn(made), otherwise(made)])
    assert hand.marked == ["e"]


def test_a_variation_that_the_experiment_does_not_have_differs_too(hand: Hand) -> None:
    hand.add(experiment())
    hand.expect([build_assignment("u", experiment_id="e", variation="gone")])
    assert hand.marked == ["e"]


def test_it_is_marked_once_however_many_differ_later(hand: Hand) -> None:
    made = hand.add(experiment())
    for _ in range(5):
        hand.expect([otherwise(made, unit) for unit in UNITS])
    assert hand.marked == ["e"]


def test_a_unit_that_the_draw_leaves_out_of_the_traffic_differs_too(hand: Hand) -> None:
    made = hand.add(experiment(design=Design(traffic=50)))
    salt = draw_salt("traffic", salt="e", version=1)
    inside = [unit for unit in UNITS if bucket(salt, unit) < 5_000]
    hand.expect(as_drawn(made, inside))
    assert hand.marked == []
    outside = next(unit for unit in UNITS if unit not in inside)
    hand.expect(as_drawn(made, [outside]))
    assert hand.marked == ["e"]


@pytest.mark.parametrize("status", [ExperimentStatus.COMPLETED, ExperimentStatus.ARCHIVED])
def test_an_experiment_that_ended_is_not_marked(hand: Hand, status: ExperimentStatus) -> None:
    made = hand.add(experiment(status=status))
    hand.expect([otherwise(made)])
    assert hand.marked == []


@pytest.mark.parametrize("status", [ExperimentStatus.DRAFT, ExperimentStatus.PAUSED])
def test_one_that_is_not_active_now_is_marked_for_when_it_is(hand: Hand, status: ExperimentStatus) -> None:
    made = hand.add(experiment(status=status))
    hand.expect([otherwise(made)])
    assert hand.marked == ["e"]


def test_a_draft_is_marked_whatever_is_kept_in_it_since_its_weights_may_change_until_the_launch(hand: Hand) -> None:
    made = hand.add(experiment(status=ExperimentStatus.DRAFT))
    hand.expect(as_drawn(made))
    assert hand.marked == ["e"]


def test_one_that_reads_its_ledger_already_is_not_marked(hand: Hand) -> None:
    made = hand.add(experiment(design=Design(reads_ledger=True)))
    hand.expect([otherwise(made)])
    assert hand.marked == []


def test_an_assignment_of_another_version_says_nothing_of_this_one(hand: Hand) -> None:
    made = hand.add(experiment(version=2))
    hand.expect([otherwise(made)], version=1)
    assert hand.marked == []


def test_an_experiment_that_is_not_here_is_not_marked(hand: Hand) -> None:
    hand.expect([build_assignment("u", experiment_id="e")])
    assert hand.marked == []


def test_an_experiment_that_was_not_here_is_looked_for_again_and_known_once_it_is(hand: Hand) -> None:
    for _ in range(5):
        hand.expect([build_assignment("u", experiment_id="e")])
    made = hand.add(experiment())
    hand.clock.advance(seconds=ABSENT.total_seconds())
    hand.expect([otherwise(made)])
    assert (hand.reads, hand.marked) == (2, ["e"])


def test_the_present_version_is_that_of_the_experiment_as_read_and_one_where_there_is_none(hand: Hand) -> None:
    assert hand.by_hand.version_of("e") == 1
    hand.add(experiment(version=3))
    hand.clock.advance(seconds=ABSENT.total_seconds())
    assert [hand.by_hand.version_of("e") for _ in range(5)] == [3] * 5
    assert hand.reads == 2


def test_a_version_that_another_process_began_is_known_within_a_minute(hand: Hand) -> None:
    hand.add(experiment())
    assert hand.by_hand.version_of("e") == 1
    hand.add(experiment(version=2))
    assert hand.by_hand.version_of("e") == 1
    hand.clock.advance(seconds=REMEMBERED.total_seconds())
    assert hand.by_hand.version_of("e") == 2


def test_a_version_that_this_process_decides_in_is_known_at_once(hand: Hand) -> None:
    hand.add(experiment())
    assert hand.by_hand.version_of("e") == 1
    hand.served["e"] = 2
    assert hand.by_hand.version_of("e") == 2, "also where the copy that is read is not as far yet"
    hand.add(experiment(version=3))
    assert hand.by_hand.version_of("e") == 3


def test_after_a_rollback_the_present_version_is_not_the_older_one_that_is_served(hand: Hand) -> None:
    hand.add(experiment(version=2))
    hand.served["e"] = 1
    assert hand.by_hand.version_of("e") == 2


def test_what_is_forgotten_is_read_anew(hand: Hand) -> None:
    hand.add(experiment())
    assert hand.by_hand.version_of("e") == 1
    hand.add(experiment(version=2))
    hand.by_hand.forget()
    assert hand.by_hand.version_of("e") == 2


def test_while_the_experiment_cannot_be_read_its_version_is_not_guessed(hand: Hand) -> None:
    hand.error = StoreUnavailableError("away")
    with pytest.raises(StoreUnavailableError):
        hand.by_hand.version_of("e")


def test_the_experiment_is_read_once_a_minute_however_many_are_kept(hand: Hand) -> None:
    made = hand.add(experiment())
    for _ in range(10):
        hand.expect(as_drawn(made))
    assert hand.reads == 1
    hand.clock.advance(seconds=REMEMBERED.total_seconds())
    hand.expect(as_drawn(made))
    assert hand.reads == 2


def test_a_version_that_began_just_now_is_known_at_once(hand: Hand) -> None:
    hand.expect(as_drawn(hand.add(experiment())))
    second = hand.add(experiment(version=2))
    hand.expect([otherwise(second)], version=2)
    assert hand.marked == ["e"]


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), ConflictError("others were first")])
def test_where_decisions_cannot_be_made_to_look_for_it_now_whoever_keeps_it_is_told(
    hand: Hand, error: Exception
) -> None:
    made = hand.add(experiment())
    hand.expect(as_drawn(made))
    hand.error = error
    hand.expect(as_drawn(made))
    for _ in range(2):
        with pytest.raises(type(error)):
            hand.expect([otherwise(made)])
    hand.error = None
    hand.expect([otherwise(made)])
    assert hand.marked == ["e"]


@pytest.mark.parametrize(
    "error",
    [InvalidInputError("reads_ledger", "cannot change"), NotFoundError("experiment", "e"), DecryptionError("no key")],
)
def test_an_experiment_that_ended_just_now_or_cannot_be_read_holds_up_nobody(
    hand: Hand, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    made = hand.add(experiment())
    hand.error = error
    hand.expect([otherwise(made)])
    assert "experiment e was not set to read its ledger for assignments by hand" in caplog.text


def test_what_was_found_to_stand_otherwise_than_the_draw_gives_marks_the_experiment_too(hand: Hand) -> None:
    made = hand.add(experiment())
    hand.by_hand.found("e", 1, as_drawn(made))
    assert hand.marked == []
    hand.by_hand.found("e", 1, [otherwise(made)])
    assert hand.marked == ["e"]


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), ConflictError("others were first")])
def test_where_what_stood_before_cannot_be_looked_at_that_is_logged_and_fails_nobody(
    hand: Hand, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    made = hand.add(experiment())
    hand.error = error
    hand.by_hand.found("e", 1, [otherwise(made)])
    assert "experiment e was not looked at after assignments by hand" in caplog.text
    hand.by_hand.differs("e")
    assert "experiment e was not set to read its ledger" in caplog.text
    hand.error = None
    hand.by_hand.found("e", 1, [otherwise(made)])
    assert hand.marked == ["e"], "the next one tries again"


def test_what_is_remembered_of_experiments_stays_within_bounds(hand: Hand) -> None:
    made = experiment()
    hand.experiments = {f"e-{number}": made for number in range(10_001)}
    for experiment_id in hand.experiments:
        hand.by_hand.expect(experiment_id, 1, [])
    assert 0 < len(hand.by_hand._read) <= 10_000
