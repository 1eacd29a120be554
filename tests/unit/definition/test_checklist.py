"""Before an experiment starts, what has to be so is looked at, and what ought to be is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.definition.stage import BETA, Stage
from variate.definition.checklist import ChecklistItem
from variate.errors import InvalidInputError, NotFoundError
from variate.testing.clocks import START

BLOCKING = {"references", "schedule", "traffic"}


def points(stage: Stage) -> dict[str, ChecklistItem]:
    return {each.name: each for each in stage.experiments.launch_checklist("e")}


def unmet(stage: Stage) -> list[str]:
    return sorted(name for name, each in points(stage).items() if not each.met)


@pytest.fixture
def furnished(stage: Stage) -> Stage:
    stage.audiences.create_audience("beta", condition=BETA)
    stage.layers.create_layer("checkout")
    stage.holdouts.create_holdout("new", percentage=5)
    return stage


def test_an_experiment_with_all_that_belongs_to_it_meets_every_point(furnished: Stage) -> None:
    furnished.draft(
        hypothesis="Green sells",
        metrics=["revenue"],
        audience={"audience": "beta"},
        layer="checkout",
        layer_range=[0, 50],
        holdouts=["new"],
        ends_at=START + timedelta(days=14),
    )
    assert unmet(furnished) == []
    assert {name for name, each in points(furnished).items() if each.blocks} == BLOCKING
    assert all(each.said for each in points(furnished).values())


def test_a_plain_draft_may_start_and_is_told_what_it_lacks(stage: Stage) -> None:
    stage.draft()
    assert unmet(stage) == ["goal", "hypothesis"]
    assert stage.experiments.update_experiment_status("e", "active").status == "active"


@pytest.mark.parametrize(
    ("design", "point"),
    [
        ({"variations": [{"name": "a"}]}, "variations"),
        ({"variations": [{"name": "a"}, {"name": "b", "weight": 0}]}, "variations"),
        ({"control": "c", "variations": [{"name": "a"}, {"name": "b"}, {"name": "c", "weight": 0}]}, "control"),
        ({"hypothesis": " \n"}, "hypothesis"),
        ({"metrics": [{"metric": "latency", "role": "guardrail"}]}, "goal"),
    ],
)
def test_what_ought_to_be_is_told_and_blocks_nothing(stage: Stage, design: dict[str, Any], point: str) -> None:
    stage.draft(**{"hypothesis": "Green sells", "metrics": ["revenue"], **design})
    assert unmet(stage) == [point]
    assert not points(stage)[point].blocks
    assert stage.experiments.update_experiment_status("e", "active").status == "active"


@pytest.mark.parametrize(
    ("design", "point"),
    [
        ({"traffic": 0}, "traffic"),
        ({"ends_at": START}, "schedule"),
        ({"ends_at": START - timedelta(days=1)}, "schedule"),
    ],
)
def test_what_has_to_be_so_refuses_the_launch_by_its_name(stage: Stage, design: dict[str, Any], point: str) -> None:
    stage.draft(hypothesis="Green sells", metrics=["revenue"], **design)
    assert unmet(stage) == [point]
    before = stage.state()
    with pytest.raises(InvalidInputError) as refusal:
        stage.experiments.update_experiment_status("e", "active")
    assert refusal.value.field == "status"
    assert refusal.value.rule == f"cannot become active: {point}: {points(stage)[point].said}"
    with pytest.raises(InvalidInputError, match=point):
        stage.experiments.update_experiment_with_override("e", "active", unit="u", variation="a")
    assert stage.state() == before


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (("audience", "beta"), "audience: names the audience 'beta'"),
        (("holdout", "new"), "holdouts: names 'new'"),
        (("layer", "checkout"), "layer: names 'checkout'"),
    ],
)
def test_what_went_since_the_draft_was_made_refuses_the_launch(
    furnished: Stage, gone: tuple[str, str], said: str
) -> None:
    furnished.draft(audience={"audience": "beta"}, layer="checkout", layer_range=[0, 50], holdouts=["new"])
    del furnished.memory.definitions[gone]
    with pytest.raises(InvalidInputError, match=f"^status: cannot become active: references: {said}"):
        furnished.experiments.update_experiment_status("e", "active")


def test_a_range_that_somebody_took_away_by_hand_refuses_the_launch(furnished: Stage) -> None:
    furnished.draft(layer="checkout", layer_range=[0, 50])
    layer = furnished.memory.definitions[("layer", "checkout")]
    furnished.memory.definitions[("layer", "checkout")] = layer.claimed("e", None, at=START)
    with pytest.raises(InvalidInputError, match="references: its range of the layer is not claimed"):
        furnished.experiments.update_experiment_status("e", "active")


def test_all_that_blocks_is_named_at_once(furnished: Stage) -> None:
    furnished.draft(traffic=0, ends_at=START, holdouts=["new"])
    del furnished.memory.definitions[("holdout", "new")]
    with pytest.raises(InvalidInputError) as refusal:
        furnished.experiments.update_experiment_status("e", "active")
    assert [name for name in ("references", "schedule", "traffic") if f"{name}: " in str(refusal.value)] == sorted(
        BLOCKING
    )
    assert "hypothesis" not in str(refusal.value)


def test_the_end_is_compared_with_the_moment_of_the_launch(stage: Stage) -> None:
    stage.draft(ends_at=START + timedelta(hours=1))
    assert "schedule" not in unmet(stage)
    stage.time.advance(hours=1)
    assert "schedule" in unmet(stage)


def test_the_return_from_a_pause_is_looked_at_like_the_launch(furnished: Stage) -> None:
    furnished.started(ends_at=START + timedelta(hours=1))
    furnished.experiments.update_experiment_status("e", "paused")
    furnished.time.advance(hours=2)
    with pytest.raises(InvalidInputError, match=r"^status: cannot become active: schedule"):
        furnished.experiments.update_experiment_status("e", "active")


def test_the_checklist_of_an_unknown_experiment_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFoundError):
        stage.experiments.launch_checklist("nobody")
    with pytest.raises(InvalidInputError, match=r"^experiment_id: "):
        stage.experiments.launch_checklist("")
