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
    stage.define("revenue", "latency")
    return stage


def test_an_experiment_with_all_that_belongs_to_it_meets_every_point(furnished: Stage) -> None:
    furnished.draft(
        hypothesis="Green sells",
        metrics=["revenue", {"metric": "latency", "role": "guardrail", "margin": 0.01}],
        plan={"units": 10_000},
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
    assert unmet(stage) == ["goal", "hypothesis", "plan"]
    assert stage.experiments.update_experiment_status("e", "active").status == "active"


@pytest.mark.parametrize(
    ("design", "point"),
    [
        ({"variations": [{"name": "a"}]}, "variations"),
        ({"variations": [{"name": "a"}, {"name": "b", "weight": 0}]}, "variations"),
        ({"control": "c", "variations": [{"name": "a"}, {"name": "b"}, {"name": "c", "weight": 0}]}, "control"),
        ({"hypothesis": " \n"}, "hypothesis"),
        ({"metrics": [{"metric": "latency", "role": "guardrail", "margin": 0.01}]}, "goal"),
        ({"metrics": ["revenue", {"metric": "latency", "role": "guardrail"}]}, "margins"),
        ({"plan": {}}, "plan"),
        ({"metrics": ["spend"]}, "windows"),
    ],
)
def test_what_ought_to_be_is_told_and_blocks_nothing(furnished: Stage, design: dict[str, Any], point: str) -> None:
    whole = {"hypothesis": "Green sells", "metrics": ["revenue"], "plan": {"units": 10_000}}
    furnished.metrics.create_metric("spend", kind="mean", measure="order")  # counts for as long as it runs
    furnished.draft(**{**whole, **design})
    assert unmet(furnished) == [point]
    assert not points(furnished)[point].blocks
    assert furnished.experiments.update_experiment_status("e", "active").status == "active"


def test_the_plan_and_the_margins_that_lack_are_said_in_words(furnished: Stage) -> None:
    furnished.draft(metrics=[{"metric": "latency", "role": "guardrail"}, {"metric": "revenue", "role": "guardrail"}])
    found = points(furnished)
    assert found["plan"].said == "no planned number of units: judged by the confidence sequence"
    assert found["margins"].said.startswith("none for latency, revenue: ")
    furnished.experiments.update_experiment("e", metrics=[], plan={"units": 12_000, "looks": 5, "alpha": 0.01})
    found = points(furnished)
    assert found["plan"].said == "12,000 units in all, about 5 looks, at alpha 0.01"
    assert (found["margins"].met, found["margins"].said) == (True, "no guardrails")


def test_a_plan_of_one_look_needs_no_windows(furnished: Stage) -> None:
    furnished.metrics.create_metric("spend", kind="mean", measure="order")
    furnished.draft(metrics=["spend"], plan={"units": 10_000, "looks": 1})
    assert points(furnished)["windows"].met


@pytest.mark.parametrize(
    ("design", "point"),
    [
        ({"traffic": 0}, "traffic"),
        ({"ends_at": START}, "schedule"),
        ({"ends_at": START - timedelta(days=1)}, "schedule"),
    ],
)
def test_what_has_to_be_so_refuses_the_launch_by_its_name(stage: Stage, design: dict[str, Any], point: str) -> None:
    stage.define("revenue")
    stage.draft(hypothesis="Green sells", metrics=["revenue"], plan={"units": 10_000}, **design)
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
        (("metric", "revenue"), "metrics: names 'revenue'"),
    ],
)
def test_what_went_since_the_draft_was_made_refuses_the_launch(
    furnished: Stage, gone: tuple[str, str], said: str
) -> None:
    design: dict[str, Any] = {"layer": "checkout", "layer_range": [0, 50], "holdouts": ["new"]}
    furnished.draft(audience={"audience": "beta"}, metrics=["revenue"], **design)
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
