"""What a report's tables say of its times, its plan and its metrics in words."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.rendering.sample import metric, report
from variate.analysis.comparison import Heterogeneity
from variate.model.design import MetricRole
from variate.model.plan import Plan
from variate.rendering.metric_tables import comparison_table, dimension_tables
from variate.rendering.report_tables import facts, plan_facts
from variate.stats.not_estimable import NotEstimable, NotEstimableReason


def test_a_file_that_is_read_at_once_has_no_times_and_one_look() -> None:
    found = report()
    progress = replace(found.progress, planned_end=found.at, is_ended=True, days_left=0.0)
    reproduction = replace(found.reproduction, plan=Plan(units=60_000, looks=1))
    found = replace(found, start=found.at, until=found.at, progress=progress, reproduction=reproduction)
    assert dict(facts(found))["exposures"] == "at times that are not told"
    plan = dict(plan_facts(found))
    assert plan["planned"] == "60,000 units, one look"
    assert {"intake", "time left"}.isdisjoint(plan), "the end is reached"


def test_a_dimension_of_which_nothing_can_be_compared_says_why() -> None:
    found = metric("purchase", (), slices=report().metrics[0].slices[1:])
    none = NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    test = Heterogeneity(dimension="country", variation="short", q=none, freedom=0, p_value=None, adjusted_p=None)
    (table,) = dimension_tables(replace(found, heterogeneity=(test,)))
    assert table.notes[0] == "Whether short's effect differs among the values cannot be told: too few units."


def test_the_p_of_a_guardrail_is_not_said_to_be_adjusted() -> None:
    (goal,) = (each for each in report().metrics if each.role is MetricRole.GOAL)
    notes = {
        role: comparison_table(replace(goal, role=role), control="long").notes  # type: ignore[union-attr]  # it has one
        for role in (MetricRole.GOAL, MetricRole.GUARDRAIL)
    }
    assert any("adjusted for the tests beside it" in each for each in notes[MetricRole.GOAL])
    assert not any("adjusted" in each for each in notes[MetricRole.GUARDRAIL])


def test_a_plan_names_who_spends_like_that() -> None:
    found = report()
    reproduction = replace(found.reproduction, plan=Plan(units=60_000, looks=5))
    assert "spending O'Brien-Fleming" in dict(plan_facts(replace(found, reproduction=reproduction)))["planned"]
