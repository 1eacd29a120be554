"""Draws many experiments at once: as daily sums where those say all there is to know, else unit by unit."""

from __future__ import annotations

import numpy as np

from variate.stats.moments import Floats, Moments


def normal_days(
    generator: np.random.Generator, *, runs: int, days: int, units: int, mean: float = 0.0, deviation: float = 1.0
) -> Moments:
    """Return the moments up to each day (runs, days) of so many normal units a day.

    A day's mean and its sum of squares about it are independent: normal, and chi-square.
    """
    means = generator.normal(mean, deviation / np.sqrt(units), (runs, days))
    squares = deviation**2 * generator.chisquare(units - 1, (runs, days))
    return up_to_each_day(_one_variable(np.full((runs, days), float(units)), means, squares))


def converting_days(generator: np.random.Generator, *, runs: int, days: int, units: int, rate: float) -> Moments:
    """Return the moments up to each day (runs, days) of so many units a day, of which a share converts."""
    converted = generator.binomial(units, rate, (runs, days)).cumsum(axis=1).astype(np.float64)
    count = np.broadcast_to(units * np.arange(1.0, days + 1), (runs, days))
    return _one_variable(count, converted / count, converted * (1 - converted / count))


def correlated(generator: np.random.Generator, runs: int, *, units: int, correlation: float, effect: float) -> Moments:
    """Return the moments (runs,) of a normal value, ``effect`` on average, and its covariate, both of deviation 1."""
    covariate = generator.standard_normal((runs, units))
    value = generator.standard_normal((runs, units))
    value *= np.sqrt(1 - correlation**2)
    value += correlation * covariate + effect
    return moments_of_runs(np.stack([value, covariate], axis=-1))


def moments_of_kinds(
    generator: np.random.Generator, *, runs: int, units: int, kinds: Floats, chances: Floats
) -> Moments:
    """Return the moments (runs,) of units that are each of one of the kinds (kinds, variables), with these chances."""
    drawn = generator.multinomial(units, chances, size=runs).astype(np.float64)
    middle = chances @ kinds
    away = kinds - middle
    mean = drawn @ away / units
    products = np.einsum("rm,mi,mj->rij", drawn, away, away, optimize=True)
    return Moments(
        count=np.full(runs, float(units)),
        mean=mean + middle,
        products=products - units * mean[:, :, None] * mean[:, None, :],
        cubes=np.zeros_like(mean),
    )


def moments_of_runs(values: Floats) -> Moments:
    """Return the moments (runs,) of values (runs, units) or, of several variables, (runs, units, variables)."""
    rows = values if values.ndim == 3 else values[..., None]
    mean = rows.mean(axis=1)
    away = rows - mean[:, None, :]
    return Moments(
        count=np.full(len(rows), float(rows.shape[1])),
        mean=mean,
        products=np.swapaxes(away, 1, 2) @ away,
        cubes=np.zeros_like(mean),
    )


def up_to_each_day(moments: Moments) -> Moments:
    """Return the moments of all days up to each: each day is merged with what was before it."""
    days = [moments[:, :1].merged(axis=1)]
    for day in range(1, moments.count.shape[1]):
        days.append(stacked([days[-1], moments[:, day]]).merged(axis=0))
    return stacked(days, axis=1)


def stacked(moments: list[Moments], *, axis: int = 0) -> Moments:
    """Return the moments side by side along a new axis."""
    return Moments(
        count=np.stack([each.count for each in moments], axis=axis),
        mean=np.stack([each.mean for each in moments], axis=axis),
        products=np.stack([each.products for each in moments], axis=axis),
        cubes=np.stack([each.cubes for each in moments], axis=axis),
    )


def _one_variable(count: Floats, mean: Floats, squares: Floats) -> Moments:
    return Moments(
        count=count, mean=mean[..., None], products=squares[..., None, None], cubes=np.zeros_like(mean)[..., None]
    )
