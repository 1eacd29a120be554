"""A mean says what it is, how well it is known, or why there is none."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from tests.unit.stats.samples import by_variation
from variate.stats.mean_sides import mean_side
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.sides import Estimate


def test_a_side_is_the_mean_and_its_standard_error() -> None:
    values = [3.0, 5.0, 10.0]
    found = mean_side(by_variation(values)).at(0)
    assert isinstance(found, Estimate)
    assert found.count == 3
    assert found.value == pytest.approx(statistics.fmean(values))
    assert found.standard_error == pytest.approx(statistics.stdev(values) / math.sqrt(3))


def test_a_variable_is_chosen_by_its_place() -> None:
    side = mean_side(by_variation(np.array([[1.0, 7.0], [3.0, 9.0]])), variable=1)
    assert side.estimate[0] == 8


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([], NotEstimableReason.NO_UNITS),
        ([4.0], NotEstimableReason.TOO_FEW_UNITS),
        ([1.0, math.inf], NotEstimableReason.OUT_OF_RANGE),
        ([1.0, math.inf, -math.inf], NotEstimableReason.OUT_OF_RANGE),
        ([1.0, math.nan], NotEstimableReason.OUT_OF_RANGE),
        ([1e200, -1e200], NotEstimableReason.OUT_OF_RANGE),
    ],
)
def test_where_there_is_no_estimate_the_reason_is(values: list[float], reason: NotEstimableReason) -> None:
    sides = mean_side(by_variation([1.0, 2.0, 3.0], values))
    assert sides.at(1) == NotEstimable(reason)
    assert isinstance(sides.at(0), Estimate), "one variation's fault is not the other's"


def test_numbers_that_are_all_the_same_do_not_vary_by_their_rounding() -> None:
    # The mean of three tenths is not a tenth in floats.
    side = mean_side(by_variation([0.1] * 3, [1e9 + 0.1] * 7))
    assert side.variance.tolist() == [0, 0]
    assert side.reasons.tolist() == [0, 0], "a side may be constant"


def test_some_of_the_cells_are_a_side_too() -> None:
    sides = mean_side(by_variation([1.0, 2.0], [3.0, 5.0], []))
    assert sides[1].at(()) == sides.at(1)
    assert sides[1:].at(1) == NotEstimable(NotEstimableReason.NO_UNITS)
