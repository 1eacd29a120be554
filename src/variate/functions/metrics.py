"""Metrics: what experiments are judged by."""

from __future__ import annotations

from typing import Unpack

from variate.functions.rows import Rows, rows
from variate.model.metric_record import MetricFields, metric_record
from variate.model.record import Record
from variate.platform import default_platform


def create_metric(
    metric_id: str, kind: str, name: str | None = None, description: str = "", **fields: Unpack[MetricFields]
) -> Record:
    """Store a new metric and return it.

    ``kind`` is proportion, mean, ratio, quantile, retention or funnel. ``fields`` is any of ``MetricFields``: what it
    measures (``measure="purchase"``, or a dict), its window, its cap and the like, lengths of time in hours.
    """
    return metric_record(
        default_platform().create_metric(metric_id, kind=kind, name=name, description=description, **fields)
    )


def get_metric(metric_id: str) -> Record | None:
    """Return the metric, or None."""
    metric = default_platform().get_metric(metric_id)
    return None if metric is None else metric_record(metric)


def list_metrics(limit: int | None = None, last_key: str | None = None) -> Rows:
    """Return the metrics, in order of id: all of them or, with a ``limit``, one page."""
    return rows(default_platform().list_metrics, metric_record, limit=limit, last_key=last_key)


def update_metric(
    metric_id: str,
    kind: str | None = None,
    name: str | None = None,
    description: str | None = None,
    **fields: Unpack[MetricFields],
) -> Record:
    """Change what is given and return the metric. Of ``fields``, None takes away what there was.

    One that a started experiment is judged by keeps what it measures.
    """
    return metric_record(
        default_platform().update_metric(metric_id, kind=kind, name=name, description=description, **fields)
    )


def remove_metric(metric_id: str) -> Record:
    """Remove a metric that no experiment that has not ended is judged by, and return it as it was."""
    return metric_record(default_platform().remove_metric(metric_id))
