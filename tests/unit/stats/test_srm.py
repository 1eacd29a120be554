"""A mismatch is told from chance, to the last digit of its p value, against the configured weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta, chi2, chisquare

from variate.errors import InvalidInputError
from variate.stats.sides import REASONS
from variate.stats.srm import (
    sample_ratio,
    sample_ratio_by_period,
    sequential_sample_ratio,
    sequential_sample_ratio_by_period,
)
from variate.stats.srm_power import chance_to_flag, detectable_shift, units_to_detect


@given(
    total=st.integers(100, 10**7),
    away=st.lists(st.floats(-6, 6), min_size=2, max_size=2),
    weights=st.lists(st.floats(0.1, 100), min_size=3, max_size=3),
)
def test_it_is_scipys_chi_square(total: int, away: list[float], weights: list[float]) -> None:
    # Counts a few standard deviations from what is expected, where p is neither 0 nor 1.
    shares = np.array(weights) / sum(weights)
    first, second = (
        max(0, round(total * share + far * (total * share) ** 0.5)) for share, far in zip(shares, away, strict=False)
    )
    counts = [first, second, max(0, total - first - second)]
    expected = shares * sum(counts)
    found = sample_ratio(counts, weights=weights)
    if expected.min() < 5:
        assert REASONS[int(found.reasons)] == "too_few_units"
        return
    known = chisquare(counts, expected)
    assert float(found.statistic) == pytest.approx(known.statistic, rel=1e-9, abs=1e-12)
    assert float(found.p_value) == pytest.approx(known.pvalue, rel=1e-7, abs=0)


def test_p_keeps_its_digits() -> None:
    # statistics.md, section 4: 1 less the cdf is 0 here. 2 * norm.sf(sqrt(509)), with 509 of 509 units on one side.
    assert float(sample_ratio([509, 0], weights=[1, 1]).p_value) == pytest.approx(
        1.0466137735279695e-112, rel=1e-9, abs=0
    )


def test_cells_are_tested_side_by_side() -> None:
    found = sample_ratio([[[500, 520], [900, 100]], [[0, 0], [3, 4]]], weights=[50, 50])
    assert found.flagged.tolist() == [[False, True], [False, False]]
    assert [REASONS[code] for code in found.reasons[1]] == ["no_units", "too_few_units"]
    assert np.isnan(found.p_value[1]).all()


def test_units_where_none_should_be_are_no_chance() -> None:
    found = sample_ratio([[500, 500, 1], [500, 500, 0], [0, 0, 1]], weights=[1, 1, 0])
    assert found.p_value.tolist() == [0, 1, 0]
    assert found.flagged.tolist() == [True, False, True]
    assert found.statistic[0] == math.inf


def test_one_variation_is_nothing_to_compare() -> None:
    found = sample_ratio([[500, 0], [500, 2]], weights=[1, 0])
    assert [REASONS[code] for code in found.reasons] == ["no_comparison", None]
    assert found.flagged.tolist() == [False, True]


def test_the_bayes_factor_is_the_integral_over_the_prior() -> None:
    # Two variations: the prior on the share of the first is Beta(k w, k (1 - w)), and the integral is by quadrature.
    treated, controls, weight = 70, 40, 0.4

    def excess(share: float) -> float:
        ratio = treated * math.log(share / weight) + controls * math.log((1 - share) / (1 - weight))
        return math.exp(ratio) * float(beta(40, 60).pdf(share))

    known, _ = quad(excess, 0, 1, epsabs=0, epsrel=1e-11, points=[0.4, 0.6])
    found = sequential_sample_ratio([[treated, controls]], weights=[0.4, 0.6])
    assert math.exp(found.log_bayes_factor[0]) == pytest.approx(known, rel=1e-9)


def test_the_bayes_factor_is_the_product_over_the_units() -> None:
    rng = np.random.default_rng(3)
    shares = np.array([0.2, 0.3, 0.5])
    drawn = np.eye(3)[rng.choice(3, size=400, p=[0.3, 0.3, 0.4])]
    counts = drawn.cumsum(axis=0)
    predicted = (100 * shares + counts - drawn) / (100 + np.arange(400)[:, None])
    known = np.log((predicted / shares * drawn).sum(axis=1)).cumsum()
    found = sequential_sample_ratio(counts, weights=[2, 3, 5])
    assert found.log_bayes_factor == pytest.approx(known, abs=1e-9)


@given(
    steps=st.lists(st.lists(st.integers(0, 500), min_size=2, max_size=2), min_size=1, max_size=20),
    weight=st.floats(0.01, 0.99),
)
def test_the_running_p_never_rises(steps: list[list[int]], weight: float) -> None:
    found = sequential_sample_ratio(np.cumsum(steps, axis=0), weights=[weight, 1 - weight])
    assert found.p_value[0] <= 1
    assert (np.diff(found.p_value) <= 0).all()


def test_units_where_none_should_be_stay_a_mismatch() -> None:
    found = sequential_sample_ratio([[10, 10, 0], [20, 20, 1], [30, 30, 1]], weights=[1, 1, 0])
    assert found.p_value.tolist() == [1, 0, 0]


def test_no_units_are_no_evidence() -> None:
    assert sequential_sample_ratio([[0, 0]], weights=[1, 1]).p_value.tolist() == [1]


def test_51_to_49_of_twenty_thousand_is_flagged_a_third_of_the_time() -> None:
    # statistics.md, section 7, item 6.
    assert chance_to_flag(20_000, shift=0.01, share=0.5) == pytest.approx(0.32, abs=0.005)


@pytest.mark.parametrize(("share", "variations"), [(0.5, 2), (0.1, 2), (0.2, 5)])
def test_the_shift_that_can_be_seen_is_seen_with_the_power_asked_for(share: float, variations: int) -> None:
    shift = detectable_shift(50_000, share=share, power=0.9, variations=variations)
    assert chance_to_flag(50_000, shift=shift, share=share, variations=variations) == pytest.approx(0.9, abs=1e-6)
    assert units_to_detect(shift, share=share, power=0.9, variations=variations) == pytest.approx(50_000, abs=1)


@pytest.mark.parametrize(
    ("counts", "weights", "field"),
    [
        ([1, 2], [1], "counts"),
        ([1, -2], [1, 1], "counts"),
        ([1, math.nan], [1, 1], "counts"),
        ([1, 2], [0, 0], "weights"),
        ([1, 2], [1, -1], "weights"),
        ([1, 2], [1, math.inf], "weights"),
    ],
)
def test_what_is_no_count_or_weight_is_refused(counts: list[float], weights: list[float], field: str) -> None:
    for test in (sample_ratio, sequential_sample_ratio):
        with pytest.raises(InvalidInputError, match=field):
            test([counts], weights=weights)


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="units"):
        detectable_shift(0, share=0.5)
    with pytest.raises(InvalidInputError, match="share"):
        detectable_shift(100, share=1)
    with pytest.raises(InvalidInputError, match="power"):
        detectable_shift(100, share=0.5, power=0.001)
    with pytest.raises(InvalidInputError, match="variations"):
        detectable_shift(100, share=0.5, variations=1)
    with pytest.raises(InvalidInputError, match="shift"):
        units_to_detect(0.6, share=0.5)


WEIGHTS = [[9, 1], [1, 1], [2, 8]]


def test_of_several_periods_chi_squares_and_their_freedoms_add_up() -> None:
    counts = [[9_050, 950], [480, 520], [190, 810]]
    expected = [[9_000, 1_000], [500, 500], [200, 800]]
    known = sum(chisquare(*each).statistic for each in zip(counts, expected, strict=True))
    found = sample_ratio_by_period(counts, weights=WEIGHTS)
    assert float(found.statistic) == pytest.approx(known)
    assert float(found.p_value) == pytest.approx(chi2.sf(known, 3))
    both = sample_ratio_by_period([counts, counts], weights=WEIGHTS)
    assert both.p_value.tolist() == [pytest.approx(float(found.p_value))] * 2


@given(counts=st.lists(st.integers(0, 2_000), min_size=3, max_size=3))
def test_of_one_period_it_is_the_plain_test(counts: list[int]) -> None:
    for weights in ([5, 3, 2], [1, 1, 0], [1, 0, 0]):
        plain, of_one = sample_ratio(counts, weights=weights), sample_ratio_by_period([counts], weights=[weights])
        assert int(plain.reasons) == int(of_one.reasons)
        np.testing.assert_array_equal(plain.p_value, of_one.p_value)
        np.testing.assert_array_equal(plain.statistic, of_one.statistic)
        always = sequential_sample_ratio([counts], weights=weights).p_value
        np.testing.assert_array_equal(always, sequential_sample_ratio_by_period([[counts]], weights=[weights]).p_value)


def test_a_period_without_a_p_adds_nothing_and_without_any_there_is_a_reason() -> None:
    only = sample_ratio_by_period([[500, 460], [3, 0], [0, 0]], weights=WEIGHTS)
    assert float(only.p_value) == pytest.approx(float(sample_ratio([500, 460], weights=[9, 1]).p_value))
    closed = [[1, 0], [1, 1]]
    cases = {"no_units": [[0, 0], [0, 0]], "no_comparison": [[9, 0], [0, 0]], "too_few_units": [[9, 0], [2, 2]]}
    for reason, counts in cases.items():
        found = sample_ratio_by_period(counts, weights=closed)
        assert REASONS[int(found.reasons)] == reason
        assert np.isnan(found.p_value)
    assert float(sample_ratio_by_period([[500, 1], [500, 500]], weights=closed).p_value) == 0


def test_of_many_changes_of_the_weights_as_few_alarms_are_false_as_of_none() -> None:
    generator, runs, days = np.random.default_rng(31), 20_000, 21
    shares = np.array(WEIGHTS) / np.sum(WEIGHTS, axis=1, keepdims=True)
    daily = np.zeros((runs, days, 3, 2))
    for day in range(days):
        period = day // 7
        daily[:, day, period] = generator.multinomial(1_000, shares[period], runs)
    looks = daily.cumsum(axis=1)
    p_value = sample_ratio_by_period(looks, weights=WEIGHTS).p_value
    assert 0.0005 < (p_value[:, -1] < 0.001).mean() < 0.0016
    assert (p_value < 0.001).any(axis=1).mean() < 0.014
    assert (sequential_sample_ratio_by_period(looks, weights=WEIGHTS).p_value[:, -1] < 0.05).mean() < 0.05
    whole = sample_ratio(looks.sum(axis=2)[:, -1], weights=WEIGHTS[-1])
    assert (whole.p_value < 0.001).all(), "so it matters that the weights of before are known"


def test_periods_of_other_weights_than_the_counts_are_refused() -> None:
    for counts in ([[1, 2]], [1, 2], 3):
        with pytest.raises(InvalidInputError, match="counts: must be of 3 periods"):
            sample_ratio_by_period(counts, weights=WEIGHTS)
