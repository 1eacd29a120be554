"""Post-stratification: what is within strata, weighted by how many units are in each (Miratrix, Sekhon & Yu 2013).

With w_h the share of the units of all variations that are in stratum h, the estimate is sum(w_h m_h) and its squared
standard error sum(w_h^2 v_h / n_h): what the variations differ in by chance in the strata's sizes is gone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.sides import Side, code_of, codes

_TOO_FEW = (code_of(NotEstimableReason.NO_UNITS), code_of(NotEstimableReason.TOO_FEW_UNITS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratified:
    """``sides`` have the shape of the strata's without the axis of strata; so has ``left_out``, a count of units.

    Left out are the units of strata in which some variation has fewer than 2.
    """

    sides: Side
    left_out: Floats


def post_stratified(sides: Side, *, strata: int = 0, variations: int = -1) -> Stratified:
    """Return the sides over all strata of sides by stratum, which are along these axes; of means, CUPED or not.

    The freedom is Satterthwaite's (1946). A variation without any units does not skip the strata of the others.
    """
    dimensions = sides.count.ndim
    strata, variations = strata % dimensions, variations % dimensions
    with np.errstate(all="ignore"):
        is_empty = sides.count.sum(axis=strata, keepdims=True) == 0
        too_few = np.isin(sides.reasons, _TOO_FEW)
        is_kept = ~(too_few & ~is_empty).any(axis=variations, keepdims=True) & ~is_empty.all(
            axis=variations, keepdims=True
        )
        count = np.where(is_kept, sides.count, 0.0)
        size = count.sum(axis=variations, keepdims=True)
        share = size / size.sum(axis=strata, keepdims=True)
        part = np.where(is_kept, share**2 * sides.squared_error, 0.0)
        kept = count.sum(axis=strata)
        error = part.sum(axis=strata)
        worst = np.where(is_kept & ~is_empty, sides.reasons, 0).max(axis=strata)
        raw = sides.baseline_variance
        spread = None if raw is None else np.where(is_kept, share**2 * raw / sides.count, 0.0).sum(axis=strata) * kept
        merged = Side(
            count=kept,
            estimate=np.where(is_kept, share * sides.estimate, 0.0).sum(axis=strata),
            variance=error * kept,
            freedom=np.where(
                error > 0,
                1
                / np.where(part > 0, (part / np.expand_dims(error, strata)) ** 2 / sides.freedom, 0.0).sum(axis=strata),
                kept - 1,
            ),
            baseline=np.where(is_kept, share * sides.baseline, 0.0).sum(axis=strata),
            reasons=np.where(
                worst > 0,
                worst,
                codes(
                    kept.shape,
                    (np.squeeze(is_empty, axis=strata), NotEstimableReason.NO_UNITS),
                    (kept == 0, NotEstimableReason.TOO_FEW_UNITS),
                ),
            ).astype(np.int8),
            baseline_variance=spread,
        )
    return Stratified(sides=merged, left_out=sides.count.sum(axis=strata) - kept)
