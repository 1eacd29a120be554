"""How often 95 % intervals hold the truth. Bounds: statistics.md, section 7, 4."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import betabinom, norm, poisson

from tests.unit.stats.simulation.drawing import correlated, moments_of_kinds, moments_of_runs, stacked
from variate.stats.cuped import cuped_sides
from variate.stats.differences import Differences, difference
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Floats, Moments
from variate.stats.quantiles import quantile_side, share_bounds
from variate.stats.ratios import ratio_side

RUNS = 4_000
SIZES = [50, 500, pytest.param(5_000, marks=pytest.mark.slow)]
CHUNK = 2_000_000
"""As many numbers as are drawn at a time."""


def in_chunks(draw: Callable[[int], Moments], *, units: int) -> Moments:
    """Return the moments of all runs, drawn a few at a time."""
    runs = max(1, min(RUNS, CHUNK // units))
    parts = [draw(min(runs, RUNS - start)) for start in range(0, RUNS, runs)]
    return Moments(
        count=np.concatenate([each.count for each in parts]),
        mean=np.concatenate([each.mean for each in parts]),
        products=np.concatenate([each.products for each in parts]),
        cubes=np.concatenate([each.cubes for each in parts]),
    )


def covered(found: Differences, truth: float) -> float:
    assert (found.reasons == 0).all()
    return float(((found.low <= truth) & (truth <= found.high)).mean())


def at(share: Floats, in_order: npt.NDArray[np.float32]) -> Floats:
    """Return each run's smallest value that has at least that share of the run's values at or below it."""
    rows = in_order.shape[1]
    places = np.clip(np.ceil(share * rows).astype(np.intp) - 1, 0, rows - 1)
    return np.take_along_axis(in_order, places[:, None], axis=1)[:, 0].astype(np.float64)


def revenue(runs: int, *, generator: np.random.Generator, units: int, factor: float) -> Moments:
    """Lognormal values; of 500 units and more only one in twenty buys."""
    values = generator.standard_normal((runs, units))
    np.exp(values, out=values)
    if units >= 500:
        values *= generator.random((runs, units), dtype=np.float32) < 0.05
    return moments_of_runs(factor * values)


@pytest.mark.parametrize("units", SIZES)
def test_welch_and_fieller_hold_the_truth_of_skewed_revenue(units: int) -> None:
    generator = np.random.default_rng(units)
    treatment, control = (
        mean_side(in_chunks(partial(revenue, generator=generator, units=units, factor=factor), units=units))
        for factor in (1.1, 1.0)
    )
    found = difference(treatment, control)
    mean = np.exp(0.5) * (0.05 if units >= 500 else 1)
    assert 0.94 <= covered(found, 0.1 * mean) <= 0.965
    assert (found.lift_reasons == 0).all()
    within = (found.lift_low <= 0.1) & (found.lift_high >= 0.1)
    assert 0.94 <= (within | ~found.lift_bounded).mean() <= 0.965


@pytest.mark.parametrize("units", SIZES)
def test_cuped_holds_the_truth(units: int) -> None:
    generator = np.random.default_rng(units + 1)
    draw = partial(correlated, generator, units=units, correlation=0.7)
    moments = stacked(
        [in_chunks(partial(draw, effect=effect), units=2 * units) for effect in (0.0, 0.2)],
        axis=1,
    )
    sides = cuped_sides(moments, covariates=[1])
    found = difference(sides[:, 1], sides[:, 0])
    assert 0.94 <= covered(found, 0.2) <= 0.965
    if units > 50:
        plain = difference(mean_side(moments[:, 1]), mean_side(moments[:, 0]))
        assert (found.standard_error**2).mean() / (plain.standard_error**2).mean() == pytest.approx(0.51, abs=0.01)


@pytest.mark.parametrize("units", SIZES)
def test_a_ratio_holds_the_truth_though_its_events_come_in_units(units: int) -> None:
    # A unit has 1 + Poisson(2) events, of which a share of its own, Beta(2, 8), succeeds: 0.2 on average.
    events = np.arange(1, 16)
    kinds = np.array([(done, each) for each in events for done in range(each + 1)], dtype=np.float64)
    chances = poisson.pmf(kinds[:, 1] - 1, 2) * betabinom.pmf(kinds[:, 0], kinds[:, 1], 2, 8)
    chances /= chances.sum()
    generator = np.random.default_rng(units + 2)
    sides = [
        ratio_side(moments_of_kinds(generator, runs=RUNS, units=units, kinds=kinds, chances=chances)) for _ in range(2)
    ]
    assert 0.94 <= covered(difference(sides[0], sides[1]), 0.0) <= 0.965


@pytest.mark.parametrize("units", SIZES)
@pytest.mark.parametrize("nu", [0.5, 0.9])
def test_a_quantile_holds_the_truth_though_its_values_come_in_units(units: int, nu: float) -> None:
    # Three values a unit, each the unit's own normal level and a normal rest.
    generator = np.random.default_rng(units + 3)
    rows = 3 * units
    truth = norm.ppf(nu) * np.sqrt(2)
    hits = 0
    for start in range(0, RUNS, max(1, CHUNK // rows)):
        runs = min(max(1, CHUNK // rows), RUNS - start)
        values = generator.standard_normal((runs, units, 3), dtype=np.float32)
        values += generator.standard_normal((runs, units, 1), dtype=np.float32)
        in_order = np.sort(values.reshape(runs, rows), axis=1)

        quantile = at(np.full(runs, nu), in_order)
        below = (values <= quantile[:, None, None]).sum(axis=2)
        bounds = share_bounds(moments_of_runs(np.stack([below, np.full_like(below, 3)], axis=-1)), nu=nu)
        side = quantile_side(
            np.full(runs, units),
            quantile,
            standard_error=bounds.standard_error(at(bounds.low, in_order), at(bounds.high, in_order)),
        )
        hits += int((np.abs(quantile - truth) <= norm.ppf(0.975) * np.sqrt(side.squared_error)).sum())
    assert 0.93 <= hits / RUNS <= 0.97
