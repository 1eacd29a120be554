"""What is to be known of a comparison before one believes it, in words."""

from __future__ import annotations

import numpy as np

from variate.analysis.comparing import Compared
from variate.analysis.comparison import Method
from variate.analysis.wording import WHY, counted, percent
from variate.model.metric import MetricKind
from variate.stats.clusters import FEW_CLUSTERS
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.proportions import FEW_CONVERSIONS
from variate.stats.ratios import FEW_EFFECTIVE
from variate.stats.sequence import MIN_UNITS
from variate.stats.sides import code_of
from variate.stats.skewness import UNITS_PER_SQUARED_SKEWNESS, skewness

MUCH_CUT = 0.05
"""A cap that takes more of the total than this changes what is measured."""

_CONSTANT = code_of(NotEstimableReason.CONSTANT_COVARIATE)
_MOST_NEEDED = 1e15


def warnings_of(compared: Compared) -> list[tuple[str, ...]]:
    """Return the warnings of the comparisons of all units, by variation but the control."""
    count = compared.estimates.raw.count[0]
    effective = np.minimum(compared.estimates.raw.freedom[0] + 1, count)
    needed = _needed(compared)
    with np.errstate(invalid="ignore"):
        converted = compared.estimates.raw.estimate[0] * count
        left = count - converted
    found = []
    for place in range(1, len(count)):
        sides = (0, place)
        found.append(
            tuple(
                words
                for words in (
                    _early(compared, float(min(count[each] for each in sides))),
                    _few_conversions(compared, float(min(converted[each] for each in sides)), "did it"),
                    _few_conversions(compared, float(min(left[each] for each in sides)), "did not do it"),
                    _skewed(
                        float(max(needed[each] for each in sides)), count=float(min(count[each] for each in sides))
                    ),
                    _few_clusters(compared, float(sum(count[each] for each in sides))),
                    _few_effective(compared, float(min(effective[each] for each in sides))),
                    _much_cut(compared),
                    _no_covariate(compared),
                )
                if words is not None
            )
        )
    return found


def _needed(compared: Compared) -> Floats:
    """Return how many units each variation needs by the skewness of its values, 0 where that says nothing."""
    moments, metric = compared.estimates.moments, compared.metric
    if moments is None or metric.is_share or metric.kind is MetricKind.RATIO:
        return np.zeros(len(compared.estimates.raw.count[0]))
    with np.errstate(all="ignore"):
        needed = UNITS_PER_SQUARED_SKEWNESS * skewness(moments)[0] ** 2
    return np.where(np.isfinite(needed), needed, 0.0)


def _early(compared: Compared, fewest: float) -> str | None:
    if not _is_sequence(compared) or fewest >= MIN_UNITS:
        return None
    return f"There are fewer than {MIN_UNITS} units on one side, so that no interval is given yet."


def _few_conversions(compared: Compared, fewest: float, what: str) -> str | None:
    if not compared.metric.is_share or not fewest < FEW_CONVERSIONS:
        return None
    units = counted(round(fewest), "unit")
    return f"Only {units} {what} on one side; below {FEW_CONVERSIONS} the interval is rough."


def _skewed(needed: float, *, count: float) -> str | None:
    if not 2 <= count < needed < _MOST_NEEDED:
        return None
    return (
        f"The values are so skewed that {needed:,.0f} units a variation are needed before their mean is normal, and "
        f"one has {count:,.0f}: wait, or give the metric a cap."
    )


def _few_clusters(compared: Compared, total: float) -> str | None:
    if compared.metric.kind not in (MetricKind.RATIO, MetricKind.QUANTILE) or total >= FEW_CLUSTERS:
        return None
    return (
        f"There are {total:,.0f} units, fewer than {FEW_CLUSTERS}: too few for the error of a {compared.metric.kind}."
    )


def _few_effective(compared: Compared, fewest: float) -> str | None:
    if compared.metric.kind is not MetricKind.RATIO or not 0 < fewest < FEW_EFFECTIVE:
        return None
    reach = ", so that no interval is given yet" if _is_sequence(compared) else ": it is rough"
    return (
        f"Only about {counted(round(fewest), 'unit')} on one side have much of what is divided by, where "
        f"{FEW_EFFECTIVE} should{reach}."
    )


def _is_sequence(compared: Compared) -> bool:
    return compared.effects[0].rule.method is Method.CONFIDENCE_SEQUENCE


def _much_cut(compared: Compared) -> str | None:
    share = compared.estimates.cut_share
    if share is None or share <= MUCH_CUT:
        return None
    return (
        f"The cap took {percent(share)} of the total away, so that this is about another number than the uncapped one."
    )


def _no_covariate(compared: Compared) -> str | None:
    cuped = compared.estimates.cuped
    if cuped is None or not (cuped.reasons[0] == _CONSTANT).any():
        return None
    return f"It is not adjusted by its covariate: {WHY[NotEstimableReason.CONSTANT_COVARIATE]}."
