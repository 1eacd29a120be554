"""Where an experiment stands in its plan, look after look."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.unit.analysis.answers import AT, Units, answer_of, build_metric, report_of
from variate.analysis.planning import Stage, Standing, standing
from variate.analysis.subject import Subject
from variate.model.design import ExperimentMetric
from variate.model.look import Look
from variate.model.metric import Metric
from variate.model.plan import Plan
from variate.stores.aggregates import Question
from variate.testing.clocks import START

SUBJECT = Subject(
    experiment_id="experiment",
    name="Button colour",
    weights=(("control", 1.0), ("treatment", 1.0)),
    metrics=(ExperimentMetric(metric="buying"),),
    plan=Plan(units=1_000),
)


def stand(
    units: int,
    looks: tuple[Look, ...] = (),
    *,
    subject: Subject = SUBJECT,
    until: datetime | None = None,
    at: datetime = AT,
    metrics: tuple[Metric, ...] = (),
) -> Standing:
    """Return where the subject stands with so many units."""
    question = Question(
        experiment_id="experiment",
        variations=("control", "treatment"),
        start=START,
        until=until,
        at=at,
        metrics=metrics,
    )
    return standing(subject, question=question, units=units, looks=looks)


def test_the_looks_of_a_plan_have_the_critical_values_of_obrien_fleming_spending() -> None:
    looks: tuple[Look, ...] = ()
    for units in (200, 400, 600, 800, 1_000):
        found = stand(units, looks)
        assert found.is_new
        looks = found.looks
    # As tabulated for this spending at five equal looks, in tests/unit/stats/test_boundaries.py too.
    assert [look.critical for look in looks] == pytest.approx([4.8769, 3.3570, 2.6803, 2.2898, 2.0310], abs=6e-5)
    assert [look.number for look in looks] == [1, 2, 3, 4, 5]
    assert found.stage is Stage.AT_END


def test_as_many_units_as_at_the_last_look_are_that_look_again() -> None:
    first = stand(400)
    again = stand(400, first.looks)
    assert (again.look, again.is_new, again.looks) == (first.look, False, first.looks)
    fewer = stand(390, first.looks)
    assert (fewer.look, fewer.is_new) == (first.look, False)


def test_the_end_spends_what_is_left_however_few_units_came() -> None:
    found = stand(500, stand(400).looks, until=AT)
    assert found.stage is Stage.AT_END
    assert found.look is not None
    assert (found.look.spent, found.look.fraction) == (0.05, 0.5)


def test_the_end_spends_what_is_left_though_nobody_came_since_the_last_look() -> None:
    until = AT + timedelta(days=10)
    looks = stand(750, until=until).looks
    assert looks[-1].spent == pytest.approx(0.0193, abs=1e-4)  # 4 (1 - Phi(2.2414 / sqrt(0.75)))
    found = stand(750, looks, until=until, at=until + timedelta(days=1))
    assert (found.stage, found.is_new, len(found.looks)) == (Stage.AT_END, True, 2)
    assert found.look is not None
    # What is left is a two-sided test of its own: z of (0.05 - 0.0193) / 2.
    assert found.look.spent == 0.05
    assert found.look.critical == pytest.approx(2.1610, abs=1e-3)
    again = stand(750, found.looks, until=until, at=until + timedelta(days=1))
    assert (again.look, again.is_new, again.looks) == (found.look, False, found.looks)
    later = stand(750, found.looks, until=until, at=until + timedelta(days=300))
    assert (later.is_new, len(later.looks)) == (False, 2)
    assert stand(751, found.looks, until=until, at=until + timedelta(days=1)).stage is Stage.BEYOND


def test_the_first_look_at_the_end_is_the_only_one() -> None:
    found = stand(1_200)
    assert found.is_only_look
    assert found.look is not None
    assert found.look.critical == pytest.approx(1.959964, abs=1e-5)
    assert not stand(1_200, stand(400).looks).is_only_look


def test_once_all_is_spent_more_units_are_beyond_the_plan() -> None:
    ended = stand(1_000)
    assert stand(1_000, ended.looks).stage is Stage.AT_END
    beyond = stand(1_001, ended.looks)
    assert (beyond.stage, beyond.look, beyond.is_new) == (Stage.BEYOND, None, False)


def test_what_the_same_units_do_after_a_look_is_not_tested_by_it_again() -> None:
    day = timedelta(days=1)
    ended = stand(1_000)
    assert stand(1_000, ended.looks, at=AT + timedelta(hours=1)).look == ended.look, "1 % of 10 days is 2.4 hours"
    later = stand(1_000, ended.looks, at=AT + day)
    assert (later.stage, later.look, later.is_only_look) == (Stage.BEYOND, None, False)
    under_way = stand(600, stand(600).looks, at=AT + day)
    assert (under_way.stage, under_way.look, under_way.is_new) == (Stage.UNDER_WAY, None, False)
    cut_short = stand(600, stand(600).looks, at=AT + day, until=AT + day)
    assert (cut_short.stage, cut_short.is_only_look) == (Stage.AT_END, False)


def test_after_the_end_of_all_windows_a_look_is_that_look_whenever_it_is_reported() -> None:
    day = timedelta(days=1)
    ended = stand(1_000, until=AT)
    assert stand(1_000, ended.looks, until=AT, at=AT + 300 * day).look == ended.look
    week = (build_metric(window_end=7 * day),)
    assert stand(1_000, ended.looks, until=AT, at=AT + 7 * day, metrics=week).stage is Stage.BEYOND
    complete = stand(1_000, until=AT - 7 * day, metrics=week)
    assert stand(1_000, complete.looks, until=AT - 7 * day, at=AT + 300 * day, metrics=week).look == complete.look


def test_where_nobody_looks_no_new_boundary_holds() -> None:
    first = stand(400)
    unlooked = stand(600, first.looks).unlooked()
    assert (unlooked.look, unlooked.is_new, unlooked.looks) == (None, False, first.looks)
    assert stand(400, first.looks).unlooked().look == first.look


def test_without_units_there_is_no_look() -> None:
    assert (stand(0).look, stand(0).stage) == (None, Stage.UNDER_WAY)


def test_without_a_plan_there_is_no_look() -> None:
    found = stand(500, subject=replace(SUBJECT, plan=Plan()), until=AT + timedelta(days=1))
    assert (found.stage, found.look) == (Stage.UNPLANNED, None)


def test_a_plan_that_grew_spends_nothing_until_it_has_caught_up() -> None:
    first = stand(900)
    found = stand(1_000, first.looks, subject=replace(SUBJECT, plan=Plan(units=10_000)))
    # As first looked at it had 0.9 of the information; of the greater plan it has 0.1, so nothing has come in.
    assert (found.look, found.is_new) == (first.look, False)


@pytest.mark.parametrize(("hours", "rate"), [(23, None), (24, 100.0), (48, 50.0)])
def test_no_rate_is_told_before_a_whole_day(hours: int, rate: float | None) -> None:
    answer = answer_of(Units(variation=[0, 1] * 50, values={"buying": [0, 1] * 50}))
    report = report_of(
        answer, metrics=[build_metric("buying")], plan=Plan(units=1_000), at=START + timedelta(hours=hours)
    )
    assert report.progress.units_per_day == (None if rate is None else pytest.approx(rate))
    assert (report.progress.days_left is None) == (rate is None)


def test_an_end_that_is_fixed_is_no_pace() -> None:
    answer = answer_of(Units(variation=[0, 1] * 50, values={"buying": [0, 1] * 50}))
    metrics, until = [build_metric("buying")], START + timedelta(days=20)
    report = report_of(answer, metrics=metrics, plan=Plan(units=1_000), at=START + timedelta(hours=1), until=until)
    assert report.verdict.missing[0].endswith("still to come, or the end on 2040-03-20.")
