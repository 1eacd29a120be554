"""Moments merge to those of all the units, whatever they were counted by."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.stats.samples import by_variation, correlated
from variate.stats.moments import Floats, Moments, moments_of

days = st.lists(
    st.lists(st.tuples(*[st.floats(min_value=-1e6, max_value=1e6)] * 2), max_size=20), min_size=1, max_size=5
)


def _rows(day: list[tuple[float, float]]) -> Floats:
    return np.array(day, dtype=np.float64).reshape(-1, 2)


@given(days=days)
def test_merged_days_are_the_moments_of_all_their_units(days: list[list[tuple[float, float]]]) -> None:
    merged = by_variation(*[_rows(each) for each in days]).merged()
    whole = moments_of(np.concatenate([_rows(each) for each in days]))
    scale = 1e6 * np.sqrt(max(float(whole.count), 1))
    assert merged.count == whole.count
    assert merged.mean == pytest.approx(whole.mean, rel=1e-12, abs=1e-8)
    assert merged.products == pytest.approx(whole.products, rel=1e-9, abs=1e-12 * scale**2)
    assert merged.cubes == pytest.approx(whole.cubes, rel=1e-9, abs=1e-12 * scale**3)


def test_digits_hold_far_from_zero() -> None:
    # NIST's Statistical Reference Datasets, NumAcc4: mean 10000000.2 and standard deviation 0.1, both exact.
    values = [10_000_000.2] + [10_000_000.1, 10_000_000.3] * 500
    merged = by_variation(values[:400], values[400:]).merged()
    assert merged.mean[0] == pytest.approx(10_000_000.2, rel=1e-15)
    assert np.sqrt(merged.variance(0)) == pytest.approx(0.1, rel=1e-8)


def test_cells_merge_along_any_axis() -> None:
    rows = correlated(60, seed=1)
    cells = by_variation(*np.split(rows, 6))
    grid = Moments(
        count=cells.count.reshape(2, 3),
        mean=cells.mean.reshape(2, 3, 4),
        products=cells.products.reshape(2, 3, 4, 4),
        cubes=cells.cubes.reshape(2, 3, 4),
    )
    for found in (grid.merged(0).merged(0), grid.merged(-1).merged(0), grid.merged(1).merged(-1)):
        assert found.products == pytest.approx(moments_of(rows).products)


def test_the_covariance_is_that_over_one_less_than_the_units() -> None:
    rows = correlated(50, seed=2)
    found = moments_of(rows)
    assert found.covariance(0, 2) == pytest.approx(np.cov(rows.T)[0, 2])
    assert np.isnan(moments_of(rows[:1]).variance(0))
    assert found.of([2, 0]).covariance(0, 1) == pytest.approx(found.covariance(0, 2))


def test_infinite_values_make_moments_that_are_not_finite_without_a_warning() -> None:
    cells = by_variation([1.0, np.inf], [1e250, -1e250], [1.0, 2.0])
    assert np.isfinite(cells.products[:, 0, 0]).tolist() == [False, False, True]
    assert not np.isfinite(cells.merged().products).any()
