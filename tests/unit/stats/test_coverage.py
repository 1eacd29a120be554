"""Intervals hold the truth as often as they say: 4,000 seeded experiments of each kind and size.

The bounds are those of the design's simulation specification. Experiments are drawn as rows and summed up at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from variate.stats.cuped import cuped_sides
from variate.stats.differences import Differences, difference
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Floats, Moments, moments_of
from variate.stats.quantiles import quantile_of_rows
from variate.stats.ratios import ratio_side
from variate.stats.sides import Side

_RUNS = 4_000


def _moments(rows: Floats) -> Moments:
    """Return the moments of rows (units, runs, variations, variables), by run and variation."""
    count = np.full(rows.shape[1:3], float(len(rows)))
    mean = rows.mean(axis=0)
    away = rows - mean
    return Moments(
        count=count,
        mean=mean,
        products=np.einsum("nrvi,nrvj->rvij", away, away, optimize=True),
        cubes=(away**3).sum(axis=0),
    )


def _drawn(kind: str, units: int) -> Moments:
    draw = np.random.default_rng([units, len(kind)])
    parts = []
    # In parts, so that no more than some hundred thousand rows are held at once.
    runs = max(1, min(_RUNS, 400_000 // units))
    for _ in range(_RUNS // runs):
        shape = (units, runs, 2)
        before = draw.normal(size=shape)
        if kind == "cuped":
            outcome = 3 + 0.9 * before + 0.19**0.5 * draw.normal(size=shape) + [0, 3.0]
            parts.append(_moments(np.stack([outcome, before], axis=-1)))
        elif kind == "ratio":
            below = draw.poisson(np.exp(before / 2) * 3) + 1.0
            above = below * 2 + draw.normal(size=shape) * below**0.5 + before
            parts.append(_moments(np.stack([above, below], axis=-1)))
        else:
            parts.append(_moments((10 + before + draw.exponential(size=shape) * [1, 1.5])[..., None]))
    return Moments(
        count=np.concatenate([each.count for each in parts]),
        mean=np.concatenate([each.mean for each in parts]),
        products=np.concatenate([each.products for each in parts]),
        cubes=np.concatenate([each.cubes for each in parts]),
    )


def _compared(side: Side) -> Differences:
    return difference(side[..., 1], side[..., 0])


def _share(low: Floats, high: Floats, truth: float) -> float:
    held: npt.NDArray[np.bool_] = (low < truth) & (truth < high)
    return float(held.mean())


@pytest.mark.parametrize("units", [50, 500])
def test_of_means_and_their_lifts(units: int) -> None:
    found = _compared(mean_side(_drawn("mean", units)))
    assert 0.94 < _share(found.low, found.high, 0.5) < 0.965
    assert 0.94 < _share(found.lift_low, found.lift_high, 0.5 / 11) < 0.965


@pytest.mark.parametrize("units", [50, 500])
def test_of_cuped_and_its_lifts_over_the_unadjusted_mean(units: int) -> None:
    found = _compared(cuped_sides(_drawn("cuped", units), covariates=[1]))
    assert 0.94 < _share(found.low, found.high, 3) < 0.965
    # With the adjusted mean's variance for the unadjusted one's it would be 85 %.
    assert 0.94 < _share(found.lift_low, found.lift_high, 1) < 0.965


@pytest.mark.parametrize("units", [50, 500])
def test_of_ratios(units: int) -> None:
    found = _compared(ratio_side(_drawn("ratio", units)))
    assert 0.94 < _share(found.low, found.high, 0) < 0.965


def test_of_cuped_with_few_units_and_many_covariates() -> None:
    draw = np.random.default_rng(8)
    rows = draw.normal(size=(12, _RUNS, 2, 4))
    rows[..., 0] += rows[..., 1:].sum(axis=-1)
    found = _compared(cuped_sides(_moments(rows), covariates=[1, 2, 3]))
    assert 0.93 < _share(found.low, found.high, 0) < 0.965


@pytest.mark.parametrize("nu", [0.5, 0.9])
def test_of_quantiles_of_clustered_values(nu: float) -> None:
    draw = np.random.default_rng(9)
    held = []
    units = np.repeat(np.arange(400), 4)
    for _ in range(600):
        sides = []
        for _ in range(2):
            values = draw.normal(size=400)[units] + draw.normal(size=1_600)
            sides.append(quantile_of_rows(values, units=units, nu=nu))
        found = difference(sides[1], sides[0])
        held.append(bool(found.low < 0 < found.high))
    assert 0.93 < np.mean(held) < 0.975


def test_moments_at_once_are_those_of_each() -> None:
    rows = np.random.default_rng(10).normal(size=(9, 3, 2, 2))
    assert _moments(rows).products[2, 1] == pytest.approx(moments_of(rows[:, 2, 1]).products)
