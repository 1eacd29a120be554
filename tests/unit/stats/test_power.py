"""Power, sample size and the smallest effect are each other's answers, and those of other tools."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from variate.errors import InvalidInputError
from variate.model.metric import Direction
from variate.model.plan import Spending
from variate.stats.baselines import (
    Adjusted,
    Baseline,
    Clustered,
    MeanBaseline,
    ProportionBaseline,
    QuantileBaseline,
    RatioBaseline,
)
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.power import minimal_effect, minimal_margin, power_of, sample_size
from variate.stats.procedures import AlwaysValid, AtTheEnd, GroupSequential, Monitoring, Procedure

MEAN = MeanBaseline(mean=10, deviation=5)
CONVERSION = ProportionBaseline(rate=0.1)
RATIO = RatioBaseline(
    numerator_mean=3, denominator_mean=10, numerator_variance=4, denominator_variance=25, covariance=6
)
QUANTILE = QuantileBaseline(value=120, unit_variance=900)
BASELINES: list[Baseline] = [
    MEAN,
    CONVERSION,
    RATIO,
    QUANTILE,
    Adjusted(baseline=MEAN, correlation=0.7),
    Clustered(baseline=CONVERSION, size=20, correlation=0.05),
]
MONITORINGS: list[Monitoring] = [
    AtTheEnd(),
    GroupSequential(looks=5),
    GroupSequential(looks=4, spending=Spending.POCOCK),
    AlwaysValid(looks=6),
]
ONCE = Procedure()


@settings(max_examples=40, deadline=None)
@given(
    baseline=st.sampled_from(BASELINES),
    monitoring=st.sampled_from(MONITORINGS),
    share=st.floats(0.01, 0.2),
    power=st.sampled_from([0.5, 0.8, 0.95]),
    weights=st.sampled_from([(1, 1), (9, 1), (50, 30, 20)]),
    tests=st.sampled_from([1, 4]),
    margin=st.sampled_from([None, 0.05]),
    direction=st.sampled_from(Direction),
)
def test_solving_there_and_back_is_within_one_unit(
    baseline: Baseline,
    monitoring: Monitoring,
    share: float,
    power: float,
    weights: tuple[float, ...],
    tests: int,
    margin: float | None,
    direction: Direction,
) -> None:
    procedure = Procedure(
        weights=weights,
        tests=tests,
        monitoring=monitoring,
        margin=None if margin is None else margin * baseline.level,
        direction=direction,
    )
    effect = share * baseline.level * procedure.sign
    found = min(sample_size(baseline, effect=effect, procedure=procedure, power=power).units[1:])
    assume(found > procedure.fewest)  # else it may be more than it takes
    treated = procedure.least_shares[0]
    assert power_of(baseline, effect=effect, units=found / treated, procedure=procedure) >= power - 1e-9
    assert power_of(baseline, effect=effect, units=(found - 1) / treated, procedure=procedure) < power
    least = minimal_effect(baseline, units=found / treated, procedure=procedure, power=power)
    assert isinstance(least, float)
    again = min(sample_size(baseline, effect=least, procedure=procedure, power=power).units[1:])
    assert abs(again - found) <= 1


@pytest.mark.parametrize(("effect", "power", "ratio"), [(0.1, 0.8, 1.0), (0.05, 0.9, 1.0), (0.2, 0.8, 4.0)])
def test_means_agree_with_statsmodels(effect: float, power: float, ratio: float) -> None:
    from statsmodels.stats.power import NormalIndPower

    treated = NormalIndPower().solve_power(effect, alpha=0.05, power=power, ratio=ratio)
    found = sample_size(
        MeanBaseline(mean=0, deviation=1), effect=effect, procedure=Procedure(weights=(ratio, 1)), power=power
    )
    assert found.units[1] == math.ceil(treated)
    known = NormalIndPower().power(effect, treated / 2, 0.05, ratio=ratio)
    units = treated / 2 * (1 + ratio)
    assert power_of(
        MeanBaseline(mean=0, deviation=1), effect=effect, units=units, procedure=Procedure(weights=(ratio, 1))
    ) == pytest.approx(known, abs=1e-4), "but for rejections on the wrong side, which are few"


def test_one_sided_agrees_with_statsmodels() -> None:
    from statsmodels.stats.power import NormalIndPower

    known = NormalIndPower().solve_power(0.1, alpha=0.05, power=0.8, alternative="larger")
    found = sample_size(MeanBaseline(mean=0, deviation=1), effect=0, procedure=Procedure(margin=0.1))
    assert found.units == (math.ceil(known),) * 2


def test_two_proportions_have_the_variance_of_each() -> None:
    # By hand: (1.959964 + 0.841621)^2 (0.1 * 0.9 + 0.12 * 0.88) / 0.02^2 = 7.848880 * 0.1956 / 0.0004 = 3838.1.
    assert sample_size(CONVERSION, effect=0.02, procedure=ONCE).units == (3_839, 3_839)


def test_cuped_and_clusters_change_the_variance_as_they_should() -> None:
    plain = sample_size(MEAN, effect=0.1, procedure=ONCE).total
    adjusted = sample_size(Adjusted(baseline=MEAN, correlation=0.7), effect=0.1, procedure=ONCE).total
    clustered = sample_size(Clustered(baseline=MEAN, size=11, correlation=0.1), effect=0.1, procedure=ONCE).total
    assert adjusted / plain == pytest.approx(0.51, rel=1e-4), "1 - 0.7^2"
    assert clustered / plain == pytest.approx(2, rel=1e-4), "1 + 10 * 0.1"


def test_a_ratio_has_its_delta_variance() -> None:
    # (4 - 2 * 0.3 * 6 + 0.09 * 25) / 100 by hand.
    assert RATIO.variance_at(0.3) == pytest.approx(0.0265)


@pytest.mark.parametrize(("monitoring", "factor"), [(GroupSequential(looks=5), 1.0247), (GroupSequential(), 1.0463)])
def test_looks_cost_what_the_boundary_says(monitoring: Monitoring, factor: float) -> None:
    # statistics.md, section 5.10: times 1.025 with 5 looks, 1.046 with 20.
    once = sample_size(MEAN, effect=0.05, procedure=ONCE)
    often = sample_size(MEAN, effect=0.05, procedure=Procedure(monitoring=monitoring))
    assert often.total / once.total == pytest.approx(factor, abs=2e-4)
    assert often.expected < once.total < often.total
    assert once.expected == once.total


def test_planned_looks_have_the_power_that_was_measured() -> None:
    # statistics.md, section 6: 77.5 % (OBF) and 49.5 % (sequence) at the effect with 80 % at one look, over 20 looks.
    units = sample_size(MEAN, effect=0.2, procedure=ONCE).total
    planned = power_of(MEAN, effect=0.2, units=units, procedure=Procedure(monitoring=GroupSequential()))
    assert planned == pytest.approx(0.775, abs=0.015)
    always = power_of(MEAN, effect=0.2, units=units, procedure=Procedure(monitoring=AlwaysValid()))
    assert always == pytest.approx(0.495, abs=0.015)


def test_a_plan_has_no_fewer_units_than_its_test_needs_to_hold() -> None:
    assert sample_size(MEAN, effect=50, procedure=ONCE).units == (30, 30)
    assert sample_size(MEAN, effect=50, procedure=Procedure(weights=(90, 10))).units == (270, 30)
    assert sample_size(MEAN, effect=50, procedure=Procedure(monitoring=AlwaysValid())).units == (100, 100)


def test_a_sequence_pays_for_its_larger_standard_error() -> None:
    # At 50:50 the effect adds a quarter of its square to the variance of 25: 1 at an effect of 2.
    procedure = Procedure(monitoring=AlwaysValid())
    small = sample_size(MEAN, effect=0.02, procedure=procedure).total * 0.02**2
    assert sample_size(MEAN, effect=2, procedure=procedure).total * 2**2 / small == pytest.approx(1.04, abs=0.005)


def test_several_variations_are_sized_by_the_smallest() -> None:
    found = sample_size(MEAN, effect=0.5, procedure=Procedure(weights=(50, 40, 10)), daily_units=500)
    alone = sample_size(MEAN, effect=0.5, procedure=Procedure(weights=(50, 10)))
    assert found.units[2] == alone.units[1]
    assert found.units[0] == pytest.approx(5 * found.units[2], abs=5)
    assert found.total == sum(found.units)
    assert found.days == math.ceil(found.total / 500)


def test_tests_share_alpha_between_them() -> None:
    shared = sample_size(MEAN, effect=0.5, procedure=Procedure(tests=5))
    assert shared == sample_size(MEAN, effect=0.5, procedure=Procedure(alpha=0.01))


def test_a_margin_is_ruled_out_by_enough_units() -> None:
    procedure = Procedure(margin=0.01)
    found = sample_size(CONVERSION, effect=0, procedure=procedure)
    assert minimal_margin(CONVERSION, units=found.total, procedure=procedure) == pytest.approx(0.01, rel=1e-3)
    assert minimal_margin(CONVERSION, units=found.total, procedure=procedure, effect=0.005) == pytest.approx(
        0.005, rel=0.05
    )
    few = NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    assert minimal_margin(CONVERSION, units=50, procedure=procedure) == few
    assert minimal_margin(CONVERSION, units=10**9, procedure=procedure, effect=0.05) == 0
    assert sample_size(CONVERSION, effect=0.002, procedure=procedure).total < found.total
    worse = Procedure(margin=0.01, direction=Direction.DECREASE)
    assert sample_size(CONVERSION, effect=0.002, procedure=worse).total > found.total


def test_too_few_units_tell_nothing() -> None:
    assert minimal_effect(CONVERSION, units=50, procedure=ONCE) == NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    down = Procedure(direction=Direction.DECREASE)
    assert minimal_effect(CONVERSION, units=100, procedure=down) == NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    least = minimal_effect(CONVERSION, units=4_000, procedure=down)
    assert isinstance(least, float)
    assert -0.1 < least < 0


@pytest.mark.parametrize("rate", [0, 1, -0.2, 1.2, math.nan])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(InvalidInputError, match=r"baseline\.rate"):
        ProportionBaseline(rate=rate)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: MeanBaseline(mean=1, deviation=0), "baseline.deviation"),
        (lambda: MeanBaseline(mean=math.inf, deviation=1), "baseline.mean"),
        (lambda: QuantileBaseline(value=1, unit_variance=-1), "baseline.unit_variance"),
        (lambda: Adjusted(baseline=MEAN, correlation=1), "correlation"),
        (lambda: Clustered(baseline=MEAN, size=0.5, correlation=0), "cluster.size"),
        (lambda: Clustered(baseline=MEAN, size=2, correlation=1.1), "cluster.correlation"),
        (
            lambda: RatioBaseline(
                numerator_mean=1, denominator_mean=0, numerator_variance=1, denominator_variance=1, covariance=0
            ),
            "baseline.denominator_mean",
        ),
        (
            lambda: RatioBaseline(
                numerator_mean=1, denominator_mean=1, numerator_variance=1, denominator_variance=1, covariance=1
            ),
            "baseline.covariance",
        ),
        (lambda: Procedure(alpha=1), "alpha"),
        (lambda: Procedure(alpha=0.6, margin=1), "alpha"),
        (lambda: Procedure(tests=0), "tests"),
        (lambda: Procedure(weights=(1,)), "weights"),
        (lambda: Procedure(weights=(1, 0)), "weights"),
        (lambda: Procedure(margin=0), "margin"),
        (lambda: GroupSequential(looks=0), "looks"),
        (lambda: AlwaysValid(looks=1_000), "looks"),
        (lambda: sample_size(MEAN, effect=0, procedure=ONCE), "effect"),
        (lambda: sample_size(CONVERSION, effect=0.95, procedure=ONCE), "effect"),
        (lambda: sample_size(CONVERSION, effect=-0.02, procedure=Procedure(margin=0.01)), "effect"),
        (lambda: sample_size(MEAN, effect=1, procedure=ONCE, power=0.05), "power"),
        (lambda: sample_size(MEAN, effect=1, procedure=ONCE, power=1), "power"),
        (lambda: sample_size(MEAN, effect=1, procedure=ONCE, daily_units=0), "daily_units"),
        (lambda: power_of(MEAN, effect=1, units=0, procedure=ONCE), "units"),
        (lambda: minimal_effect(MEAN, units=math.nan, procedure=ONCE), "units"),
        (lambda: minimal_margin(MEAN, units=10, procedure=ONCE), "margin"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(make: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        make()
    assert caught.value.field == field
