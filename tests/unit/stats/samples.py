"""Random samples, and moments of several variations at once, for the tests of the statistics."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from variate.stats.moments import Floats, Moments, moments_of


def stacked(cells: Sequence[Moments]) -> Moments:
    """Return the moments with the cells along a first axis."""
    return Moments(
        count=np.stack([each.count for each in cells]),
        mean=np.stack([each.mean for each in cells]),
        products=np.stack([each.products for each in cells]),
        cubes=np.stack([each.cubes for each in cells]),
    )


def by_variation(*rows: Floats | Sequence[float]) -> Moments:
    """Return the moments of each variation's rows, along one axis."""
    return stacked([moments_of(np.asarray(each, dtype=np.float64)) for each in rows])


def correlated(count: int, *, seed: int, shift: float = 0.0) -> Floats:
    """Return rows of an outcome, a denominator, and the same two from before; ``shift`` is added to the outcome."""
    draw = np.random.default_rng(seed)
    habit = draw.normal(size=count)
    before, after = draw.poisson(np.exp(0.4 * habit) * 3) + 1.0, draw.poisson(np.exp(0.4 * habit) * 3) + 1.0
    outcome = 10 + shift + 2 * habit + after + draw.normal(size=count)
    return np.stack([outcome, after, 10 + 2 * habit + before + draw.normal(size=count), before], axis=1)
