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
    """Return when events count, after the exposure: ``within 7d``, ``from 7d to 8d``."""
    start, end = metric.window_start, metric.window_end
    if not start:
        return "from the exposure on" if end is None else f"within {length_words(end)}"
    return f"from {length_words(start)} on" if end is None else f"from {length_words(start)} to {length_words(end)}"


def _measured(measure: Measure) -> str:
    of = measure.event_type if measure.field == VALUE_FIELD else f"{measure.event_type}'s {measure.field}"
    return f"{'sum' if measure.aggregation is Aggregation.SUM else 'number'} of {of}"


def length_words(length: timedelta) -> str:
    """Return the length as it is written: in whole days, or else in hours or minutes."""
    days = length / timedelta(days=1)
    if days.is_integer():
        return f"{days:.0f}d"
    found = length / timedelta(hours=1)
    return f"{found:g}h" if found >= 1 else f"{length / timedelta(minutes=1):g}m"
