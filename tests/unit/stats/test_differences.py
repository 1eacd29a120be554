"""A difference has a test, an interval and a lift that say one thing."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.unit.stats.samples import by_variation, correlated
from variate.stats.cuped import cuped_sides
from variate.stats.differences import Difference, Differences, Lift, difference
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.ratios import ratio_side

samples = st.lists(st.integers(min_value=-50, max_value=50), min_size=2, max_size=30).map(
    lambda values: np.array(values, dtype=np.float64)
)


def _compared(treatment: Floats, control: Floats, *, alpha: float = 0.05) -> Differences:
    sides = mean_side(by_variation(control, treatment))
    return difference(sides[1], sides[0], alpha=alpha)


def _shown(found: Differences) -> Difference:
    shown = found.at(())
    assert isinstance(shown, Difference)
    return shown


def test_welch_by_hand() -> None:
    # On paper: both variances are 4/3, so D = 4 - 1 = 3 and V = 4/3/4 + 4/3/4 = 2/3.
    shown = _shown(_compared(np.array([3.0, 3.0, 5.0, 5.0]), np.array([0.0, 0.0, 2.0, 2.0])))
    assert shown.value == 3
    assert shown.standard_error == pytest.approx((2 / 3) ** 0.5)
    assert shown.freedom == pytest.approx(6), "equal variances and counts pool to n + n - 2"
    # 2.446912 is the t-table's 97.5 % at 6 degrees of freedom.
    assert shown.high - shown.value == pytest.approx(2.446912 * (2 / 3) ** 0.5, rel=1e-6)
    assert isinstance(shown.lift, Lift)
    assert shown.lift.value == 3


@given(treatment=samples, control=samples)
def test_swapping_the_sides_flips_the_sign_exactly(treatment: Floats, control: Floats) -> None:
    there, back = _compared(treatment, control), _compared(control, treatment)
    assert there.reasons == back.reasons
    assume(there.reasons == 0)
    assert (there.difference, there.low, there.high) == (-back.difference, -back.high, -back.low)
    assert (there.statistic, there.p_value, there.freedom) == (-back.statistic, back.p_value, back.freedom)


@given(treatment=samples, control=samples, scale=st.sampled_from([2.0**-40, 2.0**-3, 8.0, 2.0**30]))
def test_a_change_of_unit_changes_the_difference_alone(treatment: Floats, control: Floats, scale: float) -> None:
    plain, scaled = _compared(treatment, control), _compared(treatment * scale, control * scale)
    assert plain.reasons == scaled.reasons
    assume(plain.reasons == 0)
    assert scaled.difference == plain.difference * scale
    assert scaled.p_value == pytest.approx(plain.p_value, rel=1e-12)
    assert plain.lift_reasons == scaled.lift_reasons
    assume(plain.lift_reasons == 0)
    assert scaled.lift_low == pytest.approx(plain.lift_low, rel=1e-9, abs=1e-12)


@given(treatment=samples, control=samples, shift=st.integers(min_value=-10_000, max_value=10_000))
def test_a_shift_of_both_sides_changes_nothing_but_the_lift(treatment: Floats, control: Floats, shift: int) -> None:
    plain, shifted = _compared(treatment, control), _compared(treatment + shift, control + shift)
    assert plain.reasons == shifted.reasons
    assume(plain.reasons == 0)
    assert shifted.difference == pytest.approx(plain.difference, abs=1e-9)
    assert shifted.p_value == pytest.approx(plain.p_value, rel=1e-6, abs=1e-12)


@given(
    treatment=samples,
    control=samples,
    offset=st.integers(min_value=-60, max_value=60),
    alpha=st.sampled_from([0.001, 0.05, 0.3]),
)
def test_the_intervals_leave_out_0_exactly_where_the_test_rejects(
    treatment: Floats, control: Floats, offset: int, alpha: float
) -> None:
    found = _compared(treatment + offset, control + offset, alpha=alpha)
    assume(found.reasons == 0 and abs(found.p_value - alpha) > 1e-12)
    rejects = bool(found.p_value < alpha)
    assert (found.low > 0 or found.high < 0) == rejects
    if found.lift_bounded:
        assert (found.lift_low > 0 or found.lift_high < 0) == rejects
        assert found.lift_low <= found.lift <= found.lift_high


@given(rows=arrays.arrays(np.float64, (24, 3), elements=st.integers(min_value=-9, max_value=9).map(float)))
def test_so_do_they_with_covariates(rows: Floats) -> None:
    moments = by_variation(rows[:12] + np.array([20, 0, 0]), rows[12:] + np.array([21, 0, 0]))
    sides = cuped_sides(moments, covariates=[1, 2])
    found = difference(sides[1], sides[0])
    assume(found.reasons == 0 and abs(found.p_value - 0.05) > 1e-12)
    rejects = bool(found.p_value < 0.05)
    assert (found.low > 0 or found.high < 0) == rejects
    if found.lift_bounded:
        assert (found.lift_low > 0 or found.lift_high < 0) == rejects


def test_fieller_holds_the_lifts_that_the_test_does_not_reject() -> None:
    # By definition: l is in the interval where treatment - (1 + l) control is not told from 0 at the same t.
    treatment, control = correlated(40, seed=7)[:, 0], correlated(50, seed=8)[:, 0]
    shown = _shown(_compared(treatment, control))
    assert isinstance(shown.lift, Lift)
    critical = (shown.high - shown.value) / shown.standard_error
    for end in (shown.lift.low, shown.lift.high):
        assert isinstance(end, float)
        error = (treatment.var(ddof=1) / 40 + (1 + end) ** 2 * control.var(ddof=1) / 50) ** 0.5
        away = treatment.mean() - (1 + end) * control.mean()
        assert abs(away) / error == pytest.approx(critical, rel=1e-9)


def test_a_control_not_told_from_0_leaves_the_lift_unbounded() -> None:
    found = _compared(np.array([5.0, 6.0, 7.0]), np.array([-3.0, 1.0, 3.0]))
    assert found.lift_low == -np.inf
    assert found.lift_high == np.inf
    assert not found.lift_bounded
    lift = _shown(found).lift
    assert isinstance(lift, Lift)
    assert lift.low == lift.high == NotEstimable(NotEstimableReason.ZERO_DENOMINATOR)


def test_the_difference_stands_without_its_lift_over_a_control_of_0() -> None:
    shown = _shown(_compared(np.array([5.0, 6.0, 7.0]), np.zeros(4)))
    assert shown.value == 6
    assert shown.lift == NotEstimable(NotEstimableReason.ZERO_DENOMINATOR)


def test_two_constant_sides_have_no_difference() -> None:
    assert _compared(np.ones(4), np.zeros(5)).at(()) == NotEstimable(NotEstimableReason.ZERO_VARIANCE)


def test_a_p_value_keeps_its_digits_far_out() -> None:
    # At 2 degrees of freedom the tail beyond t is 1 / (s (s + t)) with s = sqrt(t^2 + 2), on paper.
    found = _shown(_compared(np.array([1e12, 1e12 + 1]), np.array([0.0, 1.0])))
    root = (found.statistic**2 + 2) ** 0.5
    assert found.freedom == pytest.approx(2)
    assert found.p_value == pytest.approx(2 / (root * (root + found.statistic)), rel=1e-9, abs=0)
    assert 0 < found.p_value < 1e-20


def test_a_critical_value_widens_the_intervals_and_leaves_the_p_value() -> None:
    sides = mean_side(by_variation(correlated(40, seed=9)[:, 0], correlated(40, seed=10)[:, 0]))
    plain, wide = difference(sides[1], sides[0]), difference(sides[1], sides[0], critical=4)
    assert wide.p_value == plain.p_value
    assert wide.high - wide.difference == pytest.approx(4 * plain.standard_error)
    assert wide.lift_high > plain.lift_high


def test_cells_of_any_shape_are_each_what_they_would_be_alone() -> None:
    rows = [correlated(30 + each, seed=each, shift=each / 10) for each in range(6)]
    sides = ratio_side(by_variation(*rows))
    together = difference(sides[np.array([[2, 3], [4, 5]])], sides[0])
    for place, each in (((0, 1), 3), ((1, 0), 4)):
        alone = difference(sides[each], sides[0])
        for field in dataclasses.fields(Differences):
            assert getattr(together, field.name)[place] == getattr(alone, field.name), field.name


@pytest.mark.parametrize("bad", [[], [1.0], [np.inf, 1.0], [1e300, -1e300]])
def test_a_side_without_an_estimate_gives_its_reason_and_no_warning(bad: list[float]) -> None:
    sides = mean_side(by_variation([1.0, 2.0, 4.0], bad))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = difference(sides[1], sides[0])
    assert isinstance(found.at(()), NotEstimable)
    assert found.at(()) == sides.at(1)
    assert found.lift_reasons == found.reasons
