"""How often a test was wrong in an A/A check, and what to do about it, in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from variate.analysis.wording import WHY, percent
from variate.model.metric import Metric, MetricKind
from variate.stats.not_estimable import NotEstimable
from variate.stats.proportions import FEW_CONVERSIONS
from variate.stats.skewness import UNITS_PER_SQUARED_SKEWNESS


class Agreement(StrEnum):
    """Whether a test is wrong as often as it says."""

    AGREES = "agrees"
    TOO_OFTEN = "too_often"
    TOO_RARELY = "too_rarely"
    """Its results are safe, but it finds less than it might."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRate:
    """How often one estimator's test was wrong, of ``runs`` in which it could be made; of ``failed`` it could not.

    ``rate`` is the share that rejected, and the rate of ever more runs is between ``low`` and ``high`` with the
    confidence of the check. ``above`` is the share that found the treatment's value greater, ``below`` less: where a
    metric is skewed and the sides are not of one size, they differ. ``coverage`` is the share whose interval held 0.
    """

    runs: int
    failed: int
    rate: float
    low: float
    high: float
    above: float
    below: float
    coverage: float
    agreement: Agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What advice depends on: a metric tested at ``alpha``, whose smallest side has about ``smallest`` units.

    ``mean`` and ``skewness`` are those of the units' values, None where they are not known.
    """

    metric: Metric
    alpha: float
    smallest: float
    mean: float | None
    skewness: float | None

    @property
    def conversions(self) -> float | None:
        """About how many units convert on the smallest side, None where the metric is no share."""
        return None if self.mean is None or not self.metric.is_share else self.mean * self.smallest

    @property
    def needed(self) -> float | None:
        """How many units a side the skewness asks for, None where it is not known or there are enough."""
        if self.skewness is None or self.metric.is_share:
            return None
        needed = UNITS_PER_SQUARED_SKEWNESS * self.skewness**2
        return needed if needed > self.smallest else None


def advice(
    situation: Situation, plain: ErrorRate | NotEstimable, adjusted: ErrorRate | NotEstimable | None = None
) -> str:
    """Return what to do about the metric, empty where its tests are wrong as often as they say."""
    if isinstance(plain, NotEstimable):
        return f"It could not be tested: {WHY[plain.reason]}."
    if plain.agreement is Agreement.TOO_OFTEN:
        return f"{_wrong(situation, plain)} {_why(situation)}"
    if isinstance(adjusted, NotEstimable):
        return f"It could not be tested with its covariate: {WHY[adjusted.reason]}."
    if adjusted is not None and adjusted.agreement is Agreement.TOO_OFTEN:
        return (
            f"{_wrong(situation, adjusted)} Without its covariate it is not: leave that out until there are more units."
        )
    if any(each is not None and each.agreement is Agreement.TOO_RARELY for each in (plain, adjusted)):
        return f"What it finds can be trusted, but it finds less than it might. {_why(situation)}"
    return ""


def _wrong(situation: Situation, rate: ErrorRate) -> str:
    return f"Its test at {percent(situation.alpha)} was wrong in {percent(rate.rate)} of the runs: do not ship by it."


def _why(situation: Situation) -> str:
    if situation.conversions is not None and situation.conversions < FEW_CONVERSIONS:
        return (
            f"Only about {situation.conversions:,.0f} units do it on the smallest side: wait until there are "
            f"{FEW_CONVERSIONS}."
        )
    if situation.needed is not None:
        way = "" if situation.metric.cap_quantile is None else "lower "
        return (
            f"The values are so skewed that {situation.needed:,.0f} units a variation are needed before their mean is "
            f"normal, and the smallest has {situation.smallest:,.0f}: give the metric a {way}cap, or wait."
        )
    if situation.metric.kind in (MetricKind.RATIO, MetricKind.MEAN):
        return "A few units may hold much of it: give the metric a cap, or wait for more units."
    return "Wait for more units."
