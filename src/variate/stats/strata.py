"""Post-stratification: what is within strata, weighted by how many units are in each (Miratrix, Sekhon & Yu 2013).

With w_h the share of the units of all variations that are in stratum h, the estimate is sum(w_h m_h) and its squared
standard error sum(w_h^2 v_h / n_h): what the variations differ in by chance in the strata's sizes is gone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from variate.stats.moments import Floats, Moments
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.sides import Side, code_of, codes

_TOO_FEW = (code_of(NotEstimableReason.NO_UNITS), code_of(NotEstimableReason.TOO_FEW_UNITS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardised:
    """``moments`` have the shape of the strata's without their axis, and so has ``left_out``, a count of units."""

    moments: Moments
    left_out: Floats


def standardised(moments: Moments, *, least: int = 2, strata: int = 0) -> Standardised:
    """Return the moments as if every variation's units had come from the strata in the proportions that all have.

    For strata in which the variations have other shares, such as the time before and after a change of the weights:
    taken together, what differs between strata would look like an effect. Variations are the last axis. The mean is
    sum(w_h m_h), and the covariance of the variables over the count is sum(w_h^2 c_h / n_h), so that whatever is made
    of moments is made of these. Left out are the strata in which a variation, of those that have units, has fewer than
    ``least``, which is two or more.
    """
    has_any = moments.count.sum(axis=strata, keepdims=True) > 0
    kept = ((moments.count >= least) | ~has_any).all(axis=-1, keepdims=True) & has_any
    count = np.where(kept, moments.count, 0.0)
    size = count.sum(axis=-1, keepdims=True)
    units = count.sum(axis=strata)
    with np.errstate(all="ignore"):
        share = np.where(kept, size / size.sum(axis=strata, keepdims=True), 0.0)[..., None]
        mean = np.where(kept[..., None], share * moments.mean, 0.0).sum(axis=strata)
        spread = moments.products / (moments.count - 1)[..., None, None]
        parts = share[..., None] ** 2 * spread / moments.count[..., None, None]
        error = np.where(kept[..., None, None], parts, 0.0).sum(axis=strata)
        away = moments.mean - np.expand_dims(mean, strata)
        within = np.diagonal(moments.products, axis1=-2, axis2=-1) / moments.count[..., None]
        third = moments.cubes / moments.count[..., None] + 3 * away * within + away**3
        cubes = np.where(kept[..., None], share * third, 0.0).sum(axis=strata) * units[..., None]
    return Standardised(
        moments=Moments(count=units, mean=mean, products=error * (units * (units - 1))[..., None, None], cubes=cubes),
        left_out=moments.count.sum(axis=strata) - units,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratified:
    """``sides`` have the shape of the strata's without the axis of strata; so has ``left_out``, a count of units.

    Left out are the units of strata in which some variation has too few for an estimate.
    """

    sides: Side
    left_out: Floats


def post_stratified(sides: Side, *, strata: int = 0, variations: int = -1) -> Stratified:
    """Return the sides over all strata of sides by stratum, which are along these axes; of means, CUPED or not.

    The freedom is Satterthwaite's (1946). A variation without any units does not cost the others their strata.
    """
    strata, variations = strata % sides.count.ndim, variations % sides.count.ndim
    is_there = sides.count.sum(axis=strata, keepdims=True) > 0
    is_short = np.isin(sides.reasons, _TOO_FEW) & is_there
    kept = ~is_short.any(axis=variations, keepdims=True) & is_there
    count = np.where(kept, sides.count, 0.0)
    size = count.sum(axis=variations, keepdims=True)
    with np.errstate(all="ignore"):
        share = np.broadcast_to(size / size.sum(axis=strata, keepdims=True), kept.shape)
        units = count.sum(axis=strata)

        def weighed(values: Floats) -> Floats:
            return np.asarray(np.where(kept, share * values, 0.0).sum(axis=strata))

        parts = np.where(kept, share**2 * sides.squared_error, 0.0)
        error = parts.sum(axis=strata)
        spent = np.where(parts > 0, parts**2 / sides.freedom, 0.0).sum(axis=strata)
        freedom = np.where(spent > 0, error**2 / spent, units - 1)
        own = sides.baseline_variance
        spread = None if own is None else weighed(share * own / sides.count) * units
    reasons = codes(
        units.shape,
        (~np.squeeze(is_there, axis=strata), NotEstimableReason.NO_UNITS),
        (units == 0, NotEstimableReason.TOO_FEW_UNITS),
    )
    merged = Side(
        count=units,
        estimate=weighed(sides.estimate),
        variance=error * units,
        freedom=freedom,
        baseline=weighed(sides.baseline),
        reasons=np.maximum(reasons, np.where(kept, sides.reasons, 0).max(axis=strata)),
        baseline_variance=spread,
    )
    return Stratified(sides=merged, left_out=sides.count.sum(axis=strata) - units)
