"""An A/A check as a plain dict that JSON can hold."""

from __future__ import annotations

from typing import Any

from variate.analysis.aa import MetricCheck, SelfCheck
from variate.analysis.aa_advice import ErrorRate
from variate.stats.not_estimable import NotEstimable

Record = dict[str, Any]


def self_check_record(check: SelfCheck) -> Record:
    """Return the check as a dict; what is not estimable is ``{"not_estimable": reason}``."""
    return {
        "alpha": check.alpha,
        "runs": check.runs,
        "weights": list(check.weights),
        "confidence": check.confidence,
        "metrics": [_metric_record(each) for each in check.metrics],
    }


def _metric_record(metric: MetricCheck) -> Record:
    return {
        "metric_id": metric.metric_id,
        "kind": metric.kind.value,
        "units": metric.units,
        "agrees": metric.agrees,
        "plain": _rate_record(metric.plain),
        "adjusted": None if metric.adjusted is None else _rate_record(metric.adjusted),
        "skewness": metric.skewness,
        "advice": metric.advice,
    }


def _rate_record(rate: ErrorRate | NotEstimable) -> Record:
    if isinstance(rate, NotEstimable):
        return {"not_estimable": rate.reason.value}
    return {
        "runs": rate.runs,
        "failed": rate.failed,
        "rate": rate.rate,
        "low": rate.low,
        "high": rate.high,
        "above": rate.above,
        "below": rate.below,
        "coverage": rate.coverage,
        "agreement": rate.agreement.value,
    }
