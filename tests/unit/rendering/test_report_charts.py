"""What of a report goes into its charts: the looks that the plan still has."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.unit.rendering.sample import AT, report
from variate.model.plan import Plan
from variate.rendering.report_charts import charted_series, cumulative_chart
from variate.stats.not_estimable import NotEstimable, NotEstimableReason


def planned(**progress: Any) -> tuple[date, ...]:
    found = report()
    plan = Plan(units=60_000, looks=4)
    found = replace(
        found,
        progress=replace(found.progress, **progress),
        reproduction=replace(found.reproduction, plan=plan),
    )
    metric = found.metrics[0]
    return cumulative_chart(found, metric, charted_series(metric)[0]).planned_looks


def test_looks_to_come_share_out_the_rest_of_the_plan_evenly() -> None:
    end = AT + timedelta(days=10)
    found = planned(planned_end=end, fraction=0.5)
    assert found == (date(2026, 3, 20), date(2026, 3, 25))
    assert planned(planned_end=end, fraction=0.6) == (date(2026, 3, 19), date(2026, 3, 25))


def test_without_an_end_the_intake_says_when_the_rest_is_in() -> None:
    assert planned(planned_end=None, fraction=0.75, days_left=3.0) == (date(2026, 3, 18),)


@pytest.mark.parametrize(
    "progress",
    [
        {"planned_end": None, "days_left": None},
        {"planned_end": None, "days_left": 1e12},
        {"planned_units": None, "fraction": None},
        {"fraction": 1.0},
        {"is_ended": True},
    ],
)
def test_no_look_is_to_come_where_nothing_says_when(progress: dict[str, Any]) -> None:
    assert planned(**progress) == ()


def test_a_course_without_a_known_effect_has_no_chart() -> None:
    found = report().metrics[0]
    unknown = NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    first, second = found.series
    late = replace(second, points=(replace(second.points[0], difference=unknown), *second.points[1:]))
    assert charted_series(replace(found, series=(first, late))) == [first, late]
    never = replace(second, points=tuple(replace(each, difference=unknown) for each in second.points))
    assert charted_series(replace(found, series=(never, first))) == [first]
