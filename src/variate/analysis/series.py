"""A goal's effect day by day, over the units first exposed up to then, with its confidence sequence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from variate.analysis.comparing import beside, farthest_of
from variate.analysis.comparison import Effect, Method, Point, Series
from variate.analysis.effects import Rule, effects, within
from variate.analysis.estimating import cuped_side, judged, raw_side
from variate.analysis.gathering import Days, cumulative
from variate.model.metric import Metric
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable
from variate.stores.aggregates import MetricMoments, MetricQuantiles


def series_of(
    metric: Metric,
    found: MetricMoments | MetricQuantiles,
    *,
    days: Days,
    periods: int,
    variations: Sequence[str],
    alpha: float,
    planned: Floats,
) -> tuple[Series, ...]:
    """Return one series for each variation but the control; none of quantiles, which do not add up over days.

    ``planned`` is how many units of both sides each sequence is tuned to, in shape (1, variations but the control).
    """
    if isinstance(found, MetricQuantiles) or not days.numbers or len(variations) < 2:
        return ()
    moments = cumulative(found.moments, cells=found.cells, days=days, periods=periods, variations=len(variations))
    raw = raw_side(metric, moments, found.variables)
    side = judged(raw, cuped_side(metric, moments, found.variables)).side
    rule = Rule(method=Method.CONFIDENCE_SEQUENCE, alpha=alpha, planned=planned)
    rows = within(effects(*beside(side), rule=rule), farthest=farthest_of(metric)).rows()
    units = (moments.count[:, 1:] + moments.count[:, :1]).astype(np.int64).tolist()
    dates = days.dates
    return tuple(
        Series(
            variation=variations[column + 1],
            points=tuple(
                _point(rows[place][column], day=dates[place], units=units[place][column]) for place in range(len(dates))
            ),
        )
        for column in range(len(variations) - 1)
    )


def _point(effect: Effect | NotEstimable, *, day: date, units: int) -> Point:
    if isinstance(effect, NotEstimable):
        return Point(day=day, units=units, difference=effect, low=None, high=None)
    return Point(day=day, units=units, difference=effect.difference, low=effect.low, high=effect.high)
