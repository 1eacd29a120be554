"""The charts of a report: what of it goes into which."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from variate.analysis.comparison import Comparison, Finding, MetricResult, Point, Safety, Series
from variate.analysis.report import RatioTest, Report
from variate.rendering import words
from variate.rendering.charts import (
    CumulativeChart,
    CumulativePoint,
    DayShares,
    ForestChart,
    ForestRow,
    Reading,
    SharesChart,
)
from variate.rendering.metric_tables import slice_name
from variate.stats.not_estimable import NotEstimable

_FARTHEST_DAYS = 3_650
"""An end farther away is no day to plan for, and a date cannot hold any."""
_READINGS = {Finding.BETTER: Reading.BETTER, Finding.WORSE: Reading.WORSE, Finding.NOT_SHOWN: Reading.UNCLEAR}


def lifts_chart(report: Report) -> ForestChart:
    """Return the lift of every variation in every metric, of all units."""
    rows = [_row(each, group=metric.name) for metric in report.metrics for each in _overall(metric)]
    return ForestChart(title="Lifts of all metrics", rows=tuple(rows))


def slices_chart(metric: MetricResult) -> ForestChart:
    """Return the lift of every variation in every slice of the metric."""
    rows = [
        _row(each, group=f"{part.dimension}: {slice_name(part)}" if part.dimension else "all units")
        for part in metric.slices
        for each in part.comparisons
    ]
    return ForestChart(title=f"Lifts of {metric.name} by dimension", rows=tuple(rows))


def charted_series(metric: MetricResult) -> list[Series]:
    """Return the courses of the variations whose effect is known on some day."""
    return [each for each in metric.series if any(map(_is_known, reversed(each.points)))]


def cumulative_chart(report: Report, metric: MetricResult, series: Series) -> CumulativeChart:
    """Return the chart of one of ``charted_series``."""
    end = report.progress.planned_end
    return CumulativeChart(
        title=f"{metric.name}, {series.variation}: the difference as it was known at the end of each day",
        points=tuple(_points(series)),
        quantity=words.quantity_of(metric),
        looks=tuple(look.at.date() for look in report.progress.looks),
        planned_looks=_planned_looks(report),
        end=None if end is None else end.date(),
    )


def shares_chart(report: Report) -> SharesChart | None:
    """Return each day's shares of units; None where the days are not known."""
    days = [
        DayShares(day=each.day, units=each.units, expected=_shares_of(report, each))
        for each in report.health.by_day
        if each.day is not None
    ]
    if not days:
        return None
    return SharesChart(
        title="Each day's share of units",
        variations=tuple(each.name for each in report.variations),
        expected=tuple(each.share for each in report.variations),
        days=tuple(days),
    )


def _shares_of(report: Report, test: RatioTest) -> tuple[float, ...]:
    """Return each variation's share of the units that are expected; nothing where the weights were never changed."""
    total = sum(test.units)
    if len(report.health.periods) < 2 or not total:
        return ()
    return tuple(each / total for each in test.expected)


def _planned_looks(report: Report) -> tuple[date, ...]:
    """Return the days about which the plan has further looks, where it is known how long it still takes.

    The plan shares its looks out evenly over its units, so they are where the units of the plan's next parts will be.
    """
    progress, looks = report.progress, report.reproduction.plan.looks
    end = _expected_end(report)
    if end is None or progress.planned_units is None or progress.fraction is None or progress.fraction >= 1:
        return ()
    after = math.floor(progress.fraction * looks + 1e-9) + 1
    shares = [(number / looks - progress.fraction) / (1 - progress.fraction) for number in range(after, looks + 1)]
    days = [(report.at + share * (end - report.at)).date() for share in shares]
    return tuple(dict.fromkeys(days))


def _expected_end(report: Report) -> datetime | None:
    """Return when the plan ends: at the moment that was planned, or when the rest of its units are in."""
    progress = report.progress
    if progress.is_ended:
        return None
    if progress.planned_end is not None:
        return progress.planned_end if progress.planned_end > report.at else None
    if progress.days_left is None or progress.days_left > _FARTHEST_DAYS:
        return None
    return report.at + timedelta(days=progress.days_left)


def reading_of(comparison: Comparison) -> Reading:
    """Return what a comparison says; a guardrail that is harmed is worse, whatever else was found."""
    if comparison.guard is not None and comparison.guard.safety is Safety.HARMED:
        return Reading.WORSE
    return _READINGS[comparison.finding]


def _overall(metric: MetricResult) -> Sequence[Comparison]:
    return metric.overall.comparisons if metric.overall else ()


def _row(each: Comparison, *, group: str) -> ForestRow:
    effect = each.effect
    if isinstance(effect, NotEstimable):
        return ForestRow(group=group, name=each.variation, value=None, note=words.reason_words(effect))
    if isinstance(effect.lift, NotEstimable):
        note = f"no lift: {words.reason_words(effect.lift)}"
        return ForestRow(group=group, name=each.variation, value=None, note=note)
    low, high = words.ends(effect.lift)
    return ForestRow(
        group=group, name=each.variation, value=effect.lift.value, low=low, high=high, reading=reading_of(each)
    )


def _is_known(point: Point) -> bool:
    return not isinstance(point.difference, NotEstimable)


def _points(series: Series) -> Iterator[CumulativePoint]:
    for point in series.points:
        if not isinstance(point.difference, NotEstimable):
            low = -math.inf if point.low is None else point.low
            high = math.inf if point.high is None else point.high
            yield CumulativePoint(day=point.day, value=point.difference, low=low, high=high)
