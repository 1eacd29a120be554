"""Moments: what all estimates are made of, for any number of cells at once.

A cell is a group of units, such as a variation's of one day. The moments are centred, so that digits hold when a mean
is far from zero, and merge exactly (Chan, Golub & LeVeque 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """The moments of k variables in cells of any shape S.

    ``count`` (S) is how many units there are; ``mean`` (S, k) their means, 0 where there is no unit; ``products``
    (S, k, k) the sums over the units of the products of deviations from the means; ``cubes`` (S, k) the sums of the
    cubed deviations.
    """

    count: Floats
    mean: Floats
    products: Floats
    cubes: Floats

    def __getitem__(self, cells: Any) -> Moments:
        """Return the moments of some of the cells, by any index of their shape."""
        return Moments(
            count=self.count[cells], mean=self.mean[cells], products=self.products[cells], cubes=self.cubes[cells]
        )

    def of(self, variables: Sequence[int]) -> Moments:
        """Return the moments of some of the variables, in this order."""
        chosen = np.asarray(variables, dtype=np.intp)
        return Moments(
            count=self.count,
            mean=self.mean[..., chosen],
            products=self.products[..., chosen[:, None], chosen],
            cubes=self.cubes[..., chosen],
        )

    def covariance(self, one: int, other: int) -> Floats:
        """Return the sample covariance (over n - 1) of two variables; NaN where there are fewer than two units."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.count > 1, self.products[..., one, other] / (self.count - 1), np.nan)

    def variance(self, variable: int) -> Floats:
        """Return the sample variance (over n - 1) of a variable; NaN where there are fewer than two units."""
        return self.covariance(variable, variable)

    def merged(self, axis: int = 0) -> Moments:
        """Return the moments of the units of all cells along ``axis``, an axis of S, taken together."""
        axis = axis % self.count.ndim
        count = self.count.sum(axis=axis)
        weights = self.count[..., None]
        with np.errstate(all="ignore"):
            mean = np.where(count[..., None] > 0, (weights * self.mean).sum(axis=axis) / count[..., None], 0.0)
            away = self.mean - np.expand_dims(mean, axis)
            between = weights[..., None] * away[..., :, None] * away[..., None, :]
            variances = np.diagonal(self.products, axis1=-2, axis2=-1)
            cubes = self.cubes + 3 * away * variances + weights * away**3
            return Moments(
                count=count,
                mean=mean,
                products=(self.products + between).sum(axis=axis),
                cubes=cubes.sum(axis=axis),
            )


def moments_of(values: Floats) -> Moments:
    """Return the moments of the rows of ``values`` (n, k), as one cell of shape ().

    What is infinite, or is so once it is squared, makes moments that are not finite.
    """
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim == 1:
        rows = rows[:, None]
    count, width = rows.shape
    if count == 0:
        return Moments(
            count=np.array(0.0), mean=np.zeros(width), products=np.zeros((width, width)), cubes=np.zeros(width)
        )
    with np.errstate(all="ignore"):
        mean = rows.mean(axis=0)
        away = rows - mean
        return Moments(count=np.array(float(count)), mean=mean, products=away.T @ away, cubes=(away**3).sum(axis=0))
