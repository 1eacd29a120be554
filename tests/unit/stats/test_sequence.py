"""The sequence is valid at every look: its formula, its limits, and the standard error that it takes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from variate.errors import InvalidInputError
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.sequence import (
    SequenceLook,
    always_valid_p,
    cautious_standard_error,
    confidence_sequence,
    critical_value,
    information_ratio,
    one_sided_always_valid_p,
    one_sided_critical_value,
    one_sided_information_ratio,
    one_sided_sequence,
    running_minimum,
)
from variate.stats.sides import Side, code_of

ratios = st.floats(min_value=1e-3, max_value=1e4)
alphas = st.floats(min_value=1e-6, max_value=0.4)


def side(count: float, mean: float, variance: float, *, reason: NotEstimableReason | None = None) -> Side:
    counts, means, variances = (np.array([value], dtype=np.float64) for value in (count, mean, variance))
    return Side(
        count=counts,
        estimate=means,
        variance=variances,
        freedom=counts - 1,
        baseline=means,
        reasons=np.array([code_of(reason)], dtype=np.int8),
    )


def test_the_tuning_is_that_of_the_paper() -> None:
    # -2 ln 0.05 + ln(1 - 2 ln 0.05) by hand: 5.99146 + 1.94469.
    assert float(information_ratio(1_000, planned=1_000, alpha=0.05)) == pytest.approx(7.93615, abs=1e-5)
    assert float(information_ratio(250, planned=1_000, alpha=0.05)) == pytest.approx(7.93615 / 4, abs=1e-5)
    assert one_sided_information_ratio(7, planned=9, alpha=0.05) == information_ratio(7, planned=9, alpha=0.1)


def test_the_interval_is_narrowest_about_the_planned_count() -> None:
    counts = np.linspace(100, 4_000, 391)
    widths = critical_value(kappa=information_ratio(counts, planned=1_000, alpha=0.05), alpha=0.05) / np.sqrt(counts)
    ideal = [
        critical_value(kappa=information_ratio(1_000, planned=planned, alpha=0.05), alpha=0.05)
        for planned in range(500, 2_000, 10)
    ]
    assert np.argmin(ideal) == pytest.approx(50, abs=5), "at 1,000 units no tuning does better than that for 1,000"
    assert (np.diff(widths) < 0).all(), "an interval in units of the metric gets narrower all the time"


@given(kappa=ratios, alpha=alphas)
def test_p_is_alpha_where_the_interval_ends(kappa: float, alpha: float) -> None:
    z = critical_value(kappa=kappa, alpha=alpha)
    assert float(always_valid_p(z, kappa=kappa)) == pytest.approx(alpha, rel=1e-9, abs=0)
    assert float(always_valid_p(-z, kappa=kappa)) == pytest.approx(alpha, rel=1e-9, abs=0)
    bound = one_sided_critical_value(kappa=kappa, alpha=alpha)
    assert float(one_sided_always_valid_p(bound, kappa=kappa)) == pytest.approx(alpha, rel=1e-9, abs=0)


@given(kappa=ratios, alpha=alphas)
def test_the_interval_is_wider_than_one_for_a_single_look(kappa: float, alpha: float) -> None:
    assert critical_value(kappa=kappa, alpha=alpha) > math.sqrt(-2 * math.log(alpha))


def test_p_is_the_mixture_likelihood_ratio() -> None:
    # The mean of the likelihood ratio over a normal effect of variance kappa (in standard errors), by quadrature.
    z, kappa = 2.7, 5.0
    effects = np.linspace(-60, 60, 400_001)
    prior = np.exp(-(effects**2) / (2 * kappa)) / math.sqrt(2 * math.pi * kappa)
    ratio = np.trapezoid(np.exp(z * effects - effects**2 / 2) * prior, effects)
    assert float(always_valid_p(z, kappa=kappa)) == pytest.approx(1 / ratio, rel=1e-10, abs=0)


@pytest.mark.parametrize(("z", "kappa"), [(0.5, 5.0), (2.0, 1.0), (2.7, 5.0), (4.0, 30.0)])
def test_the_one_sided_p_is_just_above_that_of_the_half_normal_mixture(z: float, kappa: float) -> None:
    # The mean of the likelihood ratio over the upper half of a normal effect: a test martingale, so 1 over it is valid.
    effects = np.linspace(0, 60, 400_001)
    prior = 2 * np.exp(-(effects**2) / (2 * kappa)) / math.sqrt(2 * math.pi * kappa)
    ratio = np.trapezoid(np.exp(z * effects - effects**2 / 2) * prior, effects)
    found = float(one_sided_always_valid_p(z, kappa=kappa))
    assert min(1.0, 1 / ratio) <= found
    assert z < 2.5 or found < 1.1 / ratio


def test_p_keeps_its_digits_and_never_exceeds_1() -> None:
    assert float(always_valid_p(30.0, kappa=8.0)) == pytest.approx(3 * math.exp(-400), rel=1e-12, abs=0)
    assert float(one_sided_always_valid_p(30.0, kappa=8.0)) == pytest.approx(1.5 * math.exp(-400), rel=1e-12, abs=0)
    assert float(always_valid_p(0.0, kappa=8.0)) == 1
    assert one_sided_always_valid_p(np.array([0.0, -40.0, -0.0]), kappa=8.0).tolist() == [1, 1, 1]
    assert float(one_sided_always_valid_p(1e6, kappa=8.0)) == 0


def test_the_pooled_error_has_a_quarter_of_the_squared_difference_at_half_and_half() -> None:
    found = cautious_standard_error(side(1e9, 3, 4), side(1e9, 1, 6))
    assert found[0] ** 2 == pytest.approx((5 + 2**2 / 4) * 2e-9, rel=1e-8)


def test_the_pooled_error_is_that_of_all_units_together() -> None:
    rng = np.random.default_rng(7)
    treated, controls = rng.normal(1, 1, 40), rng.normal(0, 3, 300)
    found = cautious_standard_error(
        side(40, treated.mean(), treated.var(ddof=1)), side(300, controls.mean(), controls.var(ddof=1))
    )
    together = np.concatenate([treated, controls]).var(ddof=1)
    assert found[0] ** 2 == pytest.approx(together * (1 / 40 + 1 / 300))


@given(counts=st.tuples(*[st.integers(2, 10**6)] * 2), spread=st.floats(0.01, 100), away=st.floats(-10, 10))
def test_the_cautious_error_is_never_below_the_unpooled(counts: tuple[int, int], spread: float, away: float) -> None:
    found = cautious_standard_error(side(counts[0], away, spread), side(counts[1], 0, 1))
    assert found[0] >= math.sqrt(spread / counts[0] + 1 / counts[1]) * (1 - 1e-12)


def test_the_sequence_is_the_difference_and_its_half_width() -> None:
    found = confidence_sequence(side(1_000, 5.2, 4), side(1_000, 5, 4), planned=2_000, alpha=0.05)
    error = math.sqrt((4 * 1_998 / 1_999 + 500 * 0.2**2 / 1_999) * 2 / 1_000)
    half = math.sqrt(2 * 8.93615 / 7.93615 * math.log(math.sqrt(8.93615) / 0.05)) * error
    assert found.standard_error[0] == pytest.approx(error)
    assert found.at(0) == SequenceLook(
        value=found.value[0],
        standard_error=found.standard_error[0],
        p_value=found.p_value[0],
        low=found.low[0],
        high=found.high[0],
    )
    assert (found.low[0], found.high[0]) == pytest.approx((0.2 - half, 0.2 + half), rel=1e-5)


@given(away=st.floats(-1, 1), count=st.integers(100, 10**5))
def test_the_interval_excludes_0_exactly_where_p_is_below_alpha(away: float, count: int) -> None:
    found = confidence_sequence(side(count, away, 1), side(count, 0, 1), planned=5_000, alpha=0.05)
    assert (found.p_value[0] < 0.05) == (found.low[0] > 0 or found.high[0] < 0)


@given(away=st.floats(-1, 1), count=st.integers(100, 10**5), margin=st.floats(0, 0.5))
def test_the_bound_is_above_the_margin_exactly_where_p_is_below_alpha(away: float, count: int, margin: float) -> None:
    treatment, control = side(count, away, 1), side(count, 0, 1)
    found = one_sided_sequence(treatment, control, planned=5_000, alpha=0.05, margin=margin)
    assert (found.p_value[0] < 0.05) == (found.low[0] > -margin)
    assert found.high[0] == math.inf


@pytest.mark.parametrize(
    ("treatment", "control", "reason"),
    [
        (side(99, 1, 1), side(1_000, 1, 1), "too_few_units"),
        (side(1_000, 1, 1), side(0, math.nan, math.nan), "too_few_units"),
        (side(1_000, 1, 0), side(1_000, 1, 0), "zero_variance"),
        (side(1_000, 1e300, 1), side(1_000, -1e300, 1), "out_of_range"),
        (side(1_000, 1, 1), side(1_000, 1, 1, reason=NotEstimableReason.ZERO_DENOMINATOR), "zero_denominator"),
    ],
)
def test_where_there_is_no_sequence_the_reason_is(treatment: Side, control: Side, reason: str) -> None:
    for found in (
        confidence_sequence(treatment, control, planned=2_000, alpha=0.05),
        one_sided_sequence(treatment, control, planned=2_000, alpha=0.05),
    ):
        assert found.at(0) == NotEstimable(NotEstimableReason(reason))
        assert all(
            np.isnan(each[0]) for each in (found.value, found.p_value, found.low, found.high, found.standard_error)
        )


@given(p=st.lists(st.one_of(st.floats(0, 2), st.just(math.nan)), min_size=1, max_size=30))
def test_the_running_p_never_rises(p: list[float]) -> None:
    found: Floats = running_minimum(np.array(p))
    known = found[~np.isnan(found)]
    assert (np.diff(known) <= 0).all()
    assert len(known) == 0 or known[-1] == min(1.0, np.nanmin(p))


def test_a_look_without_a_p_leaves_the_running_one_as_it_was() -> None:
    assert running_minimum(np.array([[math.nan, 0.5, math.nan, 0.7, 0.1]]))[0, 1:].tolist() == [0.5, 0.5, 0.5, 0.1]


@pytest.mark.parametrize(("planned", "alpha", "field"), [(0, 0.05, "planned"), (100, 1, "alpha"), (100, 0, "alpha")])
def test_a_sequence_that_nothing_is_planned_for_is_refused(planned: float, alpha: float, field: str) -> None:
    with pytest.raises(InvalidInputError, match=field):
        information_ratio(100, planned=planned, alpha=alpha)
