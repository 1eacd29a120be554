"""What a report says of each metric: which test it gets when, and the estimators side by side."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scipy import stats

from tests.unit.analysis.answers import AT, DAY, Units, answer_of, build_metric, report_of, shares_of
from variate.analysis.comparison import Comparison, Effect, Estimator, Finding, Method
from variate.analysis.report import Report
from variate.errors import InvalidInputError
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.metric import Direction, MetricKind
from variate.model.plan import Plan
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stores.aggregates import MetricMoments
from variate.testing.clocks import START
from variate.testing.report_builders import build_look

RANDOM = np.random.default_rng(20_400_229)
UNITS = 2_000
VARIATION = np.arange(UNITS) % 2
BEFORE = RANDOM.normal(10, 2, UNITS)
VALUE = BEFORE + RANDOM.normal(0, 1, UNITS) + 0.3 * VARIATION
MEAN = build_metric("spending", kind=MetricKind.MEAN)
ADJUSTED = build_metric("spending", kind=MetricKind.MEAN, covariate=timedelta(days=14))
ROLES = {role: ExperimentMetric(metric="spending", role=role) for role in MetricRole}


def only(report: Report) -> Comparison:
    """Return the one comparison of all units."""
    overall = report.metrics[0].overall
    assert overall is not None
    return overall.comparisons[0]


def effect(found: Effect | NotEstimable | None) -> Effect:
    """Return the effect, which has to be one."""
    assert isinstance(found, Effect)
    return found


def spending(**given: object) -> Report:
    """Return the report of a mean; 2,000 units."""
    answer = answer_of(Units(variation=VARIATION.tolist(), values={"spending": VALUE}))
    return report_of(answer, **{"metrics": [MEAN], **given})  # type: ignore[arg-type] # as report_of takes them


def test_a_plan_looked_at_once_at_its_end_is_welchs_test() -> None:
    found = effect(only(spending(plan=Plan(units=UNITS))).effect)
    expected = stats.ttest_ind(VALUE[1::2], VALUE[::2], equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert found.method is Method.FIXED_HORIZON
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9)


@pytest.mark.parametrize("role", list(MetricRole))
def test_before_the_end_no_p_value_is_of_a_fixed_horizon(role: MetricRole) -> None:
    report = spending(plan=Plan(units=5 * UNITS), roles=[ROLES[role]])
    found = effect(only(report).effect)
    fixed = stats.ttest_ind(VALUE[1::2], VALUE[::2], equal_var=False).pvalue
    if role is MetricRole.GOAL:
        assert (found.method, found.p_value) == (Method.GROUP_SEQUENTIAL, None)
    else:
        assert found.method is Method.CONFIDENCE_SEQUENCE
        assert found.p_value is not None
        assert found.p_value > 3 * fixed


def test_a_goal_under_way_has_the_repeated_interval_of_its_look() -> None:
    report = spending(plan=Plan(units=2 * UNITS))
    found = effect(only(report).effect)
    # O'Brien-Fleming spending at t = 0.5: 4 (1 - Phi(2.2414 / sqrt(0.5))) = 0.003051, whose two-sided z is 2.9626
    assert report.progress.critical == pytest.approx(2.9626, abs=1e-3)
    assert report.progress.critical is not None
    half = (found.high or 0) - found.difference
    assert half / found.standard_error == pytest.approx(report.progress.critical, rel=5e-3)


def test_at_the_end_after_other_looks_the_p_value_allows_for_them() -> None:
    looks = [build_look(units=1_000, fraction=0.5, spent=0.00305, critical=2.9626)]
    found = effect(only(spending(plan=Plan(units=UNITS), looks=looks)).effect)
    fixed = stats.ttest_ind(VALUE[1::2], VALUE[::2], equal_var=False).pvalue
    assert found.method is Method.GROUP_SEQUENTIAL
    assert found.p_value is not None
    # It is at least what was spent before: that much error has been made already.
    assert found.p_value == pytest.approx(0.00305 + fixed, abs=0.002)
    assert found.p_value > 0.00305


def test_at_an_end_to_which_nobody_more_came_the_p_value_is_the_sum_of_what_was_spent_and_its_own() -> None:
    looks = [build_look(units=UNITS, fraction=0.5, spent=0.00305, critical=2.9626, at=AT - timedelta(days=5))]
    report = spending(plan=Plan(units=2 * UNITS), looks=looks, until=AT)
    found = effect(only(report).effect)
    fixed = stats.ttest_ind(VALUE[1::2], VALUE[::2], equal_var=False).pvalue
    assert (found.method, report.progress.is_ended) == (Method.GROUP_SEQUENTIAL, True)
    assert [look.spent for look in report.progress.looks] == [0.00305, 0.05]
    # The larger of the two standard errors is a little larger than Welch's.
    assert found.p_value == pytest.approx(0.00305 + fixed, abs=fixed / 5)


def test_the_end_that_was_fixed_in_advance_is_the_end_however_few_units_came() -> None:
    report = spending(plan=Plan(units=10 * UNITS), until=AT)
    assert (report.progress.is_ended, report.progress.fraction) == (True, 1.0)
    assert effect(only(report).effect).method is Method.FIXED_HORIZON


def test_the_error_is_shared_among_goals_and_variations() -> None:
    answer = shares_of(a=[(10, 100)] * 3, b=[(10, 100)] * 3)
    metrics = [build_metric("a"), build_metric("b")]
    report = report_of(answer, metrics=metrics, variations=["x", "y", "z"], plan=Plan(units=300))
    assert report.reproduction.alpha_each == pytest.approx(0.05 / 4)
    assert effect(only(report).effect).confidence == pytest.approx(1 - 0.05 / 4)


def test_secondary_metrics_are_adjusted_over_all_of_them() -> None:
    shares = {"a": [(1_000, 10_000), (1_100, 10_000)], "b": [(1_000, 10_000), (1_085, 10_000)]}
    roles = [ExperimentMetric(metric=each, role=MetricRole.SECONDARY) for each in shares]
    report = report_of(
        shares_of(**shares), metrics=[build_metric(each) for each in shares], roles=roles, plan=Plan(units=20_000)
    )
    found = [metric.overall.comparisons[0] for metric in report.metrics if metric.overall is not None]
    p_values = [effect(each.effect).p_value or 1 for each in found]
    # By hand: the greater keeps its p, the lesser of two is doubled, but not above the greater.
    assert [each.adjusted_p for each in found] == pytest.approx([min(2 * p_values[0], p_values[1]), p_values[1]])


def test_raw_and_cuped_stand_side_by_side() -> None:
    values = np.stack([VALUE, BEFORE], axis=1)
    units = Units(variation=VARIATION.tolist(), values={"spending": values}, variables={"spending": ("y", "x1")})
    found = only(report_of(answer_of(units), metrics=[ADJUSTED], plan=Plan(units=UNITS)))
    assert found.judged is Estimator.CUPED
    assert found.effect == found.cuped
    correlation = np.corrcoef(VALUE - 0.3 * VARIATION, BEFORE)[0, 1]
    assert found.variance_reduction == pytest.approx(correlation**2, abs=0.01)
    ratio = effect(found.cuped).standard_error / effect(found.raw).standard_error
    assert ratio**2 == pytest.approx(1 - correlation**2, abs=0.01)


def test_a_covariate_of_which_nothing_is_known_leaves_the_raw_effect() -> None:
    values = np.stack([VALUE, np.zeros(UNITS), np.ones(UNITS)], axis=1)
    names = {"spending": ("y", "x1", "missing1")}
    units = Units(variation=VARIATION.tolist(), values={"spending": values}, variables=names)
    found = only(report_of(answer_of(units), metrics=[ADJUSTED], plan=Plan(units=UNITS)))
    assert found.cuped == NotEstimable(NotEstimableReason.CONSTANT_COVARIATE)
    assert (found.judged, found.effect) == (Estimator.RAW, found.raw)
    assert any("not adjusted by its covariate" in each for each in found.warnings)


def test_a_covariate_that_leaves_no_variance_leaves_the_raw_effect() -> None:
    rows = np.stack([VALUE, VALUE, np.zeros(UNITS)], axis=1)
    units = Units(
        variation=VARIATION.tolist(), values={"spending": rows}, variables={"spending": ("y", "x", "missing")}
    )
    found = only(report_of(answer_of(units), metrics=[ADJUSTED], plan=Plan(units=UNITS)))
    assert found.cuped == NotEstimable(NotEstimableReason.ZERO_VARIANCE)
    assert (found.judged, found.effect) == (Estimator.RAW, found.raw)


def test_capped_and_uncapped_stand_side_by_side_with_the_cap() -> None:
    raw = np.where(np.arange(UNITS) % 50 == 0, 500.0, VALUE)
    values = np.stack([np.minimum(raw, 20), raw], axis=1)
    units = Units(
        variation=VARIATION.tolist(),
        values={"spending": values},
        variables={"spending": ("y", "raw")},
        caps={"spending": 20.0},
    )
    metric = build_metric("spending", kind=MetricKind.MEAN, cap_quantile=0.98)
    report = report_of(answer_of(units), metrics=[metric], plan=Plan(units=UNITS))
    found = only(report)
    assert report.metrics[0].cap == 20
    assert report.metrics[0].cut_share == pytest.approx(1 - np.minimum(raw, 20).sum() / raw.sum())
    expected = raw[1::2].mean() - raw[::2].mean()
    assert effect(found.uncapped).difference == pytest.approx(expected)
    assert any("The cap took" in each for each in found.warnings)


def test_a_dimension_has_a_slice_for_each_value_and_strata() -> None:
    country = ["de" if number // 2 % 10 < 5 else "fr" if number // 2 % 10 < 9 else None for number in range(UNITS)]
    shift = np.array([{"de": 0.0, "fr": 5.0, None: 9.0}[each] for each in country])
    units = Units(variation=VARIATION.tolist(), values={"spending": VALUE + shift}, dimensions={"country": country})
    report = report_of(answer_of(units), metrics=[MEAN], plan=Plan(units=UNITS), dimensions=("country",))
    metric = report.metrics[0]
    assert [(each.dimension, each.value) for each in metric.slices] == [
        ("", None),
        ("country", "de"),
        ("country", "fr"),
        ("country", None),
    ]
    assert sum(each.control_units for each in metric.slices[1:]) == metric.slices[0].control_units
    assert effect(only(report).stratified).standard_error < 0.8 * effect(only(report).raw).standard_error
    (different,) = metric.heterogeneity
    assert different.p_value is not None
    assert different.freedom == 2
    # The same shift on both sides is no difference between slices; Q by hand from the slices' effects.
    effects = [effect(each.comparisons[0].effect) for each in metric.slices[1:]]
    weights = [each.standard_error**-2 for each in effects]
    centre = sum(w * each.difference for w, each in zip(weights, effects, strict=True)) / sum(weights)
    q = sum(w * (each.difference - centre) ** 2 for w, each in zip(weights, effects, strict=True))
    assert different.q == pytest.approx(q)


def test_values_of_few_units_do_not_enter_heterogeneity() -> None:
    # 99 units a side in the one value, 100 in the other, and what is left in the third
    country = ["it" if number < 198 else "es" if number < 398 else "de" for number in range(UNITS)]
    units = Units(variation=VARIATION.tolist(), values={"spending": VALUE}, dimensions={"country": country})
    report = report_of(answer_of(units), metrics=[MEAN], plan=Plan(units=UNITS), dimensions=("country",))
    (different,) = report.metrics[0].heterogeneity
    assert different.freedom == 1, "two values enter"


def test_before_the_end_heterogeneity_has_no_p_value() -> None:
    country = ["de" if number % 4 < 2 else "fr" for number in range(UNITS)]
    units = Units(variation=VARIATION.tolist(), values={"spending": VALUE}, dimensions={"country": country})
    report = report_of(answer_of(units), metrics=[MEAN], plan=Plan(units=9 * UNITS), dimensions=("country",))
    assert report.metrics[0].heterogeneity[0].p_value is None


def test_of_a_dimension_the_fifty_values_of_most_units_are_shown() -> None:
    country = [f"c{number % 60:02d}" if number < 1_990 else "c99" for number in range(UNITS)]
    units = Units(variation=VARIATION.tolist(), values={"spending": VALUE}, dimensions={"country": country})
    report = report_of(answer_of(units), metrics=[MEAN], dimensions=("country",))
    assert len(report.metrics[0].slices) == 51
    assert "c99" not in [each.value for each in report.metrics[0].slices]


def test_a_goals_series_ends_with_all_units() -> None:
    day = np.arange(UNITS) // 400
    answer = answer_of(Units(variation=VARIATION.tolist(), values={"spending": VALUE}, day=day.tolist()))
    report = report_of(answer, metrics=[MEAN])
    (series,) = report.metrics[0].series
    assert [each.units for each in series.points] == [400, 800, 1_200, 1_600, 2_000]
    last, whole = series.points[-1], effect(only(report).effect)
    assert (last.difference, last.low, last.high) == pytest.approx((whole.difference, whole.low, whole.high))
    second = series.points[1].difference
    assert second == pytest.approx(VALUE[:800][1::2].mean() - VALUE[:800][::2].mean())


def test_before_100_units_a_side_a_sequence_is_unbounded_and_says_so() -> None:
    answer = answer_of(Units(variation=VARIATION[:198].tolist(), values={"spending": VALUE[:198]}))
    found = only(report_of(answer, metrics=[MEAN]))
    assert (effect(found.effect).low, effect(found.effect).high, effect(found.effect).p_value) == (None, None, 1.0)
    assert any("fewer than 100 units" in each for each in found.warnings)


def test_small_cells_have_an_exact_test_at_the_end() -> None:
    answer = shares_of(buying=[(1, 50), (8, 50)])
    metric = build_metric("buying")
    found = only(report_of(answer, metrics=[metric], plan=Plan(units=100))).exact
    assert found is not None
    assert found.p_value == pytest.approx(stats.barnard_exact([[8, 1], [42, 49]]).pvalue)
    assert found.low < 0.14 < found.high
    under_way = only(report_of(answer, metrics=[metric], plan=Plan(units=200))).exact
    assert under_way is not None
    assert under_way.p_value is None


def test_few_conversions_and_skewed_values_are_warned_of() -> None:
    few = only(report_of(shares_of(buying=[(60, 1_000), (49, 1_000)]), metrics=[build_metric("buying")]))
    assert few.warnings == ("Only 49 units did it on one side; below 50 the interval is rough.",)
    most = only(report_of(shares_of(buying=[(960, 1_000), (940, 1_000)]), metrics=[build_metric("buying")]))
    assert most.warnings == ("Only 40 units did not do it on one side; below 50 the interval is rough.",)
    values = np.exp(RANDOM.normal(0, 2, UNITS))
    answer = answer_of(Units(variation=VARIATION.tolist(), values={"spending": values}))
    (words,) = only(report_of(answer, metrics=[MEAN])).warnings
    assert "so skewed that" in words


def test_a_belief_names_its_prior() -> None:
    found = only(spending()).belief
    assert not isinstance(found, NotEstimable)
    assert found.prior == pytest.approx(0.05 * VALUE[::2].std(ddof=1))
    planned = only(spending(plan=Plan(units=UNITS))).belief
    assert not isinstance(planned, NotEstimable)
    # What 1,000 a side find with a power of 80 %: (1.96 + 0.8416) sd sqrt(2 / 1,000)
    assert planned.prior == pytest.approx((1.959964 + 0.841621) * VALUE[::2].std(ddof=1) * math.sqrt(0.002), rel=1e-6)
    assert planned.chance > 0.95


def test_a_metric_nobody_defined_says_so() -> None:
    report = spending(roles=[ROLES[MetricRole.GOAL], ExperimentMetric(metric="gone")])
    gone = report.metrics[1]
    assert (gone.metric_id, gone.not_estimable, gone.overall) == ("gone", NotEstimableReason.NOT_DEFINED, None)


def test_a_finding_follows_the_interval() -> None:
    assert only(spending(plan=Plan(units=UNITS))).finding is Finding.BETTER
    assert only(spending(plan=Plan(units=2_000 * UNITS))).finding is Finding.NOT_SHOWN


def test_days_left_are_those_of_the_present_intake() -> None:
    day = np.arange(UNITS) // 200
    answer = answer_of(Units(variation=VARIATION.tolist(), values={"spending": VALUE}, day=day.tolist()))
    at = START.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=10)
    report = report_of(answer, metrics=[MEAN], plan=Plan(units=3_000), at=at)
    assert report.progress.units_per_day == pytest.approx(200)
    assert report.progress.days_left == pytest.approx(5)
    assert int(at.timestamp() // 86_400) - 1 == DAY + 9


def test_the_digest_is_of_the_numbers_and_not_of_the_cells_order() -> None:
    answer = shares_of(buying=[(10, 100), (20, 110)])
    metric = answer.metrics["buying"]
    assert isinstance(metric, MetricMoments)
    turned = replace(
        metric,
        moments=metric.moments[[1, 0]],
        cells=replace(metric.cells, variation=metric.cells.variation[[1, 0]]),
    )
    others = [replace(answer, metrics={"buying": turned}), shares_of(buying=[(10, 100), (21, 110)])]
    first, same, changed = (
        report_of(each, metrics=[build_metric("buying")]).reproduction.digest for each in (answer, *others)
    )
    assert first == same != changed


def test_variations_of_another_question_are_refused() -> None:
    answer = shares_of(buying=[(1, 10), (1, 10)])
    with pytest.raises(InvalidInputError, match="variations"):
        report_of(answer, metrics=[build_metric("buying")], question_variations=("treatment", "control"))


def test_a_sequence_takes_the_larger_of_the_pooled_and_the_unpooled_error() -> None:
    answer = shares_of(buying=[(180, 9_000), (0, 1_000)])
    report = report_of(answer, metrics=[build_metric("buying")], weights=[9, 1])
    # By hand: unpooled sqrt(0.02 * 0.98 / 8,999) = 0.001476; pooled, of 180 in 10,000, sqrt(0.018 * 0.982 / 900)
    assert effect(only(report).effect).standard_error == pytest.approx(math.sqrt(0.018 * 0.982 / 900), rel=1e-3)


def test_less_is_better_for_findings_beliefs_and_bounds_where_the_direction_says_so() -> None:
    metric = build_metric("crashing", direction=Direction.DECREASE)
    fewer = shares_of(crashing=[(180, 10_000), (100, 10_000)])
    more = shares_of(crashing=[(100, 10_000), (180, 10_000)])
    plan = Plan(units=20_000)
    secondary = ExperimentMetric(metric="crashing", role=MetricRole.SECONDARY)
    guard = ExperimentMetric(metric="crashing", role=MetricRole.GUARDRAIL, margin=0.02)
    better = only(report_of(fewer, metrics=[metric], roles=[secondary], plan=plan))
    assert better.finding is Finding.BETTER
    assert not isinstance(better.belief, NotEstimable)
    assert better.belief.chance > 0.99
    guarded = only(report_of(more, metrics=[metric], roles=[guard], plan=plan)).guard
    assert guarded is not None
    assert guarded.bound is not None
    # 0.008 worse, and 1.645 standard errors of sqrt((0.01 * 0.99 + 0.018 * 0.982) / 9,999) more
    assert guarded.bound == pytest.approx(0.008 + 1.64485 * math.sqrt((0.0099 + 0.017676) / 9_999), rel=1e-3)
    ahead = only(report_of(fewer, metrics=[metric], roles=[guard], plan=plan)).guard
    assert ahead is not None
    assert ahead.bound == pytest.approx(guarded.bound - 0.016, rel=1e-3)


def test_a_point_of_a_series_is_the_report_of_the_days_up_to_it() -> None:
    day, size = np.arange(UNITS) // 400, 800
    shifted = VALUE + 3.0 * day
    whole = Units(variation=VARIATION.tolist(), values={"spending": shifted}, day=day.tolist())
    part = Units(variation=VARIATION[:size].tolist(), values={"spending": shifted[:size]}, day=day[:size].tolist())
    (series,) = report_of(answer_of(whole), metrics=[MEAN]).metrics[0].series
    found, point = effect(only(report_of(answer_of(part), metrics=[MEAN])).effect), series.points[1]
    assert (point.difference, point.low, point.high) == pytest.approx((found.difference, found.low, found.high))
