"""CUPED: the estimate less what is known of the units from before (Deng, Xu, Kohavi & Walker 2013).

With covariates x, theta = Sxx^-1 Sxy from the products within variations, summed over them, and the estimate becomes
m - theta (x_mean - pooled x_mean). That is the analysis of covariance's effect; Lin (2013) is the theory. Of a ratio,
and of a covariate that is one, what enters is a unit's part in it: (y - R d) / mean(d). A unit without a covariate has
a constant for it and a 1 in one more covariate that says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from variate.stats.mean_sides import mean_side, without_noise
from variate.stats.moments import Floats, Moments
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.ratios import ROUNDING, few_correction, ratio_side
from variate.stats.sides import Side, codes

Covariate = int | tuple[int, int]
"""A variable, or two whose ratio it is: upper and lower."""

_CONSTANT = 1e-26
"""A mean square about the mean that is no more of the squared mean than this is rounding."""
_COLLINEAR = 1e-10
"""An eigenvalue of the covariates' correlations that is no more than this belongs to one that others make up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """``weights`` (S, k) make a unit's part in the estimate ``upper / lower`` (S) of its variables."""

    weights: Floats
    upper: Floats
    lower: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """Theta (..., p) over the variations together, its rank, and their units less one for each of them."""

    theta: Floats
    rank: Floats
    free: Floats


def cuped_sides(
    moments: Moments, *, covariates: Sequence[Covariate], upper: int = 0, lower: int | None = None, axis: int = -1
) -> Side:
    """Return the adjusted sides of all variations, which lie along ``axis`` of the moments' shape.

    What is adjusted is the mean of the variable ``upper`` or, with ``lower``, the ratio of the two. A covariate that is
    constant or made up of others adds nothing; where all are constant, the reason is CONSTANT_COVARIATE. Theta's
    freedom is spent: in the variance's divisor, as in the analysis of covariance, and in each side's freedom by its
    share of the units. The baseline is the unadjusted estimate. Variations without an estimate of their own stay out.
    """
    plain = mean_side(moments, variable=upper) if lower is None else ratio_side(moments, upper=upper, lower=lower)
    axis = axis % moments.count.ndim
    parts = [
        _part(moments, each if isinstance(each, tuple) else (each, None)) for each in ((upper, lower), *covariates)
    ]
    with np.errstate(all="ignore"):
        weights = np.stack([each.weights for each in parts], axis=-2)
        products = weights @ moments.products @ np.swapaxes(weights, -1, -2)
        finite = np.isfinite(products).all(axis=(-2, -1))
        count = np.where((plain.reasons == 0) & finite, moments.count, 0.0)
        constant = _constant(moments, parts[1:], count, axis=axis)
        fit = _fitted(products, count, constant, axis=axis)
        away = np.stack([_away(each, count, axis=axis) for each in parts[1:]], axis=-1)
        estimate = plain.estimate - (fit.theta * np.where(constant, 0.0, away)).sum(axis=-1)
        left = np.concatenate([np.ones_like(fit.theta[..., :1]), -fit.theta], axis=-1)[..., None, :]
        squares = (left @ products @ np.swapaxes(left, -1, -2))[..., 0, 0]
        squares = without_noise(squares, scale=ROUNDING * products[..., 0, 0])
        variance = squares / (moments.count - 1) * fit.free / (fit.free - fit.rank)
        variance = variance * few_correction(moments.count, plain.freedom + 1)
        freedom = plain.freedom - fit.rank * moments.count / count.sum(axis=axis, keepdims=True)
    own = codes(
        moments.count.shape,
        (np.logical_not(finite), NotEstimableReason.OUT_OF_RANGE),
        (np.broadcast_to(fit.rank == 0, finite.shape), NotEstimableReason.CONSTANT_COVARIATE),
        ((fit.free <= fit.rank) | (freedom <= 0), NotEstimableReason.TOO_FEW_UNITS),
    )
    return Side(
        count=moments.count,
        estimate=estimate,
        variance=variance,
        freedom=freedom,
        baseline=plain.estimate,
        reasons=np.where(plain.reasons == 0, own, plain.reasons).astype(np.int8),
        baseline_variance=plain.variance,
    )


def variance_reduction(adjusted: Side, plain: Side) -> Floats:
    """Return the share of the plain side's variance that is gone; NaN where there is none to lose."""
    with np.errstate(all="ignore"):
        return np.where(plain.variance > 0, 1 - adjusted.variance / plain.variance, np.nan)


def _part(moments: Moments, pair: tuple[int, int | None]) -> _Part:
    upper, lower = pair
    weights = np.zeros(moments.mean.shape)
    above = moments.mean[..., upper]
    if lower is None:
        weights[..., upper] = 1
        return _Part(weights=weights, upper=above, lower=np.ones(moments.count.shape))
    below = moments.mean[..., lower]
    with np.errstate(all="ignore"):
        weights[..., upper] = np.where(below > 0, 1 / below, 0.0)
        weights[..., lower] -= np.where(below > 0, above / below**2, 0.0)
    return _Part(weights=weights, upper=above, lower=below)


def _away(part: _Part, count: Floats, *, axis: int) -> Floats:
    """Return how far a covariate is from its pooled value."""
    upper = np.where(count > 0, count * part.upper, 0.0).sum(axis=axis, keepdims=True)
    lower = np.where(count > 0, count * part.lower, 0.0).sum(axis=axis, keepdims=True)
    return np.asarray(part.upper / part.lower - upper / lower)


def _constant(moments: Moments, parts: Sequence[_Part], count: Floats, *, axis: int) -> npt.NDArray[np.bool_]:
    """Return which covariates vary by no more than rounding, or are ratios over nothing."""
    found = []
    for each in parts:
        size = np.abs(each.weights)
        own = np.einsum("...i,...ij,...j->...", each.weights, moments.products, each.weights)
        gross = np.einsum("...i,...ij,...j->...", size, np.abs(moments.products), size)
        level = moments.count * (size * np.abs(moments.mean)).sum(axis=-1) ** 2
        varies = np.where(count > 0, own - ROUNDING * gross - _CONSTANT * level, 0.0).sum(axis=axis, keepdims=True) > 0
        over_nothing = ((count > 0) & ~(each.lower > 0)).any(axis=axis, keepdims=True)
        found.append(over_nothing | ~varies)
    return np.stack(found, axis=-1)


def _fitted(products: Floats, count: Floats, constant: npt.NDArray[np.bool_], *, axis: int) -> _Fit:
    within = np.where(count[..., None, None] > 0, products, 0.0).sum(axis=axis, keepdims=True)
    square, mixed = within[..., 1:, 1:], within[..., 1:, 0]
    scale = np.where(constant, 0.0, 1 / np.sqrt(np.diagonal(square, axis1=-2, axis2=-1)))
    free = (count - (count > 0)).sum(axis=axis, keepdims=True)
    if scale.shape[-1] == 1:
        return _Fit(theta=scale**2 * mixed, rank=(~constant[..., 0]).astype(np.float64), free=free)
    values, vectors = np.linalg.eigh(square * scale[..., :, None] * scale[..., None, :])
    kept = values > _COLLINEAR
    turned = (np.swapaxes(vectors, -1, -2) @ (mixed * scale)[..., None])[..., 0]
    solved = (vectors @ np.where(kept, turned / values, 0.0)[..., None])[..., 0]
    return _Fit(theta=solved * scale, rank=kept.sum(axis=-1).astype(np.float64), free=free)
