"""A plan is true once built, and a design keeps it."""

from __future__ import annotations

from typing import Any

import pytest

from variate.errors import InvalidInputError
from variate.model.design import Design, ExperimentMetric, MetricRole
from variate.model.design_record import design_from_record, design_record, revised
from variate.model.plan import UNPLANNED, Plan, Spending


def test_by_itself_nothing_is_planned() -> None:
    assert Design().plan == UNPLANNED
    assert UNPLANNED.units is None
    assert revised(Design(), {"plan": {}}).plan == UNPLANNED


def test_a_plan_and_the_margins_come_back_from_the_design_s_record() -> None:
    design = Design(
        plan=Plan(units=1_000, looks=5, alpha=0.1, spending=Spending.POCOCK),
        metrics=(ExperimentMetric(metric="latency", role=MetricRole.GUARDRAIL, margin=0.5),),
    )
    record = design_record(design)
    assert record["plan"] == {"units": 1_000, "looks": 5, "alpha": 0.1, "spending": "pocock"}
    assert record["metrics"] == [{"metric": "latency", "role": "guardrail", "margin": 0.5}]
    assert design_from_record(record) == design


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"units": 1}, "plan.units"),
        ({"units": 2.0}, "plan.units"),
        ({"units": 10**12 + 1}, "plan.units"),
        ({"looks": 0}, "plan.looks"),
        ({"looks": 366}, "plan.looks"),
        ({"looks": None}, "plan.looks"),
        ({"alpha": 0}, "plan.alpha"),
        ({"alpha": 0.51}, "plan.alpha"),
        ({"alpha": float("nan")}, "plan.alpha"),
        ({"alpha": "0.05"}, "plan.alpha"),
        ({"spending": "none"}, "plan.spending"),
        ({"unit": 100}, "plan.unit"),
        (None, "plan"),
        (7, "plan"),
    ],
)
def test_a_plan_that_breaks_a_rule_is_refused_by_the_name_of_its_field(given: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        revised(Design(), {"plan": given})
    assert refusal.value.field == field


@pytest.mark.parametrize(
    "metric",
    [
        {"metric": "a", "margin": 0.1},
        {"metric": "a", "role": "secondary", "margin": 0.1},
        {"metric": "a", "role": "guardrail", "margin": -0.1},
        {"metric": "a", "role": "guardrail", "margin": float("nan")},
        {"metric": "a", "role": "guardrail", "margin": "0.1"},
    ],
)
def test_a_margin_is_a_number_not_below_zero_and_of_a_guardrail(metric: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"^metrics\[0\]\.margin: "):
        revised(Design(), {"metrics": [metric]})
