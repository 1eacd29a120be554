"""What a metric measures, and when, on one line, as a person reads it."""

from __future__ import annotations

from datetime import timedelta

from variate.model.metric import VALUE_FIELD, Aggregation, Measure, Metric, MetricKind


def measured(metric: Metric) -> str:
    """Return what the metric measures on one line: ``sum of purchase``, ``view, then cart``."""
    of = "" if metric.measure is None else _measured(metric.measure)
    match metric.kind:
        case MetricKind.RATIO if metric.denominator is not None:
            return f"{of} / {_measured(metric.denominator)}"
        case MetricKind.QUANTILE:
            return f"quantile {metric.quantile:g} of {of.removeprefix('number of ')}"
        case MetricKind.FUNNEL:
            return f"users with {', then '.join(metric.steps)}"
        case MetricKind.PROPORTION | MetricKind.RETENTION:
            return f"users with {of.removeprefix('number of ')}"
    return f"{of}, a user"


def window_words(metric: Metric) -> str:
    """Return when events count, after the exposure: ``within 7 days``, ``from 7 days to 8 days``."""
    start, end = metric.window_start, metric.window_end
    if not start:
        return "from the exposure on" if end is None else f"within {length_words(end)}"
    return f"from {length_words(start)} on" if end is None else f"from {length_words(start)} to {length_words(end)}"


def _measured(measure: Measure) -> str:
    of = measure.event_type if measure.field == VALUE_FIELD else f"{measure.event_type}'s {measure.field}"
    return f"{'sum' if measure.aggregation is Aggregation.SUM else 'number'} of {of}"


def length_words(length: timedelta) -> str:
    """Return the length as a person reads it: in whole days, or else in hours or minutes: ``7 days``, ``1.5 hours``."""
    days = length / timedelta(days=1)
    if days.is_integer():
        return _counted(days, "day")
    hours = length / timedelta(hours=1)
    return _counted(hours, "hour") if hours >= 1 else _counted(length / timedelta(minutes=1), "minute")


def _counted(number: float, unit: str) -> str:
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
