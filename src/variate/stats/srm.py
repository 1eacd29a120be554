"""Sample ratio mismatch: whether the units were shared out as configured.

If they were not, something kept units out of one variation or put them in another, and no comparison can be trusted.
The chi-square test against the configured weights (Fabijan et al. 2019) is for a look now and then; the Bayes factor of
a multinomial with a Dirichlet prior (Lindon & Malek 2022) is valid at every look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtrc, gammaln

from variate.errors import InvalidInputError
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.sides import Codes, code_of

THRESHOLD = 0.001
"""The p value below which a mismatch is flagged: 20 daily looks then give about 1 % false alarms."""
MIN_EXPECTED = 5.0
"""The fewest units expected in each variation for the chi-square distribution to hold (Cochran 1954)."""
PRIOR_UNITS = 100.0
"""How many units the prior of the Bayes factor is worth: how near the weights an alternative is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioTest:
    """Arrays of one shape: the chi-square ``statistic`` and its p value, NaN in cells that have a reason.

    Where units are in a variation that takes none, the statistic is infinite and p is 0: no chance puts them there.
    """

    statistic: Floats
    p_value: Floats
    reasons: Codes

    @property
    def flagged(self) -> npt.NDArray[np.bool_]:
        """Where there is a mismatch."""
        return self.p_value < THRESHOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialRatioTest:
    """Shape (..., looks): the logarithm of the Bayes factor against the weights, and p running: it never rises."""

    log_bayes_factor: Floats
    p_value: Floats


def sample_ratio(counts: npt.ArrayLike, *, weights: Sequence[float]) -> RatioTest:
    """Return the chi-square test of ``counts`` (..., variations) against the weights, one for each variation.

    The weights are in any scale. There is no p where no unit is (``NO_UNITS``), where fewer than two variations take
    units (``NO_COMPARISON``), and where fewer than ``MIN_EXPECTED`` units are expected in one (``TOO_FEW_UNITS``); but
    where units are in a variation of weight 0, p is 0 whatever else is.

    Raises ``InvalidInputError`` for weights that are not such, and for counts of another length or below 0.
    """
    found, shares = _checked(counts, weights)
    total = found.sum(axis=-1)
    takes = shares > 0
    expected = total[..., None] * shares[takes]
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = (np.square(found[..., takes] - expected) / expected).sum(axis=-1)
    misplaced = found[..., ~takes].sum(axis=-1) > 0
    reasons = np.zeros(total.shape, dtype=np.int8)
    reasons[(expected < MIN_EXPECTED).any(axis=-1)] = code_of(NotEstimableReason.TOO_FEW_UNITS)
    if takes.sum() < 2:
        reasons[...] = code_of(NotEstimableReason.NO_COMPARISON)
    reasons[total == 0] = code_of(NotEstimableReason.NO_UNITS)
    reasons[misplaced] = 0
    statistic = np.where(misplaced, np.inf, np.where(reasons == 0, statistic, np.nan))
    p = np.where(misplaced, 0.0, chdtrc(max(int(takes.sum()) - 1, 1), statistic))
    return RatioTest(statistic=statistic, p_value=p, reasons=reasons)


def sequential_sample_ratio(counts: npt.ArrayLike, *, weights: Sequence[float]) -> SequentialRatioTest:
    """Return the test at each look of ``counts`` (..., looks, variations), which are those of all units up to the look.

    With the prior Dirichlet(k w) on the shares, w the weights and k ``PRIOR_UNITS``, the Bayes factor is
    Gamma(k) / Gamma(k + n) prod Gamma(k w_i + n_i) / (Gamma(k w_i) w_i^n_i); p is 1 over the greatest so far, at most
    1. Units in a variation of weight 0 make it infinite. Without units, or with one variation, it is 1.

    Raises as ``sample_ratio`` does.
    """
    found, shares = _checked(counts, weights)
    takes = shares > 0
    prior = PRIOR_UNITS * shares[takes]
    here = found[..., takes]
    grown = gammaln(prior + here) - gammaln(prior) - here * np.log(shares[takes])
    logarithm = grown.sum(axis=-1) + gammaln(PRIOR_UNITS) - gammaln(PRIOR_UNITS + here.sum(axis=-1))
    logarithm = np.where(found[..., ~takes].sum(axis=-1) > 0, np.inf, logarithm)
    greatest = np.maximum.accumulate(np.maximum(logarithm, 0.0), axis=-1)
    return SequentialRatioTest(log_bayes_factor=logarithm, p_value=np.exp(-greatest))


def _checked(counts: npt.ArrayLike, weights: Sequence[float]) -> tuple[Floats, Floats]:
    """Return the counts and the shares, or raise."""
    shares = np.asarray(weights, dtype=np.float64)
    found = np.asarray(counts, dtype=np.float64)
    if shares.ndim != 1 or not np.isfinite(shares).all() or (shares < 0).any() or not shares.sum() > 0:
        raise InvalidInputError("weights", "must be numbers of 0 or more, and not all 0")
    if found.ndim == 0 or found.shape[-1] != len(shares):
        raise InvalidInputError("counts", f"must have one for each of the {len(shares)} weights")
    if not np.isfinite(found).all() or (found < 0).any():
        raise InvalidInputError("counts", "must be numbers of 0 or more")
    return found, shares / shares.sum()
