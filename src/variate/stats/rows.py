"""What cannot be told from moments and reads every unit's value: the rank test and the bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import special, stats

from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable, NotEstimableReason

Statistic = Callable[[Floats], float]
"""A number of a sample, such as ``np.mean``."""

_GROUPS = 200
"""Most groups that the jackknife leaves out in turn."""


class BootstrapInterval(StrEnum):
    """How an interval is read from the redrawn differences."""

    PERCENTILE = "percentile"
    BCA = "bca"
    """Corrected for bias and skewness (Efron 1987)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """``statistic`` is U of Mann & Whitney (1947), ``p_value`` two-sided and corrected for ties.

    ``superiority`` is the chance that a unit of the treatment has more than one of the control, ties counted half.
    """

    statistic: float
    p_value: float
    superiority: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrapped:
    """The difference of a statistic between two samples, by ``draws`` redrawn pairs."""

    value: float
    standard_error: float
    low: float
    high: float
    draws: int


def rank_test(treatment: Floats, control: Floats) -> RankTest | NotEstimable:
    """Return the rank test of two samples: whether one tends to have more than the other."""
    problem = _problem(treatment, control)
    if problem is not None:
        return problem
    if min(treatment.min(), control.min()) == max(treatment.max(), control.max()):
        return NotEstimable(NotEstimableReason.ZERO_VARIANCE)
    found = stats.mannwhitneyu(treatment, control, alternative="two-sided")
    return RankTest(
        statistic=float(found.statistic),
        p_value=float(found.pvalue),
        superiority=float(found.statistic) / (len(treatment) * len(control)),
    )


def bootstrap(
    treatment: Floats,
    control: Floats,
    *,
    statistic: Statistic,
    generator: np.random.Generator,
    draws: int = 2_000,
    alpha: float = 0.05,
    interval: BootstrapInterval = BootstrapInterval.PERCENTILE,
) -> Bootstrapped | NotEstimable:
    """Return the difference of ``statistic`` between the samples, each redrawn with replacement (Efron 1979)."""
    problem = _problem(treatment, control)
    if problem is not None:
        return problem
    value = statistic(treatment) - statistic(control)
    redrawn = np.array([_redrawn(treatment, statistic, generator) for _ in range(draws)])
    redrawn -= [_redrawn(control, statistic, generator) for _ in range(draws)]
    if redrawn.min() == redrawn.max():
        return NotEstimable(NotEstimableReason.ZERO_VARIANCE)
    ends = np.array([alpha / 2, 1 - alpha / 2])
    if interval is BootstrapInterval.BCA:
        ends = _corrected(ends, redrawn, value=value, skew=_acceleration(treatment, control, statistic))
    low, high = np.quantile(redrawn, ends)
    return Bootstrapped(
        value=float(value), standard_error=float(redrawn.std(ddof=1)), low=float(low), high=float(high), draws=draws
    )


def _problem(treatment: Floats, control: Floats) -> NotEstimable | None:
    fewest = min(len(treatment), len(control))
    if fewest == 0:
        return NotEstimable(NotEstimableReason.NO_UNITS)
    if fewest == 1:
        return NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
    if not (np.isfinite(treatment).all() and np.isfinite(control).all()):
        return NotEstimable(NotEstimableReason.OUT_OF_RANGE)
    return None


def _redrawn(values: Floats, statistic: Statistic, generator: np.random.Generator) -> float:
    return statistic(values[generator.integers(len(values), size=len(values))])


def _corrected(ends: Floats, redrawn: Floats, *, value: float, skew: float) -> Floats:
    """Return the shares at which to read for the nominal ones (Efron 1987, equation 2.3)."""
    # Half of those that are just the value are below it. Beyond all the draws there is no more to correct by.
    below = (np.count_nonzero(redrawn < value) + np.count_nonzero(redrawn <= value)) / (2 * len(redrawn))
    bias = special.ndtri(np.clip(below, 0.5 / len(redrawn), 1 - 0.5 / len(redrawn)))
    moved = bias + special.ndtri(ends)
    return np.asarray(special.ndtr(bias + moved / (1 - skew * moved)), dtype=np.float64)


def _acceleration(treatment: Floats, control: Floats, statistic: Statistic) -> float:
    """Return the acceleration by the jackknife over groups of units: cumulants add up, so groups do as well."""
    influence = np.concatenate([_influence(treatment, statistic), -_influence(control, statistic)])
    squares = float((influence**2).sum())
    return float((influence**3).sum()) / (6 * squares**1.5) if squares > 0 else 0.0


def _influence(values: Floats, statistic: Statistic) -> Floats:
    groups = np.arange(len(values)) % min(_GROUPS, len(values))
    without = np.array([statistic(values[groups != each]) for each in range(groups.max() + 1)])
    return np.asarray(without.mean() - without)
