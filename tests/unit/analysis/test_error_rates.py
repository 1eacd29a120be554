"""How often a report is wrong of many experiments at once, whose looks follow one another as they do in a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from variate.analysis.comparing import beside, rules_of
from variate.analysis.effects import effects
from variate.analysis.guarding import error_at_margin, guards, with_rare_events
from variate.analysis.planning import Standing, standing
from variate.analysis.subject import Subject
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.look import Look
from variate.model.plan import Plan
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Floats, Moments
from variate.stats.multiplicity import benjamini_hochberg
from variate.stats.proportions import proportion_side
from variate.stats.strata import standardised
from variate.stores.aggregates import Question
from variate.testing.clocks import START

DAYS = 10


def subject_of(*goals: str, weights: tuple[float, ...], units: int) -> Subject:
    """Return an experiment that is planned for so many units."""
    return Subject(
        experiment_id="experiment",
        name="Button colour",
        weights=tuple((f"v{place}", weight) for place, weight in enumerate(weights)),
        metrics=tuple(ExperimentMetric(metric=goal) for goal in goals),
        plan=Plan(units=units, looks=DAYS),
    )


def stand(subject: Subject, *, day: int, units: int, looks: tuple[Look, ...]) -> Standing:
    """Return where the subject stands on a day."""
    at = START + timedelta(days=day)
    question = Question(
        experiment_id="experiment", variations=subject.variations, start=START, until=None, at=at, metrics=()
    )
    return standing(subject, question=question, units=units, looks=looks)


def converted(generator: np.random.Generator, *, runs: int, daily: list[int], rates: list[float]) -> Floats:
    """Return how many units have converted by each day (runs, days, variations)."""
    drawn = generator.binomial(daily, rates, (runs, DAYS, len(daily)))
    return drawn.cumsum(axis=1).astype(np.float64)


def test_two_goals_of_three_variations_at_ten_looks_find_an_effect_as_often_as_alpha_says() -> None:
    generator, runs, daily = np.random.default_rng(11), 5_000, [500] * 4
    subject = subject_of("buying", "returning", weights=(1, 1, 1, 1), units=DAYS * sum(daily))
    goals = [converted(generator, runs=runs, daily=daily, rates=[0.1] * 4) for _ in range(2)]
    looks: tuple[Look, ...] = ()
    found, better = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    for day in range(1, DAYS + 1):
        stands = stand(subject, day=day, units=day * sum(daily), looks=looks)
        looks = stands.looks
        counts = np.full((runs, len(daily)), daily) * day
        rule = rules_of(MetricRole.GOAL, subject=subject, found=stands, counts=counts).overall
        for goal in goals:
            sides = proportion_side(goal[:, day - 1], count=counts)
            beyond = effects(*beside(sides), rule=rule).is_beyond
            found |= (beyond != 0).any(axis=1)
            better |= (beyond > 0).any(axis=1)
    # Six tests that share controls are a little less often wrong than Bonferroni allows for: 4.5 % of 80,000 runs.
    assert 0.035 < found.mean() <= 0.05
    assert 0.015 < better.mean() <= 0.025, "a ship that is none"


def test_units_that_go_on_doing_things_after_the_last_look_are_not_looked_at_daily_by_a_test_for_one() -> None:
    generator, runs, units = np.random.default_rng(12), 1_000, 300
    subject = subject_of("spending", weights=(1, 1), units=2 * units)
    values = np.zeros((runs, 2, units))
    looks: tuple[Look, ...] = ()
    found, harmed = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    for day in range(1, DAYS + 1):
        values += generator.poisson(0.5, values.shape)
        mean, variance = values.mean(axis=-1)[..., None], values.var(axis=-1)[..., None, None]
        count = np.full((runs, 2), float(units))
        moments = Moments(count=count, mean=mean, products=units * variance, cubes=np.zeros_like(mean))
        stands = stand(subject, day=day, units=2 * units, looks=looks)
        looks = stands.looks
        rules = rules_of(MetricRole.GOAL, subject=subject, found=stands, counts=np.full((1, 2), units))
        treatment, control = beside(mean_side(moments))
        found |= (effects(treatment, control, rule=rules.overall).is_beyond != 0).any(axis=1)
        harmed |= (guards(treatment, control, rule=rules.guard, better=1, margin=0).harm_p < 0.05).any(axis=1)
    assert found.mean() < 0.07
    assert harmed.mean() < 0.07


@pytest.mark.parametrize(
    ("daily", "rates", "days"),
    [([9_000, 1_000], [0.001, 0.003], DAYS), ([9_000, 1_000], [0.005, 0.010], 1)],
    ids=["daily", "once"],
)
def test_a_rare_failure_as_frequent_as_the_margin_allows_is_hardly_ever_called_safe(
    daily: list[int], rates: list[float], *, days: int
) -> None:
    runs, margin = 4_000, rates[1] - rates[0]
    subject = subject_of("buying", weights=tuple(map(float, daily)), units=days * sum(daily))
    failed = converted(np.random.default_rng(13), runs=runs, daily=daily, rates=rates)
    made: tuple[Look, ...] = ()
    safe = np.zeros(runs, dtype=bool)
    for day in range(1, days + 1):
        stands = stand(subject, day=day, units=day * sum(daily), looks=made)
        made = stands.looks
        counts = np.full((runs, len(daily)), daily) * day
        rule = rules_of(MetricRole.GUARDRAIL, subject=subject, found=stands, counts=counts).guard
        treatment, control = with_rare_events(*beside(proportion_side(failed[:, day - 1], count=counts)))
        least = error_at_margin(treatment, control, better=-1, margin=margin)
        found = guards(treatment, control, rule=rule, better=-1, margin=margin, least_error=least)
        safe |= (found.safe_p < 0.05).any(axis=1)
    assert safe.mean() <= 0.05


def test_looks_at_a_small_and_sparse_side_find_an_effect_no_more_often_than_alpha_says() -> None:
    runs, daily = 3_000, [900, 100]
    subject = subject_of("buying", weights=(9, 1), units=DAYS * sum(daily))
    bought = converted(np.random.default_rng(14), runs=runs, daily=daily, rates=[0.02, 0.02])
    looks: tuple[Look, ...] = ()
    found = np.zeros(runs, dtype=bool)
    for day in range(1, DAYS + 1):
        stands = stand(subject, day=day, units=day * sum(daily), looks=looks)
        looks = stands.looks
        counts = np.full((runs, 2), daily) * day
        rule = rules_of(MetricRole.GOAL, subject=subject, found=stands, counts=counts).overall
        sides = beside(proportion_side(bought[:, day - 1], count=counts))
        found |= (effects(*sides, rule=rule).is_beyond != 0).any(axis=1)
    assert found.mean() <= 0.05


def test_twenty_slices_of_few_conversions_seldom_show_a_difference_where_there_is_none() -> None:
    reports, slices, units = 500, 20, [1_800, 200]
    subject = subject_of("buying", weights=(9, 1), units=sum(units))
    stands = stand(subject, day=1, units=sum(units), looks=())
    bought = np.random.default_rng(15).binomial(units, 0.01, (reports * slices, 2))
    counts = np.full(bought.shape, units)
    rule = replace(
        rules_of(MetricRole.GOAL, subject=subject, found=stands, counts=counts).slices, planned=np.array([[1.0]])
    )
    p_values = effects(*beside(proportion_side(bought, count=counts)), rule=rule).p_value.reshape(reports, slices)
    assert (np.nanmin(benjamini_hochberg(p_values), axis=1) <= 0.05).mean() <= 0.05


def test_after_other_weights_what_changes_with_time_is_no_more_often_found_than_alpha_says() -> None:
    runs, days = 10_000, [([900, 100], 0.05)] * 5 + [([500, 500], 0.08)] * 5
    generator, subject = np.random.default_rng(17), subject_of("buying", weights=(1, 1), units=10_000)
    bought, counts = np.zeros((2, runs, 2)), np.zeros((2, runs, 2))
    looks: tuple[Look, ...] = ()
    found, pooled = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    for day, (daily, rate) in enumerate(days, start=1):
        period = int(day > 5)
        bought[period] += generator.binomial(daily, rate, (runs, 2))
        counts[period] += daily
        stands = stand(subject, day=day, units=1_000 * day, looks=looks)
        looks = stands.looks
        rule = rules_of(MetricRole.GOAL, subject=subject, found=stands, counts=np.full((1, 2), 500 * day)).overall
        share = bought / np.maximum(counts, 1)
        moments = Moments(
            count=counts,
            mean=share[..., None],
            products=(counts * share * (1 - share))[..., None, None],
            cubes=np.zeros((2, runs, 2, 1)),
        )
        within, together = mean_side(standardised(moments).moments), mean_side(moments.merged(0))
        found |= (effects(*beside(within), rule=rule).is_beyond != 0).any(axis=1)
        pooled |= (effects(*beside(together), rule=rule).is_beyond != 0).any(axis=1)
    assert 0.035 < found.mean() < 0.055
    assert pooled.mean() > 0.5, "so it matters that only units of one time are compared"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["normal", "conversion"])
def test_who_decides_at_looks_between_them_and_after_them_is_wrong_no_more_often_than_alpha_says(kind: str) -> None:
    # Five looks, ten moments of the past from each to the next, and the time after until five times as many units came.
    generator, runs, step, looked = np.random.default_rng(16), 30_000, 400, 5
    moments, beyond = [*range(1, 51)], [51]
    while beyond[-1] < 250:
        beyond.append(int(beyond[-1] * 1.02) + 1)
    subject = subject_of("buying", weights=(1, 1), units=2 * 50 * step)
    total, squares, count = np.zeros((runs, 2)), np.zeros((runs, 2)), 0
    looks: tuple[Look, ...] = ()
    found, shown = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
    for moment in (*moments, *beyond):
        units = moment * step - count
        count += units
        drawn = (
            generator.binomial(units, 0.1, (runs, 2)) * 1.0
            if kind == "conversion"
            else generator.normal(0, np.sqrt(units), (runs, 2))
        )
        total += drawn
        # About their mean, the squares of normal values are independent of it.
        squares += drawn if kind == "conversion" else generator.chisquare(units - 1, drawn.shape) + drawn**2 / units
        mean, counts = total / count, np.full((runs, 2), float(count))
        products = (squares - total * mean)[..., None, None]
        side = mean_side(Moments(count=counts, mean=mean[..., None], products=products, cubes=np.zeros((runs, 2, 1))))
        stands = stand(subject, day=moment, units=2 * count, looks=looks)
        if moment <= 50 and moment % (50 // looked):
            stands = stands.unlooked()
        looks = stands.looks
        rule = rules_of(MetricRole.GOAL, subject=subject, found=stands, counts=np.full((1, 2), count)).overall
        tested = effects(*beside(side), rule=rule)
        found |= (tested.is_beyond != 0)[:, 0]
        shown |= (np.abs(tested.statistic) >= tested.reach)[:, 0]
    assert len(looks) == looked
    assert 0.045 < found.mean() < 0.054, "4.9 % of 60,000 runs; the standard error is 0.13 points"
    assert shown.mean() > 0.056, "so it matters that what is no look decides nothing: 6.2 % of 60,000 runs"
