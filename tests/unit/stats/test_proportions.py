"""Few successes get an exact test; the interval holds for any number of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.unit.stats.samples import by_variation
from variate.stats.differences import difference
from variate.stats.mean_sides import mean_side
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.proportions import ProportionTest, proportion_side, proportion_test


def _shown(treatment: tuple[int, int], control: tuple[int, int]) -> ProportionTest:
    sides = [proportion_side(successes, count=count) for successes, count in (treatment, control)]
    found = proportion_test(sides[0], sides[1]).at(())
    assert isinstance(found, ProportionTest)
    return found


def test_counts_are_the_side_of_the_zeros_and_ones() -> None:
    from_counts = proportion_side(30, count=100)
    from_rows = mean_side(by_variation([1.0] * 30 + [0.0] * 70))
    assert from_counts.estimate == pytest.approx(from_rows.estimate[0])
    assert from_counts.variance == pytest.approx(from_rows.variance[0])


@pytest.mark.parametrize(
    ("treatment", "control", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, 873-890, Table II, method 10.
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1.0000),
        ((0, 10), (0, 10), -0.2775, 0.2775),
    ],
)
def test_the_interval_is_newcombes(
    treatment: tuple[int, int], control: tuple[int, int], low: float, high: float
) -> None:
    found = _shown(treatment, control)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_a_small_cell_gets_barnards_test() -> None:
    # Scipy's documentation of barnard_exact: 7 of 15 beside 12 of 15 is 0.0341 on one side; the sides are of one size.
    found = _shown((7, 15), (12, 15))
    assert found.exact
    assert found.p_value == pytest.approx(2 * 0.0341, abs=1e-4)


def test_a_small_cell_among_many_units_gets_fishers_test() -> None:
    found = _shown((2, 1_000), (12, 1_000))
    assert found.exact
    # The sides are of one size, so the two tails of the hypergeometric are the same.
    tail = sum(math.comb(1_000, each) * math.comb(1_000, 14 - each) for each in range(3)) / math.comb(2_000, 14)
    assert found.p_value == pytest.approx(2 * tail, rel=1e-9)


def test_large_cells_get_welchs_test() -> None:
    sides = [proportion_side(successes, count=1_000) for successes in (130, 100)]
    found = proportion_test(sides[0], sides[1])
    assert not found.is_exact
    assert found.p_value == difference(sides[0], sides[1]).p_value


def test_the_others_count_as_cells_too() -> None:
    assert _shown((995, 1_000), (980, 1_000)).exact


def test_nobody_beside_nobody_has_a_p_value_of_1() -> None:
    found = _shown((0, 500), (0, 400))
    assert (found.p_value, found.exact) == (1, True)
    assert found.low < 0 < found.high


def test_cells_are_tested_each_for_itself() -> None:
    treatment = proportion_side(np.array([[3, 300], [3, 0]]), count=np.array([[20, 1_000], [20, 0]]))
    control = proportion_side(np.array([[9, 350], [9, 0]]), count=np.array([[20, 1_000], [20, 5]]))
    found = proportion_test(treatment, control)
    assert found.is_exact.tolist() == [[True, False], [True, False]]
    assert found.p_value[0, 0] == found.p_value[1, 0] == _shown((3, 20), (9, 20)).p_value
    assert found.at((1, 1)) == NotEstimable(NotEstimableReason.NO_UNITS)


def test_swapping_the_sides_flips_the_interval() -> None:
    there, back = _shown((5, 40), (30, 50)), _shown((30, 50), (5, 40))
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.p_value == pytest.approx(back.p_value)
