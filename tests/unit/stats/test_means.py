"""Moments keep their digits, and what cannot be estimated says so."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variate.stats import NotEstimable, NotEstimableReason
from variate.stats.means import Difference, Moments, difference, moments

numbers = st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=60)


def _moments(values: list[float], *, zeros: int = 0) -> Moments:
    found = moments(values, zeros=zeros)
    assert isinstance(found, Moments)
    return found


def _difference(treatment: Moments, control: Moments) -> Difference:
    found = difference(treatment, control=control)
    assert isinstance(found, Difference)
    return found


@given(values=numbers, zeros=st.integers(min_value=0, max_value=40))
def test_moments_are_those_of_the_standard_library_zeros_included(values: list[float], zeros: int) -> None:
    whole = values + [0.0] * zeros
    found = _moments(values, zeros=zeros)
    assert found.count == len(whole)
    assert found.mean == pytest.approx(statistics.fmean(whole), rel=1e-12, abs=1e-9)
    if len(whole) > 1:
        assert found.variance == pytest.approx(statistics.variance(whole), rel=1e-9, abs=1e-9)


def test_digits_hold_far_from_zero() -> None:
    # NIST's Statistical Reference Datasets, NumAcc4: mean 10000000.2 and standard deviation 0.1, both exact.
    values = [10_000_000.2] + [10_000_000.1, 10_000_000.3] * 500
    found = _moments(values)
    assert found.mean == pytest.approx(10_000_000.2, rel=1e-15)
    assert math.sqrt(found.variance) == pytest.approx(0.1, rel=1e-8)


def test_the_difference_has_the_unpooled_error_and_the_normal_interval() -> None:
    found = _difference(Moments(count=100, mean=5, variance=4), Moments(count=400, mean=4, variance=9))
    assert found.value == 1
    assert found.standard_error == pytest.approx(0.25), "sqrt(4/100 + 9/400) = sqrt(0.0625)"
    assert found.low == pytest.approx(1 - 1.959964 * 0.25, rel=1e-6), "1.959964 from a table of the normal"
    assert found.high == pytest.approx(1 + 1.959964 * 0.25, rel=1e-6)
    assert found.confidence == 0.95


@given(left=numbers, right=numbers)
def test_swapping_the_sides_flips_the_sign(left: list[float], right: list[float]) -> None:
    one, two = _moments([*left, 1, 2], zeros=30), _moments([*right, 3, 4], zeros=30)
    there, back = _difference(one, two), _difference(two, one)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))


@pytest.mark.parametrize(
    ("treatment", "control", "reason"),
    [
        (Moments(count=29, mean=1, variance=1), Moments(count=900, mean=1, variance=1), "too_few_units"),
        (Moments(count=900, mean=1, variance=1), Moments(count=29, mean=1, variance=1), "too_few_units"),
        (Moments(count=900, mean=1, variance=0), Moments(count=900, mean=1, variance=1), "zero_variance"),
        (Moments(count=900, mean=1, variance=1), Moments(count=900, mean=0, variance=0), "zero_variance"),
    ],
)
def test_where_no_interval_can_be_given_the_reason_is(treatment: Moments, control: Moments, reason: str) -> None:
    assert difference(treatment, control=control) == NotEstimable(NotEstimableReason(reason))


@pytest.mark.parametrize("values", [[1e308, 1e308], [math.inf], [math.inf, -math.inf], [1e200, -1e200]])
def test_numbers_beyond_the_range_of_floats_are_not_estimated(values: list[float]) -> None:
    assert moments(values) == NotEstimable(NotEstimableReason.OUT_OF_RANGE)


def test_nothing_has_no_moments() -> None:
    assert moments([]) == NotEstimable(NotEstimableReason.NO_UNITS)
