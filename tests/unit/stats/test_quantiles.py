"""A quantile's error is that of the units its values come from."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.stats.samples import by_variation
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.quantiles import quantile_of_rows, quantile_side, share_bounds
from variate.stats.sides import Estimate


def _clustered(units: int, *, seed: int) -> tuple[Floats, np.ndarray]:
    draw = np.random.default_rng(seed)
    sizes = draw.poisson(4, size=units) + 1
    of_unit = np.repeat(np.arange(units), sizes)
    return np.exp(draw.normal(size=units)[of_unit] * 0.6 + draw.normal(size=sizes.sum()) * 0.6) * 100, of_unit


@pytest.mark.parametrize("nu", [0.5, 0.9])
def test_the_error_is_that_of_a_bootstrap_of_units(nu: float) -> None:
    values, units = _clustered(600, seed=21)
    found = quantile_of_rows(values, units=units, nu=nu).at(())
    assert isinstance(found, Estimate)
    draw = np.random.default_rng(22)
    rows = [values[units == each] for each in range(600)]
    redrawn = [
        np.quantile(np.concatenate([rows[each] for each in draw.integers(600, size=600)]), nu) for _ in range(300)
    ]
    assert found.standard_error == pytest.approx(np.std(redrawn), rel=0.15)
    naive = quantile_of_rows(values, units=np.arange(len(values)), nu=nu).at(())
    assert isinstance(naive, Estimate)
    assert naive.standard_error < found.standard_error * 0.8, "values of a unit are not independent"


def test_a_quantile_is_the_smallest_value_with_that_share_at_or_below_it() -> None:
    side = quantile_of_rows(np.arange(1.0, 11.0), units=np.arange(10), nu=0.9)
    assert side.estimate == 9


def test_the_bounds_are_the_shares_two_errors_away() -> None:
    # Of 400 units with one value each the share 0.5 has the variance 0.25 / 399.
    below = np.column_stack([np.arange(400) < 200, np.ones(400)]).astype(np.float64)
    bounds = share_bounds(by_variation(below), nu=0.5)
    assert bounds.low[0] == pytest.approx(0.5 - 1.959964 * (0.25 / 399) ** 0.5)
    assert bounds.high[0] == pytest.approx(0.5 + 1.959964 * (0.25 / 399) ** 0.5)
    assert bounds.standard_error(100.0, 120.0)[0] == pytest.approx(20 / (2 * 1.959964))


def test_bounds_beyond_1_are_cut_and_the_error_allows_for_it() -> None:
    below = np.column_stack([np.arange(50) < 49, np.ones(50)]).astype(np.float64)
    bounds = share_bounds(by_variation(below), nu=0.98)
    assert bounds.high[0] == 1
    assert bounds.standard_errors[0] == pytest.approx(1.959964 + 0.02 / (0.98 * 0.02 / 49) ** 0.5, rel=1e-6)


def test_the_side_has_the_error_it_was_given() -> None:
    side = quantile_side([100, 50], [7.0, 8.0], standard_error=[0.5, 0.25])
    assert side.squared_error.tolist() == [0.25, 0.0625]
    assert side.freedom.tolist() == [99, 49]


@pytest.mark.parametrize(
    ("values", "units", "reason"),
    [
        ([], [], NotEstimableReason.NO_UNITS),
        ([1.0, 2.0], [0, 0], NotEstimableReason.TOO_FEW_UNITS),
        ([3.0, 3.0, 3.0], [0, 1, 2], NotEstimableReason.ZERO_VARIANCE),
        ([np.inf, np.inf, 1.0], [0, 1, 2], NotEstimableReason.OUT_OF_RANGE),
    ],
)
def test_where_there_is_no_error_the_reason_is(
    values: list[float], units: list[int], reason: NotEstimableReason
) -> None:
    side = quantile_of_rows(np.array(values, dtype=np.float64), units=np.array(units, dtype=np.int64), nu=0.5)
    assert side.at(()) == NotEstimable(reason)
