"""A ratio's error is that of its units; what it divides by has to be above 0."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.unit.stats.samples import by_variation, correlated
from variate.stats.differences import difference
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.ratios import ratio_side
from variate.stats.sides import Estimate


def test_a_ratio_is_that_of_the_sums_with_the_error_of_the_linearised_units() -> None:
    rows = correlated(500, seed=3)
    y, d = rows[:, 0], rows[:, 1]
    found = ratio_side(by_variation(rows)).at(0)
    assert isinstance(found, Estimate)
    ratio = y.sum() / d.sum()
    assert found.value == pytest.approx(ratio, rel=1e-12)
    parts = (y - ratio * d) / d.mean()
    assert found.standard_error == pytest.approx(parts.std(ddof=1) / np.sqrt(500), rel=1e-10), "the formula, on rows"


def test_over_a_constant_a_ratio_is_a_mean() -> None:
    rows = correlated(100, seed=4)
    rows[:, 1] = 2.0
    side = ratio_side(by_variation(rows))
    assert side.estimate[0] == pytest.approx(rows[:, 0].mean() / 2)
    assert side.variance[0] == pytest.approx(rows[:, 0].var(ddof=1) / 4)


def test_over_what_few_units_have_a_ratio_is_their_mean_with_welchs_test() -> None:
    draw = np.random.default_rng(8)
    buyers = [draw.lognormal(3, 1, size) for size in (4, 9)]
    rows = [np.concatenate([np.stack([each, np.ones(len(each))], axis=1), np.zeros((500, 2))]) for each in buyers]
    sides = ratio_side(by_variation(*rows))
    found = difference(sides[1], sides[0], alpha=0.05)
    expected = stats.ttest_ind(buyers[1], buyers[0], equal_var=False)
    assert float(found.difference) == pytest.approx(buyers[1].mean() - buyers[0].mean())
    assert float(found.p_value) == pytest.approx(expected.pvalue, rel=1e-9), "scipy, of the buyers alone"


def test_over_what_one_unit_has_a_ratio_is_none() -> None:
    rows = np.zeros((500, 2))
    rows[0] = 19.99, 1
    assert ratio_side(by_variation(rows)).at(0) == NotEstimable(NotEstimableReason.TOO_FEW_UNITS)


def test_a_ratio_that_is_the_same_for_all_units_does_not_vary_by_rounding() -> None:
    rows = correlated(100, seed=5)
    rows[:, 0] = rows[:, 1] * 0.3
    assert ratio_side(by_variation(rows)).variance[0] == 0


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (np.zeros((0, 2)), NotEstimableReason.NO_UNITS),
        (np.array([[1.0, 0.0]]), NotEstimableReason.TOO_FEW_UNITS),
        (np.array([[1.0, 0.0], [2.0, 0.0]]), NotEstimableReason.ZERO_DENOMINATOR),
        (np.array([[0.0, 0.0], [0.0, 0.0]]), NotEstimableReason.ZERO_DENOMINATOR),
        (np.array([[1.0, 1.0], [2.0, -1.0]]), NotEstimableReason.ZERO_DENOMINATOR),
        (np.array([[1.0, 1.0], [2.0, -4.0]]), NotEstimableReason.NEGATIVE_DENOMINATOR),
        (np.array([[1.0, np.inf], [2.0, 1.0]]), NotEstimableReason.OUT_OF_RANGE),
    ],
)
def test_where_there_is_no_ratio_the_reason_is(rows: np.ndarray, reason: NotEstimableReason) -> None:
    sides = ratio_side(by_variation(rows, correlated(20, seed=6)[:, :2]))
    assert sides.at(0) == NotEstimable(reason)
    assert isinstance(sides.at(1), Estimate)
