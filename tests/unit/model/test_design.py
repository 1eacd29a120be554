"""A design is true once built, and its flat fields make it again."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.decision.condition_strategies import conditions
from tests.unit.model.values import ids, instants, names, texts
from variate.errors import InvalidInputError
from variate.model.design import Design, ExperimentMetric, MetricRole, PastAllocation
from variate.model.design_record import design_from_record, design_record, revised
from variate.model.layer import LayerRange
from variate.testing.clocks import START

percentages = st.integers(0, 10_000).map(lambda buckets: buckets / 100)


@st.composite
def layer_ranges(draw: st.DrawFn) -> LayerRange:
    start, end = sorted(draw(st.lists(st.integers(0, 10_000), min_size=2, max_size=2, unique=True)))
    return LayerRange(layer_id=draw(ids), start=start / 100, end=end / 100)


@st.composite
def designs(draw: st.DrawFn) -> Design:
    moments = sorted(draw(st.lists(instants, min_size=2, max_size=2, unique=True)))
    audiences = st.none() | conditions()
    return Design(
        hypothesis=draw(texts),
        unit_type=draw(names),
        salt=draw(st.none() | ids),
        audience=draw(audiences),
        traffic=draw(percentages),
        layer=draw(st.none() | layer_ranges()),
        holdouts=tuple(draw(st.lists(ids, max_size=3, unique=True))),
        starts_at=draw(st.sampled_from([None, moments[0]])),
        ends_at=draw(st.sampled_from([None, moments[1]])),
        control=draw(st.none() | ids),
        metrics=tuple(
            ExperimentMetric(metric=metric, role=draw(st.sampled_from(MetricRole)))
            for metric in draw(st.lists(ids, max_size=3, unique=True))
        ),
        takes_new_units=draw(st.booleans()),
        keeps_outside_audience=draw(st.booleans()),
        reads_ledger=draw(st.booleans()),
        past=tuple(
            PastAllocation(
                weights=(1, weight), traffic=draw(percentages), audience=draw(audiences), until=draw(instants)
            )
            for weight in draw(st.lists(st.integers(0, 100), max_size=2))
        ),
    )


@settings(deadline=None, max_examples=40)
@given(designs())
def test_a_design_comes_back_from_its_record(design: Design) -> None:
    assert design_from_record(json.loads(json.dumps(design_record(design), allow_nan=False))) == design


@settings(deadline=None, max_examples=40)
@given(designs())
def test_to_give_a_design_its_own_fields_changes_nothing(design: Design) -> None:
    record = {name: value for name, value in design_record(design).items() if name != "past"}
    assert revised(design, record) == design


def test_an_empty_record_is_the_usual_design_and_has_no_past() -> None:
    assert design_from_record({}) == Design()
    assert "past" not in design_record(Design())
    assert design_from_record({"name": "of the experiment", "traffic": 5}) == Design(traffic=5)


def test_both_ends_are_brought_into_utc() -> None:
    there = START.astimezone(timezone(timedelta(hours=5)))
    design = Design(starts_at=there, ends_at=there + timedelta(hours=1))
    assert (design.starts_at, repr(design.starts_at)) == (START, repr(START))
    past = PastAllocation(weights=(1,), traffic=100, audience=None, until=there)
    assert repr(past.until) == repr(START)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"traffic": 100.001}, "traffic"),
        ({"layer": 7}, "layer"),
        ({"metrics": (ExperimentMetric(metric="a"),) * 2}, "metrics"),
        ({"holdouts": ("a", "a")}, "holdouts"),
        ({"starts_at": START, "ends_at": START}, "ends_at"),
        ({"reads_ledger": 1}, "reads_ledger"),
        ({"salt": ""}, "salt"),
        ({"past": (PastAllocation(weights=(1,), traffic=1, audience=None, until=START),) * 101}, "past"),
    ],
)
def test_a_design_that_is_none_cannot_be_built(given: dict[str, Any], field: str) -> None:
    if field == "layer":
        with pytest.raises(InvalidInputError) as refusal:
            LayerRange(layer_id=7, start=0, end=1)  # type: ignore[arg-type]  # what is refused
    else:
        with pytest.raises(InvalidInputError) as refusal:
            replace(Design(), **given)
    assert refusal.value.field == field


def test_a_metric_has_a_role_that_there_is() -> None:
    assert ExperimentMetric(metric="a").role is MetricRole.GOAL
    assert ExperimentMetric(metric="a", role="guardrail").role is MetricRole.GUARDRAIL  # type: ignore[arg-type]  # by its name
    for wrong, field in (({"metric": ""}, "metric"), ({"metric": "a", "role": "main"}, "role")):
        with pytest.raises(InvalidInputError) as refusal:
            ExperimentMetric(**wrong)  # type: ignore[arg-type]  # what is refused
        assert refusal.value.field == field


def test_a_design_cannot_be_changed() -> None:
    design: Any = Design()
    with pytest.raises(FrozenInstanceError):
        design.traffic = 50


def test_a_layer_and_a_range_go_together_and_each_keeps_the_other() -> None:
    claimed = revised(Design(), {"layer": "l", "layer_range": (0, 50)})
    assert claimed.layer == LayerRange(layer_id="l", start=0, end=50)
    assert revised(claimed, {"layer_range": [50, 60]}).layer == LayerRange(layer_id="l", start=50, end=60)
    assert revised(claimed, {"layer": "m"}).layer == LayerRange(layer_id="m", start=0, end=50)
    assert revised(claimed, {"layer": None}).layer is None
    assert revised(claimed, {"layer_range": None}).layer is None
    assert revised(claimed, {"layer": None, "layer_range": None}).layer is None
    assert revised(Design(), {"layer_range": None}).layer is None
    assert revised(claimed, {"traffic": 5}).layer == claimed.layer
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"layer": "m", "layer_range": None}, "layer_range"),
        ({"layer": None, "layer_range": [0, 1]}, "layer"),
    ]
    for wrong, field in wrongs:
        with pytest.raises(InvalidInputError) as refusal:
            revised(claimed, wrong)
        assert refusal.value.field == field
