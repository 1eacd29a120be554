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
from variate.stats.ratios import ROUNDING, ratio_side
from variate.stats.sides import Side, codes

Covariate = int | tuple[int, int]
"""A variable, or two whose ratio it is: upper and lower."""

_CONSTANT = 1e-26
_COLLINEAR = 1e-10
"""An eigenvalue of the covariates' correlations that is no more than this is of one that others make up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """A unit's part in an estimate: its variables by ``weights`` (..., k); ``upper / lower`` is the estimate."""

    weights: Floats
    upper: Floats
    lower: Floats


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
    with np.errstate(all="ignore"):
        parts = [_parts(moments, (upper, lower)), *(_parts(moments, _pair(each)) for each in covariates)]
        weights = np.stack([each.weights for each in parts], axis=-2)
        products = weights @ moments.products @ np.swapaxes(weights, -1, -2)
        finite = np.isfinite(products).all(axis=(-2, -1))
        enters = (plain.reasons == 0) & finite
        count = np.where(enters, moments.count, 0.0)
        within = np.where(enters[..., None, None], products, 0.0).sum(axis=axis, keepdims=True)
        constant = _constant(moments, parts[1:], weights, enters, within=within, axis=axis)
        theta, rank = _solved(within, constant)
        total = count.sum(axis=axis, keepdims=True)
        away = np.stack([_away(each, count, axis) for each in parts[1:]], axis=-1)
        estimate = plain.estimate - (theta * np.where(constant, 0.0, away)).sum(axis=-1)
        left = np.concatenate([np.ones_like(theta[..., :1]), -theta], axis=-1)[..., None, :]
        squares = (left @ products @ np.swapaxes(left, -1, -2))[..., 0, 0]
        squares = without_noise(squares, scale=ROUNDING * products[..., 0, 0])
        free = total - enters.sum(axis=axis, keepdims=True)
        freedom = moments.count - 1 - rank * moments.count / total
        variance = squares / (moments.count - 1) * free / (free - rank)
    own = codes(
        moments.count.shape,
        (np.logical_not(finite), NotEstimableReason.OUT_OF_RANGE),
        (np.broadcast_to(rank == 0, moments.count.shape), NotEstimableReason.CONSTANT_COVARIATE),
        (np.broadcast_to(free <= rank, moments.count.shape) | (freedom <= 0), NotEstimableReason.TOO_FEW_UNITS),
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


def _pair(covariate: Covariate) -> tuple[int, int | None]:
    return covariate if isinstance(covariate, tuple) else (covariate, None)


def _parts(moments: Moments, pair: tuple[int, int | None]) -> _Parts:
    upper, lower = pair
    weights = np.zeros(moments.mean.shape)
    if lower is None:
        weights[..., upper] = 1
        return _Parts(weights=weights, upper=moments.mean[..., upper], lower=np.ones(moments.count.shape))
    above, below = moments.mean[..., upper], moments.mean[..., lower]
    is_ratio = below > 0
    weights[..., upper] = np.where(is_ratio, 1 / below, 0.0)
    weights[..., lower] -= np.where(is_ratio, above / below**2, 0.0)
    return _Parts(weights=weights, upper=above, lower=below)


def _away(part: _Parts, count: Floats, axis: int) -> Floats:
    pooled = (count * part.upper).sum(axis=axis, keepdims=True) / (count * part.lower).sum(axis=axis, keepdims=True)
    return np.asarray(part.upper / part.lower - pooled)


def _constant(
    moments: Moments,
    parts: Sequence[_Parts],
    weights: Floats,
    enters: npt.NDArray[np.bool_],
    *,
    within: Floats,
    axis: int,
) -> npt.NDArray[np.bool_]:
    """Return which covariates are the same for all units but for rounding, or are ratios over nothing."""
    size = np.abs(weights[..., 1:, :])
    gross = np.einsum("...ij,...jk,...ik->...i", size, np.abs(moments.products), size)
    squares = np.einsum("...ij,...j->...i", size, np.abs(moments.mean)) ** 2 * moments.count[..., None]
    scale = np.where(enters[..., None], ROUNDING * gross + _CONSTANT * squares, 0.0).sum(axis=axis, keepdims=True)
    over_nothing = np.stack([(enters & ~(each.lower > 0)).any(axis=axis, keepdims=True) for each in parts], axis=-1)
    return np.asarray((np.diagonal(within, axis1=-2, axis2=-1)[..., 1:] <= scale) | over_nothing)


def _solved(within: Floats, constant: npt.NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return theta (..., p) and its rank, from the products of the response and p covariates."""
    square, mixed = within[..., 1:, 1:], within[..., 1:, 0]
    scale = np.where(constant, 0.0, 1 / np.sqrt(np.diagonal(square, axis1=-2, axis2=-1)))
    if scale.shape[-1] == 1:
        return scale**2 * mixed, (~constant[..., 0]).astype(np.float64)
    values, vectors = np.linalg.eigh(square * scale[..., :, None] * scale[..., None, :])
    kept = values > _COLLINEAR
    turned = (np.swapaxes(vectors, -1, -2) @ (mixed * scale)[..., None])[..., 0]
    solved = (vectors @ np.where(kept, turned / values, 0.0)[..., None])[..., 0]
    return solved * scale, kept.sum(axis=-1).astype(np.float64)
