"""Sample ratio mismatch: whether the units were shared out as configured.

If they were not, something kept units out of one variation or put them in another, and no comparison can be trusted.
The chi-square test against the configured weights (Fabijan et al. 2019) is for a look now and then; the Bayes factor of
a multinomial with a Dirichlet prior (Lindon & Malek 2022) is valid at every look. Where the weights were changed on the
way, each period's units are tested against its own: independent chi-squares add up to one, as do their degrees of
freedom, and Bayes factors multiply.
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


def sample_ratio_by_period(counts: npt.ArrayLike, *, weights: Sequence[Sequence[float]]) -> RatioTest:
    """Return the chi-square test of ``counts`` (..., periods, variations), each period's against its own weights.

    A period without a p of its own, as ``sample_ratio`` says, adds nothing. Where none has one, the reason is the most
    that any of them has: ``TOO_FEW_UNITS`` before ``NO_COMPARISON`` before ``NO_UNITS``. Raises as ``sample_ratio``.
    """
    found = _by_period(counts, weights)
    parts = [sample_ratio(found[..., place, :], weights=each) for place, each in enumerate(weights)]
    statistic, freedom = np.zeros(found.shape[:-2]), np.zeros(found.shape[:-2])
    for part, each in zip(parts, weights, strict=True):
        is_tested = part.reasons == 0
        statistic += np.where(is_tested, part.statistic, 0.0)
        freedom += is_tested * max(np.count_nonzero(each) - 1, 1)
    reasons = np.zeros(statistic.shape, dtype=np.int8)
    for reason in (
        NotEstimableReason.NO_UNITS,
        NotEstimableReason.NO_COMPARISON,
        NotEstimableReason.TOO_FEW_UNITS,
    ):
        has_reason = np.any([part.reasons == code_of(reason) for part in parts], axis=0)
        reasons[(freedom == 0) & has_reason] = code_of(reason)
    p = np.where(np.isinf(statistic), 0.0, chdtrc(np.maximum(freedom, 1), statistic))
    is_none = reasons != 0
    return RatioTest(
        statistic=np.where(is_none, np.nan, statistic), p_value=np.where(is_none, np.nan, p), reasons=reasons
    )


def sequential_sample_ratio_by_period(
    counts: npt.ArrayLike, *, weights: Sequence[Sequence[float]]
) -> SequentialRatioTest:
    """Return the test at each look of ``counts`` (..., looks, periods, variations), of all units up to the look.

    The Bayes factor is the product of those of the periods. Raises as ``sample_ratio`` does.
    """
    found = _by_period(counts, weights)
    parts = [sequential_sample_ratio(found[..., place, :], weights=each) for place, each in enumerate(weights)]
    logarithm = np.sum([part.log_bayes_factor for part in parts], axis=0)
    greatest = np.maximum.accumulate(np.maximum(logarithm, 0.0), axis=-1)
    return SequentialRatioTest(log_bayes_factor=logarithm, p_value=np.exp(-greatest))


def _by_period(counts: npt.ArrayLike, weights: Sequence[Sequence[float]]) -> Floats:
    """Return the counts, or raise where they are not of as many periods as the weights."""
    found = np.asarray(counts, dtype=np.float64)
    if not weights or found.ndim < 2 or found.shape[-2] != len(weights):
        raise InvalidInputError("counts", f"must be of {len(weights)} periods, one or more, as the weights are")
    return found


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
