"""A summary as a plain dict that JSON can hold."""

from __future__ import annotations

from typing import Any

from variate.analysis.outcomes import Row, Summary
from variate.stats import Difference, NotEstimable

Record = dict[str, Any]


def summary_record(summary: Summary) -> Record:
    """Return the summary as a dict; what is not estimable is ``{"not_estimable": reason}``."""
    return {
        "experiment_id": summary.experiment_id,
        "name": summary.name,
        "control": next(iter(summary.users)),
        "users": dict(summary.users),
        "crossed": summary.crossed,
        "unknown": summary.unknown,
        "outcomes": [
            {
                "event_type": outcome.event_type,
                "binary": outcome.binary,
                "rows": [_row_record(row) for row in outcome.rows],
            }
            for outcome in summary.outcomes
        ],
    }


def _row_record(row: Row) -> Record:
    return {
        "variation": row.variation,
        "users": row.users,
        "converted": row.converted,
        "rate": _number_record(row.rate),
        "mean": _number_record(row.mean),
        "rate_difference": _difference_record(row.rate_difference),
        "mean_difference": _difference_record(row.mean_difference),
    }


def _number_record(number: float | NotEstimable) -> float | Record:
    return {"not_estimable": number.reason.value} if isinstance(number, NotEstimable) else number


def _difference_record(found: Difference | NotEstimable | None) -> Record | None:
    if found is None:
        return None
    if isinstance(found, NotEstimable):
        return {"not_estimable": found.reason.value}
    return {
        "value": found.value,
        "standard_error": found.standard_error,
        "low": found.low,
        "high": found.high,
        "confidence": found.confidence,
    }
