"""Weights that were changed on the way: what is expected of the units, and what is compared with what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.unit.analysis.answers import AT, DAY, Key, build_answer, build_metric, cells_of, report_of
from variate.analysis.building import build_report
from variate.analysis.comparison import Effect
from variate.analysis.periods import Weighing, weighing_of
from variate.analysis.report import Check, CheckKind, CheckStatus, Report, VerdictKind
from variate.analysis.report_record import report_from_record, report_record
from variate.analysis.subject import Subject
from variate.errors import InvalidInputError
from variate.model import Experiment, Variation
from variate.model.design import Design, ExperimentMetric, MetricRole, PastAllocation
from variate.model.metric import MetricKind
from variate.model.plan import Plan
from variate.stats.moments import moments_of
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stores.aggregates import OVERALL, MetricMoments, MetricQuantiles, Question, UnitCounts
from variate.testing.clocks import START

CHANGED = START + timedelta(days=1)
BUY, SPEND = build_metric("buying"), build_metric("spending", kind=MetricKind.MEAN)
Counts = Sequence[Sequence[int]]
"""By period and variation."""


def ask(counts: Counts, weights: Counts, *, values: Any = None, **given: Any) -> Report:
    """Return the report of so many units, a period a day, whose values are 0 and 1 in turns unless ``values`` says."""
    keys: list[Key] = []
    rows: list[np.ndarray[Any, Any]] = []
    for period, of_period in enumerate(counts):
        for variation, count in enumerate(of_period):
            if count:
                keys.append((variation, OVERALL, None, DAY + period, period))
                rows.append(np.arange(count) % 2.0 if values is None else values(period, variation, count))
    found = [moments_of(each) for each in rows]
    moments = replace(
        found[0],
        **{name: np.array([getattr(each, name) for each in found]) for name in ("count", "mean", "products", "cubes")},
    )
    cells = cells_of(keys)
    metric = given.pop("metric", BUY)
    answer = build_answer(
        UnitCounts(cells=cells, count=np.array([len(each) for each in rows], dtype=np.int64)),
        {metric.id: MetricMoments(metric_id=metric.id, variables=("y",), cells=cells, moments=moments)},
    )
    return build(answer, weights, metric=metric, **given)


def build(answer: Any, weights: Counts, *, metric: Any = BUY, plan: Plan | None = None) -> Report:
    """Return the report of the answer, after these weights by period."""
    names = ("control", "green", "blue")[: len(weights[0])]
    units = int(answer.units.count[[name == OVERALL for name in answer.units.cells.dimension]].sum())
    subject = Subject(
        experiment_id="experiment",
        name="Button colour",
        weights=tuple(zip(names, map(float, weights[-1]), strict=True)),
        past_weights=tuple(tuple(map(float, each)) for each in weights[:-1]),
        metrics=(ExperimentMetric(metric=metric.id, role=MetricRole.GOAL),),
        plan=Plan(units=units, looks=1) if plan is None else plan,
    )
    question = Question(
        experiment_id="experiment",
        variations=names,
        start=START,
        until=None,
        at=AT,
        metrics=(metric,),
        reweighed=tuple(CHANGED + timedelta(days=place) for place in range(len(weights) - 1)),
    )
    return build_report(subject, question=question, answer=answer)


def ratio_of(report: Report) -> Check:
    """Return the check of the sample ratio of all units."""
    return next(check for check in report.health.checks if check.kind is CheckKind.SAMPLE_RATIO)


def test_units_are_expected_by_the_weights_of_when_they_came() -> None:
    report = ask([[9_050, 950], [5_040, 4_960]], [[90, 10], [50, 50]])
    assert ratio_of(report).status is CheckStatus.OK
    known = stats.chisquare([9_050, 950], [9_000, 1_000]).statistic + stats.chisquare([5_040, 4_960]).statistic
    assert report.health.sample_ratio.p_value == pytest.approx(stats.chi2.sf(known, 2))
    assert report.health.sample_ratio.expected == pytest.approx((14_000, 6_000))
    assert [each.expected for each in report.variations] == pytest.approx([14_000, 6_000])
    assert [each.flagged for each in report.health.by_day] == [False, False]
    assert report.health.cumulative[-1].p_value == report.health.sample_ratio.p_value
    first, second = report.health.periods
    assert [(each.since, each.units) for each in (first, second)] == [(START, (9_050, 950)), (CHANGED, (5_040, 4_960))]
    assert [*first.shares, *second.shares] == pytest.approx([0.9, 0.1, 0.5, 0.5])
    assert "14,090 in control (70.45 % where 70.00 % are expected)" in ratio_of(report).words
    assert "90.00 % : 10.00 % since 2040-02-29 09:30 UTC (10,000 units, p = 0.096)" in ratio_of(report).words
    assert report.verdict.kind is not VerdictKind.INVALID


@pytest.mark.parametrize(
    ("counts", "days"),
    [
        ([[8_800, 1_200], [5_000, 5_000]], [True, False]),
        ([[9_000, 1_000], [5_300, 4_700]], [False, True]),
        ([[9_000, 1_000], [9_000, 1_000]], [False, True]),
        ([[5_000, 5_000], [5_000, 5_000]], [True, False]),
        ([[7_000, 3_000], [7_000, 3_000]], [True, True]),
    ],
    ids=["wrong before", "wrong after", "nobody heard of it", "as if always", "right in all only"],
)
def test_units_shared_out_wrongly_before_or_after_are_a_mismatch(counts: Counts, days: list[bool]) -> None:
    report = ask(counts, [[90, 10], [50, 50]])
    assert ratio_of(report).status is CheckStatus.FAILED
    assert [each.flagged for each in report.health.by_day] == days
    assert report.health.sequential_p < 0.001  # type: ignore[operator] # there are units
    assert report.verdict.kind is VerdictKind.INVALID


def test_a_period_that_has_just_begun_keeps_nothing_from_being_told() -> None:
    report = ask([[500, 510], [2, 0]], [[50, 50], [90, 10]])
    assert report.health.sample_ratio.p_value == pytest.approx(stats.chisquare([500, 510]).pvalue)
    assert report.health.left_out == 2
    assert "2 units came while some variation had fewer than 30 to be compared with" in ratio_of(report).words
    assert report.health.periods[1].p_value == NotEstimable(NotEstimableReason.TOO_FEW_UNITS)


def test_who_was_assigned_before_a_variation_was_closed_is_no_mismatch_when_it_comes_but_many_are() -> None:
    assert ratio_of(ask([[500, 505], [300, 3]], [[50, 50], [100, 0]])).status is CheckStatus.OK
    assert ratio_of(ask([[500, 505], [300, 200]], [[50, 50], [100, 0]])).status is CheckStatus.FAILED
    assert ratio_of(ask([[300, 0, 200], [500, 505, 0]], [[100, 0, 0], [50, 50, 0]])).status is CheckStatus.FAILED


def test_what_changes_with_time_is_no_effect_of_who_got_more_units_later() -> None:
    def values(period: int, _: int, count: int) -> np.ndarray[Any, Any]:
        return (np.arange(count) % 10 < (1, 3)[period]) * 1.0  # 10 % buy at first and 30 % later, in every variation

    report = ask([[9_000, 1_000], [5_000, 5_000]], [[90, 10], [50, 50]], values=values)
    assert report.metrics[0].overall is not None
    (found,) = report.metrics[0].overall.comparisons
    assert isinstance(found.effect, Effect)
    assert found.effect.difference == pytest.approx(0)
    assert any(
        "The weights were changed 1 time: the variations are compared" in each for each in report.reproduction.methods
    )
    assert [found.estimate, report.metrics[0].overall.control] == pytest.approx([0.2, 0.2])
    assert report.verdict.kind is VerdictKind.HOLD
    last = report.metrics[0].series[0].points[-1]
    assert last.difference == pytest.approx(0)
    # sum of w^2 v / n, with w = 1/2, of both sides
    sides = [(9_000, 0.1), (1_000, 0.1), (5_000, 0.3), (5_000, 0.3)]
    error = sum(0.25 * share * (1 - share) / (count - 1) for count, share in sides) ** 0.5
    assert found.effect.standard_error == pytest.approx(error, rel=1e-9)


def test_units_of_a_time_in_which_some_variation_had_none_count_for_no_metric() -> None:
    report = ask([[500, 505], [900, 0]], [[50, 50], [100, 0]])
    assert report.health.left_out == 900
    assert report.metrics[0].overall is not None
    assert report.metrics[0].overall.control_units == 500
    assert report.progress.units == 1_905


@pytest.mark.parametrize(("green", "left_out"), [(29, 79), (30, 0)])
def test_a_period_counts_for_the_metrics_from_thirty_units_of_each_variation_on(green: int, left_out: int) -> None:
    report = ask([[500, 505], [50, green]], [[50, 50], [60, 40]])
    assert report.health.left_out == left_out
    assert report.metrics[0].overall is not None
    assert report.metrics[0].overall.control_units == 550 - 50 * bool(left_out)


def test_of_changed_weights_a_quantile_is_not_told() -> None:
    keys: list[Key] = [(place, OVERALL, None, -1) for place in range(2)]
    counts = cells_of([(place, OVERALL, None, DAY + period, period) for period in range(2) for place in range(2)])
    latency = build_metric("latency", kind=MetricKind.QUANTILE)
    quantiles = MetricQuantiles(
        metric_id="latency",
        cells=cells_of(keys),
        units=np.array([900, 900]),
        events=np.array([900, 900]),
        quantile=np.array([1.0, 2.0]),
        standard_error=np.array([0.01, 0.01]),
    )
    units = UnitCounts(cells=counts, count=np.array([500, 500, 400, 400]))
    answer = build_answer(units, {"latency": quantiles})
    report = build(answer, [[50, 50], [60, 60]], metric=latency)
    assert report.metrics[0].overall is not None
    assert report.metrics[0].overall.comparisons[0].effect == NotEstimable(NotEstimableReason.REWEIGHED)


def test_a_record_of_before_has_none_of_what_is_told_of_periods() -> None:
    report = report_of(
        build_answer(
            UnitCounts(cells=cells_of([(0, OVERALL, None, DAY), (1, OVERALL, None, DAY)]), count=np.array([9, 9])), {}
        ),
        metrics=[],
    )
    record = report_record(report)
    assert report_from_record(record) == report
    for field in ("periods", "left_out"):
        del record["health"][field]
    del record["health"]["sample_ratio"]["expected"]
    read = report_from_record(record)
    assert (read.health.periods, read.health.left_out, read.health.sample_ratio.expected) == ((), 0, ())


def test_a_change_of_traffic_or_of_the_scale_of_weights_alone_is_none() -> None:
    def past(*weights: float, until: datetime) -> PastAllocation:
        return PastAllocation(weights=weights, traffic=10, audience=None, until=until)

    moments = [START + timedelta(hours=hour) for hour in range(4)]
    design = Design(
        past=(
            past(1, 1, until=moments[0]),  # then only the traffic
            past(50, 50, until=moments[1]),
            past(90, 10, until=moments[2]),
            past(9, 1, until=moments[3]),
        )
    )
    variations = tuple(
        Variation(id=name, name=name, weight=weight, created_at=START, updated_at=START)
        for name, weight in (("control", 1.0), ("green", 3.0))
    )
    experiment = Experiment(id="e", name="e", variations=variations, design=design, created_at=START, updated_at=START)
    assert weighing_of(experiment, at=AT) == Weighing((moments[1], moments[3]), ((1, 1), (90, 10), (1, 3)))
    assert weighing_of(experiment, at=moments[3]) == Weighing((moments[1],), ((1, 1), (90, 10))), "not in force yet"
    assert weighing_of(experiment, at=moments[0]) == Weighing((), ((1, 1),))


def test_a_question_without_the_moments_of_the_changes_is_refused() -> None:
    subject = Subject(
        experiment_id="experiment", name="e", weights=(("control", 1.0), ("green", 1.0)), past_weights=((1.0, 2.0),)
    )
    question = Question(
        experiment_id="experiment", variations=("control", "green"), start=START, until=None, at=AT, metrics=()
    )
    answer = build_answer(UnitCounts(cells=cells_of([]), count=np.zeros(0, dtype=np.int64)), {})
    with pytest.raises(InvalidInputError, match="past_weights"):
        build_report(subject, question=question, answer=answer)
