"""An experiment is true once built, and moves through its life in one direction."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from variate.errors import IllegalTransitionError, InvalidInputError
from variate.model import Experiment, ExperimentStatus, Variation
from variate.testing.builders import build_experiment, build_flag, build_variation
from variate.testing.clocks import START

DRAFT, ACTIVE, PAUSED, COMPLETED, ARCHIVED = ExperimentStatus

# Written down by hand from the life cycle in the glossary, not from the code.
LEGAL = {
    (DRAFT, ACTIVE),
    (DRAFT, ARCHIVED),
    (ACTIVE, PAUSED),
    (ACTIVE, COMPLETED),
    (PAUSED, ACTIVE),
    (PAUSED, COMPLETED),
    (COMPLETED, ARCHIVED),
}


@pytest.mark.parametrize(("before", "after"), sorted(LEGAL))
def test_a_legal_move_changes_status_revision_and_time_only(before: ExperimentStatus, after: ExperimentStatus) -> None:
    experiment = build_experiment(status=before, revision=4, owner="ada")
    moved = experiment.moved_to(after, at=START + timedelta(hours=1))
    assert (moved.status, moved.revision, moved.updated_at) == (after, 5, START + timedelta(hours=1))
    assert (moved.id, moved.owner, moved.variations, moved.created_at, moved.version) == (
        experiment.id,
        "ada",
        experiment.variations,
        experiment.created_at,
        1,
    )
    assert experiment.status is before


@pytest.mark.parametrize(("before", "after"), sorted(set(product(ExperimentStatus, repeat=2)) - LEGAL))
def test_any_other_move_is_refused_with_those_that_are_legal(before: ExperimentStatus, after: ExperimentStatus) -> None:
    with pytest.raises(IllegalTransitionError) as refusal:
        build_experiment(status=before).moved_to(after, at=START)
    assert refusal.value.field == "status"
    legal = ", ".join(to for to in ExperimentStatus if (before, to) in LEGAL) or "nothing"
    assert refusal.value.rule == f"{before} cannot become {after}; from {before} it may become {legal}"


@pytest.mark.parametrize("weight", [-1, -1e-300, float("nan"), float("inf"), -float("inf"), 10**400])
def test_a_weight_that_is_negative_or_not_finite_is_refused(weight: float) -> None:
    with pytest.raises(InvalidInputError, match=r"^variation.weight: must be finite and not negative"):
        build_variation(weight=weight)


@pytest.mark.parametrize("weight", [True, "1", None, [1]])
def test_a_weight_that_is_no_number_is_refused(weight: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^variation.weight: must be a number, not "):
        build_variation(weight=weight)


def test_there_are_from_1_to_100_variations() -> None:
    assert len(build_experiment(variations={f"v{number}": 1 for number in range(100)}).variations) == 100
    for names in ([], [f"v{number}" for number in range(101)]):
        with pytest.raises(InvalidInputError, match=r"^variations: must be from 1 to 100, not"):
            build_experiment(variations=dict.fromkeys(names, 1))


def test_variations_have_different_names() -> None:
    with pytest.raises(InvalidInputError, match=r"^variations: must have different names; 'a' stands twice"):
        build_experiment(variations=[build_variation("a"), build_variation("b"), build_variation("a")])


def test_names_that_only_look_alike_are_different() -> None:
    assert len(build_experiment(variations={"a": 1, "A": 1, "a ": 1, "é": 1, "e\u0301": 1}).variations) == 5


def test_some_variation_has_weight() -> None:
    assert build_experiment(variations={"a": 0, "b": 1}).variations[0].weight == 0
    with pytest.raises(InvalidInputError, match=r"^variations: must have at least one weight above zero"):
        build_experiment(variations={"a": 0, "b": 0.0})


@pytest.mark.parametrize("build", [build_experiment, build_flag])
def test_an_unknown_status_is_refused(build: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"status: must be one of .*active.*, not 'running'"):
        build(status="running")


def test_a_status_by_its_name_is_the_status() -> None:
    status: Any = "active"
    assert build_experiment(status=status).status is ACTIVE


def test_an_experiment_and_its_variations_cannot_be_changed() -> None:
    experiment = build_experiment()
    for value, field in ((experiment, "status"), (experiment.variations[0], "weight")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field, "other")
    assert isinstance(experiment.variations, tuple)


def test_everything_is_given_by_name() -> None:
    experiment: Any = Experiment
    variation: Any = Variation
    for build in (experiment, variation):
        with pytest.raises(TypeError):
            build("id", "name")
