"""What to do: every verdict, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.analysis.answers import (
    Units,
    answer_of,
    build_metric,
    report_of,
    shares_of,
)
from variate.analysis.comparison import Effect, Finding
from variate.analysis.report import LastLook, Report, VerdictKind
from variate.analysis.report_record import report_from_record, report_record
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.metric import Direction
from variate.model.plan import Plan
from variate.stores.aggregates import Completeness
from variate.testing.clocks import START
from variate.testing.report_builders import build_look

BUY, SIGN_UP = build_metric("buying"), build_metric("signing up")
CRASH = build_metric("crashing", direction=Direction.DECREASE)
GOAL = ExperimentMetric(metric="buying")
GUARD = ExperimentMetric(metric="crashing", role=MetricRole.GUARDRAIL, margin=0.01)

SAME, BETTER, WORSE = (1_000, 10_000), (1_200, 10_000), (800, 10_000)
FEW_CRASHES, MANY_CRASHES = (100, 10_000), (500, 10_000)


def judged(
    buying: Sequence[tuple[int, int]], crashing: Sequence[tuple[int, int]] | None = None, **given: object
) -> Report:
    """Return the report of two shares, the one a goal and the other a guardrail, at the end of a plan."""
    shares = {"buying": buying, **({} if crashing is None else {"crashing": crashing})}
    units = sum(count for _, count in buying)
    usual = {
        "metrics": [BUY, CRASH][: len(shares)],
        "roles": [GOAL, GUARD][: len(shares)],
        "variations": ["control", "green", "blue"][: len(buying)],
        "plan": Plan(units=units),
    }
    return report_of(shares_of(**shares), **{**usual, **given})  # type: ignore[arg-type] # as report_of takes them


def says(report: Report, *words: str) -> bool:
    """Return whether the verdict's sentences say all of these."""
    return all(any(each in said for said in (*report.verdict.reasons, *report.verdict.missing)) for each in words)


def test_a_goal_that_is_better_with_its_guardrails_safe_ships() -> None:
    report = judged([SAME, BETTER], [FEW_CRASHES, FEW_CRASHES])
    assert (report.verdict.kind, report.verdict.variation) == (VerdictKind.SHIP, "green")
    # D = 0.02, by hand; Welch's interval of 0.1 and 0.12 of 10,000 each: 0.02 -+ 1.96 * 0.004423
    assert says(report, "buying is better in green: +2.00 percentage points (95 % interval 1.13 to 2.87).")
    assert says(report, "crashing is safe in green: it may be worse by up to 0.231 percentage points")
    assert not report.is_withheld


def test_shipping_without_a_guardrail_is_said_to_be() -> None:
    report = judged([SAME, BETTER])
    assert report.verdict.kind is VerdictKind.SHIP
    assert says(report, "No guardrail was named")


def test_less_is_better_where_the_direction_says_so() -> None:
    goal = ExperimentMetric(metric="crashing")
    answer = shares_of(crashing=[(1_000, 10_000), (800, 10_000)])
    report = report_of(answer, metrics=[CRASH], roles=[goal], plan=Plan(units=20_000))
    assert (report.verdict.kind, report.verdict.variation) == (VerdictKind.SHIP, "treatment")
    assert says(report, "crashing is better in treatment: -2.00 percentage points")


def test_of_several_that_pass_the_one_ahead_is_shipped_and_the_others_are_named() -> None:
    report = judged([SAME, BETTER, (1_400, 10_000)])
    assert (report.verdict.kind, report.verdict.variation) == (VerdictKind.SHIP, "blue")
    assert says(report, "green would pass as well")


def test_a_harmed_guardrail_stops() -> None:
    report = judged([SAME, BETTER], [FEW_CRASHES, MANY_CRASHES])
    assert (report.verdict.kind, report.verdict.variation) == (VerdictKind.STOP, "green")
    assert says(report, "crashing is worse in green by more than its margin of 1 percentage point")


def test_one_variations_harm_does_not_keep_another_from_being_shipped() -> None:
    report = judged([SAME, BETTER, BETTER], [FEW_CRASHES, MANY_CRASHES, FEW_CRASHES])
    assert (report.verdict.kind, report.verdict.variation) == (VerdictKind.SHIP, "blue")
    assert says(report, "crashing is worse in green by more than its margin")


def test_goals_that_are_all_worse_stop() -> None:
    report = judged([SAME, WORSE])
    assert (report.verdict.kind, report.verdict.variation) == (VerdictKind.STOP, "green")
    assert says(report, "buying is worse in green: -2.00 percentage points")


def test_one_variation_that_is_worse_beside_one_that_is_not_does_not_stop() -> None:
    report = judged([SAME, WORSE, SAME])
    assert report.verdict.kind is VerdictKind.HOLD


def test_nothing_shown_by_the_planned_end_holds_and_says_what_is_still_possible() -> None:
    report = judged([SAME, (1_010, 10_000)])
    assert report.verdict.kind is VerdictKind.HOLD
    assert says(
        report, "buying is not shown to be better or worse in green: +0.10 percentage points (95 % interval -0.7"
    )
    assert says(report, "The planned end is reached.")


def test_before_the_end_a_hold_says_how_much_is_to_come() -> None:
    report = judged([SAME, (1_010, 10_000)], plan=Plan(units=50_000))
    assert says(report, "30,000 of the 50,000 planned units are still to come.")


def test_a_better_goal_waits_for_its_guardrail_to_be_shown_safe() -> None:
    report = judged([SAME, BETTER], [FEW_CRASHES, (180, 10_000)])
    assert (report.verdict.kind, report.verdict.variation) == (VerdictKind.HOLD, "green")
    assert says(report, "buying is better in green", "crashing is not shown to be safe in green")


def test_a_guardrail_without_a_margin_is_said_to_need_one() -> None:
    guard = ExperimentMetric(metric="crashing", role=MetricRole.GUARDRAIL)
    report = judged([SAME, BETTER], [FEW_CRASHES, FEW_CRASHES], roles=[GOAL, guard])
    assert report.verdict.kind is VerdictKind.HOLD
    assert says(report, "without a margin nothing but an improvement shows that it is no worse")


def test_a_guardrail_that_nobody_hit_is_safe() -> None:
    report = judged([SAME, BETTER], [(0, 10_000), (0, 10_000)])
    assert report.verdict.kind is VerdictKind.SHIP


def test_goals_that_disagree_hold() -> None:
    answer = shares_of(**{"buying": [SAME, BETTER], "signing up": [SAME, WORSE]})
    report = report_of(answer, metrics=[BUY, SIGN_UP], plan=Plan(units=20_000))
    assert report.verdict.kind is VerdictKind.HOLD
    assert says(report, "buying is better in treatment", "signing up is worse in treatment")


def test_without_a_goal_nothing_can_be_shipped() -> None:
    report = judged([SAME, BETTER], roles=[ExperimentMetric(metric="buying", role=MetricRole.SECONDARY)])
    assert report.verdict.kind is VerdictKind.HOLD
    assert says(report, "The experiment has no goal metric")


def test_without_a_plan_it_is_said_that_the_confidence_sequence_judges() -> None:
    report = judged([SAME, (1_010, 10_000)], plan=Plan())
    assert report.verdict.kind is VerdictKind.HOLD
    assert says(report, "No number of units was planned")


def beyond(*shares: Sequence[tuple[int, int]], last_look: LastLook | None = None) -> Report:
    """Return the report of what has come since the plan ended, which spent its error."""
    looks = [build_look(units=18_000, fraction=1.0, spent=0.05, critical=1.96)]
    return judged(*shares, plan=Plan(units=18_000), looks=looks, last_look=last_look)


def found_at_the_end(kind: VerdictKind, variation: str | None = None) -> LastLook:
    """Return what the report of the look at the planned end said."""
    return LastLook(report_id="r-1", at=START, kind=kind, variation=variation)


def test_after_the_error_is_spent_what_came_since_is_shown_and_decides_nothing() -> None:
    report = beyond([SAME, BETTER], [FEW_CRASHES, FEW_CRASHES])
    assert report.verdict.kind is VerdictKind.HOLD
    assert says(report, "The plan ended on 2040-02-29 with 18,000 units, and its error is spent")
    assert says(report, "This report is none of the plan's looks", "buying in green, for information: +2.00 percentage")
    assert report.metrics[0].overall is not None
    (found,) = report.metrics[0].overall.comparisons
    assert isinstance(found.effect, Effect)
    assert found.effect.low is not None
    assert found.effect.low > 0, "so the sequence would have found it"
    assert (found.finding, found.effect.p_value, found.adjusted_p) == (Finding.NOT_SHOWN, None, None)
    assert any("shown, for information since this is no look" in said for said in report.reproduction.methods)


def test_goals_that_are_all_worse_after_the_plan_do_not_stop_but_a_harmed_guardrail_does() -> None:
    assert beyond([SAME, WORSE], [FEW_CRASHES, FEW_CRASHES]).verdict.kind is VerdictKind.HOLD
    report = beyond([SAME, BETTER], [FEW_CRASHES, MANY_CRASHES])
    assert report.verdict.kind is VerdictKind.STOP
    assert not says(report, "none of the plan's looks")


def test_what_the_last_look_of_the_plan_said_stands_after_it() -> None:
    last = found_at_the_end(VerdictKind.SHIP, "green")
    report = beyond([SAME, SAME], [FEW_CRASHES, FEW_CRASHES], last_look=last)
    assert (report.verdict.kind, report.verdict.variation) == (VerdictKind.SHIP, "green")
    assert report.verdict.standing == last
    assert says(report, "The plan's look of 2040-02-29 said to ship green, and that stands.")
    assert says(report, "This report is none of the plan's looks", "buying in green, for information")
    assert report_from_record(report_record(report)) == report
    assert report.reproduction.digest != beyond([SAME, SAME], [FEW_CRASHES, FEW_CRASHES]).reproduction.digest


def test_what_the_last_look_said_does_not_stand_against_a_guardrail_that_is_harmed_since_or_data_with_a_fault() -> None:
    last = found_at_the_end(VerdictKind.SHIP, "green")
    harmed = beyond([SAME, BETTER], [FEW_CRASHES, MANY_CRASHES], last_look=last)
    assert (harmed.verdict.kind, harmed.verdict.standing) == (VerdictKind.STOP, None)
    lost = beyond([SAME, (1_000, 8_000)], [FEW_CRASHES, (100, 8_000)], last_look=last)
    assert (lost.verdict.kind, lost.verdict.standing) == (VerdictKind.INVALID, None)


@pytest.mark.parametrize("kind", [VerdictKind.HOLD, VerdictKind.INVALID])
def test_where_the_last_look_decided_nothing_nothing_is_decided_after_it(kind: VerdictKind) -> None:
    report = beyond([SAME, BETTER], [FEW_CRASHES, FEW_CRASHES], last_look=found_at_the_end(kind))
    assert (report.verdict.kind, report.verdict.standing) == (VerdictKind.HOLD, None)


def test_at_a_look_of_the_plan_that_look_decides_and_none_before_it() -> None:
    last = found_at_the_end(VerdictKind.SHIP, "green")
    report = judged([SAME, SAME], [FEW_CRASHES, FEW_CRASHES], last_look=last)
    assert (report.verdict.kind, report.verdict.standing) == (VerdictKind.HOLD, None)


def test_an_undefined_goal_is_missing() -> None:
    roles = [GOAL, ExperimentMetric(metric="gone")]
    report = judged([SAME, (1_010, 10_000)], roles=roles)
    assert says(report, "Nothing is known of gone: nobody has defined it.", "The metric gone has to be defined.")


def test_an_undefined_guardrail_keeps_from_shipping() -> None:
    report = judged([SAME, BETTER], roles=[GOAL, GUARD])
    assert report.verdict.kind is VerdictKind.HOLD
    assert says(report, "Nothing is known of the guardrail crashing: nobody has defined it.")


def test_many_reasons_are_shortened() -> None:
    metrics = [build_metric(f"m{number}") for number in range(40)]
    report = report_of(shares_of(**{each.id: [SAME, SAME] for each in metrics}), metrics=metrics)
    assert len(report.verdict.reasons) == 13
    assert says(report, "There is as much to say of 28 comparisons more.")


def test_a_sample_ratio_mismatch_is_invalid_and_the_results_are_still_there() -> None:
    report = judged([(1_000, 10_000), (1_200, 10_700)])
    assert report.verdict.kind is VerdictKind.INVALID
    assert report.is_withheld
    assert says(report, "The units are not shared out as the weights say: 10,000 in control")
    assert report.metrics[0].overall is not None


@pytest.mark.parametrize(("crossed", "kind"), [(202, VerdictKind.SHIP), (203, VerdictKind.INVALID)])
def test_more_crossovers_than_are_tolerated_are_invalid(crossed: int, kind: VerdictKind) -> None:
    answer = replace(shares_of(buying=[SAME, BETTER]), crossed=crossed)
    report = report_of(answer, metrics=[BUY], plan=Plan(units=20_000))
    assert report.verdict.kind is kind
    assert (kind is VerdictKind.INVALID) == says(report, f"{crossed} units met two variations")


@pytest.mark.parametrize(("received", "kind"), [(980, VerdictKind.SHIP), (979, VerdictKind.INVALID)])
def test_more_lost_events_than_are_tolerated_are_invalid(received: int, kind: VerdictKind) -> None:
    answer = replace(shares_of(buying=[SAME, BETTER]), completeness=Completeness(received=received, expected=1_000))
    report = report_of(answer, metrics=[BUY], plan=Plan(units=20_000))
    assert report.verdict.kind is kind
    assert (kind is VerdictKind.INVALID) == says(report, "979 of 1,000 numbered events came: 97.9 %.")


def test_an_experiment_without_units_is_invalid() -> None:
    report = report_of(answer_of(Units(variation=[], values={"buying": []})), metrics=[BUY])
    assert report.verdict.kind is VerdictKind.INVALID
    assert report.verdict.reasons == ("No unit has come in yet.",)


def test_an_experiment_of_one_variation_is_invalid() -> None:
    answer = answer_of(Units(variation=[0] * 9, values={"buying": [0, 1, 1] * 3}))
    report = report_of(answer, metrics=[BUY], variations=["control"])
    assert report.verdict.reasons == ("There is only one variation, so that there is nothing to compare.",)


def test_units_in_one_variation_only_are_invalid() -> None:
    report = report_of(answer_of(Units(variation=[0, 0], values={"buying": [0, 1]})), metrics=[BUY])
    assert report.verdict.reasons == ("All units are in one variation, so that there is nothing to compare.",)


def test_no_share_is_said_to_differ_by_more_than_all_of_it() -> None:
    report = judged([(1, 17), (1, 13)], plan=Plan(units=20_000, looks=5))
    assert report.metrics[0].overall is not None
    (comparison,) = report.metrics[0].overall.comparisons
    assert isinstance(comparison.effect, Effect)
    assert (comparison.effect.low, comparison.effect.high) == (-1.0, 1.0)
    assert says(
        report, "buying is not shown to be better or worse in green: +1.81 percentage points (95 % interval -100.00 to"
    )
