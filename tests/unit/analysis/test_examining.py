"""Whether the data can be trusted: what each check finds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scipy import stats

from tests.unit.analysis.answers import Units, answer_of, build_metric, report_of, shares_of
from variate.analysis.report import Check, CheckKind, CheckStatus, Report
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stores.aggregates import Completeness

METRIC = build_metric("buying")


def check_of(report: Report, kind: CheckKind) -> Check:
    """Return the check of this kind."""
    (found,) = (check for check in report.health.checks if check.kind is kind)
    return found


def split(first: int, second: int, **given: object) -> Report:
    """Return the report of so many units on each side."""
    return report_of(shares_of(buying=[(first // 2, first), (second // 2, second)]), metrics=[METRIC], **given)  # type: ignore[arg-type] # as report_of takes them


def test_every_check_is_there_and_all_is_well_where_nothing_is_wrong() -> None:
    report = split(1_000, 1_010)
    assert [check.kind for check in report.health.checks] == list(CheckKind)
    assert report.health.status is CheckStatus.OK


def test_the_sample_ratio_is_the_chi_square_against_the_weights() -> None:
    report = split(1_000, 3_100, weights=[1, 3])
    assert report.health.sample_ratio.p_value == pytest.approx(stats.chisquare([1_000, 3_100], [1_025, 3_075]).pvalue)
    assert not report.health.sample_ratio.flagged


@pytest.mark.parametrize(("second", "status"), [(10_460, CheckStatus.OK), (10_480, CheckStatus.FAILED)])
def test_a_mismatch_fails_below_a_thousandth(second: int, status: CheckStatus) -> None:
    # chi-square's 99.9 %: 10.828; (10,480 - 10,000)^2 / 20,480 = 11.25 and (10,460 - 10,000)^2 / 20,460 = 10.34
    check = check_of(split(10_000, second), CheckKind.SAMPLE_RATIO)
    assert check.status is status


def test_too_few_units_for_a_sample_ratio_say_so() -> None:
    report = split(4, 4)
    assert report.health.sample_ratio.p_value == NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    check = check_of(report, CheckKind.SAMPLE_RATIO)
    assert "cannot be told" in check.words
    assert check.status is CheckStatus.UNKNOWN


def test_a_day_that_is_flagged_is_named_and_the_limit_is_over_all_days() -> None:
    # Day 2 has 300 units of 400 in one variation; the days before and after make up for it.
    variation = [0, 1] * 200 + [0] * 300 + [1] * 100 + [0] * 100 + [1] * 300
    day = [0] * 400 + [1] * 400 + [2] * 400
    units = Units(variation=variation, values={"buying": [0, 1, 1, 0] * 300}, day=day)
    report = report_of(answer_of(units), metrics=[METRIC])
    check = check_of(report, CheckKind.SAMPLE_RATIO_BY_DAY)
    assert check.status is CheckStatus.WARNING
    assert "2040-03-01 and 2040-03-02" in check.words
    assert "p is below 0.00033, which is 0.001 over 3 tests." in check.words
    assert [each.flagged for each in report.health.by_day] == [False, True, True]
    assert [each.units for each in report.health.cumulative] == [(200, 200), (500, 300), (600, 600)]
    assert report.health.cumulative[-1].p_value == 1.0
    overall = check_of(report, CheckKind.SAMPLE_RATIO)
    assert overall.status is CheckStatus.FAILED
    assert "were not shared out as the weights say on the way, though they are in all" in overall.words


def test_a_value_of_a_dimension_that_is_flagged_is_named() -> None:
    variation = [0] * 300 + [1] * 100 + [0] * 100 + [1] * 300
    browser = ["new"] * 400 + [None] * 400
    units = Units(variation=variation, values={"buying": [0, 1] * 400}, dimensions={"browser": browser})
    report = report_of(answer_of(units), metrics=[METRIC], dimensions=("browser",))
    check = check_of(report, CheckKind.SAMPLE_RATIO_BY_DIMENSION)
    assert check.status is CheckStatus.WARNING
    assert "browser = new and browser without a value" in check.words


def test_crossovers_are_counted_with_the_share_that_is_tolerated() -> None:
    report = report_of(replace(shares_of(buying=[(1, 500), (1, 499)]), crossed=1), metrics=[METRIC])
    assert report.health.crossed_share == pytest.approx(0.001)
    assert "1 unit met two variations and is left out: 0.1 % of all; up to 1 % is tolerated" in (
        check_of(report, CheckKind.CROSSOVERS).words
    )


@pytest.mark.parametrize(
    ("received", "status"), [(1_000, CheckStatus.OK), (994, CheckStatus.WARNING), (979, CheckStatus.FAILED)]
)
def test_completeness_is_received_of_expected(received: int, status: CheckStatus) -> None:
    answer = replace(
        shares_of(buying=[(1, 500), (1, 499)]), completeness=Completeness(received=received, expected=1_000)
    )
    report = report_of(answer, metrics=[METRIC])
    assert check_of(report, CheckKind.COMPLETENESS).status is status
    assert (report.health.received, report.health.expected) == (received, 1_000)


def test_what_a_source_does_not_know_is_said_to_be_unknown() -> None:
    report = report_of(replace(shares_of(buying=[(1, 500), (1, 499)]), completeness=None, late=None), metrics=[METRIC])
    for kind in (CheckKind.COMPLETENESS, CheckKind.LATE_DATA):
        check = check_of(report, kind)
        assert "cannot be told" in check.words
        assert check.status is CheckStatus.UNKNOWN
    assert check_of(report, CheckKind.SAMPLE_RATIO_BY_DIMENSION).status is CheckStatus.UNKNOWN
    assert report.health.status is CheckStatus.OK
    assert (report.health.received, report.health.late) == (None, None)


def test_late_events_and_many_unknown_exposures_are_warned_of() -> None:
    answer = replace(shares_of(buying=[(1, 500), (1, 499)]), late=3, unknown=20)
    report = report_of(answer, metrics=[METRIC])
    assert check_of(report, CheckKind.LATE_DATA).status is CheckStatus.WARNING
    assert check_of(report, CheckKind.UNKNOWN_EXPOSURES).status is CheckStatus.WARNING


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "No unit that came in was ever forced into a variation."),
        (1, "1 unit was forced into a variation and is left out."),
        (2, "2 units were forced into a variation and are left out."),
    ],
)
def test_units_that_were_forced_are_counted(count: int, said: str) -> None:
    answer = replace(shares_of(buying=[(5, 100), (5, 100)]), overridden=count)
    assert check_of(report_of(answer, metrics=[METRIC]), CheckKind.OVERRIDDEN).words == said


def test_units_that_wait_for_their_window_are_named_by_metric() -> None:
    answer = shares_of(buying=[(1, 500), (1, 499)])
    waiting = replace(answer, metrics={"buying": replace(answer.metrics["buying"], waiting=12)})
    report = report_of(waiting, metrics=[METRIC])
    assert "buying (12)" in check_of(report, CheckKind.WAITING).words
    assert report.metrics[0].waiting == 12


def test_units_in_a_variation_of_weight_zero_are_a_mismatch() -> None:
    assert check_of(split(1_000, 2, weights=[1, 0]), CheckKind.SAMPLE_RATIO).status is CheckStatus.FAILED


def test_of_many_days_one_that_is_rare_only_by_itself_is_not_flagged() -> None:
    # 245 : 175 has a chi-square of 11.67, p = 0.00064: below 0.001, but not below a third of it.
    variation = [0] * 245 + [1] * 175 + [0, 1] * 400
    day = [0] * 420 + [1] * 400 + [2] * 400
    report = report_of(
        answer_of(Units(variation=variation, values={"buying": [0, 1] * 610}, day=day)), metrics=[METRIC]
    )
    first = report.health.by_day[0]
    assert first.p_value == pytest.approx(0.000637, rel=0.01)
    assert not first.flagged
