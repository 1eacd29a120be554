"""The report of a file's answer: a file has no experiment, so its columns stand for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from variate.analysis.building import build_report
from variate.analysis.report import Report
from variate.analysis.subject import Subject
from variate.errors import InvalidInputError
from variate.model.design import ExperimentMetric
from variate.model.metric import Aggregation, Measure, Metric, MetricKind
from variate.model.plan import Plan
from variate.stores.aggregates import OVERALL, Answer, Question
from variate.stores.duckdb.file_question import FileMetric, FileQuestion

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def report_of_file(
    question: FileQuestion,
    answer: Answer,
    *,
    name: str,
    roles: Sequence[ExperimentMetric],
    weights: Mapping[str, float],
    alpha: float,
    at: datetime,
) -> Report:
    """Return the report of what the file says, looked at once: the units that are there are all that were planned.

    ``weights`` are by variation, all equal where there are none.
    """
    overall = [place for place, dimension in enumerate(answer.units.cells.dimension) if dimension == OVERALL]
    units = int(answer.units.count[overall].sum())
    days = answer.units.cells.day
    first = int(days[days >= 0].min()) if (days >= 0).any() else None
    start = at if first is None else min(_EPOCH + timedelta(days=first), at)
    subject = Subject(
        experiment_id=name,
        name=name,
        unit_type=question.unit,
        weights=tuple((variation, weights.get(variation, 1.0)) for variation in question.variations),
        metrics=tuple(roles),
        plan=Plan(units=max(units, 2), looks=1, alpha=alpha),
    )
    asked = Question(
        experiment_id=name,
        variations=question.variations,
        start=start,
        until=at,
        at=at,
        metrics=tuple(_metric(metric, at=at) for metric in question.metrics),
        dimensions=question.dimensions,
    )
    return build_report(subject, question=asked, answer=answer)


def weights_of(text: str | None) -> dict[str, float]:
    """Return the weights by variation, of ``a=1,b=1``."""
    weights: dict[str, float] = {}
    for part in (text or "").split(",") if text else ():
        name, equals, weight = part.rpartition("=")
        try:
            number = float(weight)
        except ValueError:
            number = -1.0
        if not (equals and name) or not 0 <= number < float("inf"):
            raise InvalidInputError("--weights", f"must be NAME=WEIGHT,NAME=WEIGHT, such as a=1,b=1, not {text!r}")
        if name in weights:
            raise InvalidInputError("--weights", f"names {name!r} twice")
        weights[name] = number
    return weights


def _metric(metric: FileMetric, *, at: datetime) -> Metric:
    """Return the metric as a report knows it: a column is what an event type is to the platform."""
    is_summed = metric.kind in (MetricKind.MEAN, MetricKind.RATIO)
    aggregation = Aggregation.SUM if is_summed else Aggregation.COUNT
    lower = metric.denominator
    return Metric(
        id=metric.name,
        name=metric.name,
        kind=metric.kind or MetricKind.MEAN,
        direction=metric.direction,
        measure=Measure(event_type=metric.column, aggregation=aggregation),
        denominator=None if lower is None else Measure(event_type=lower, aggregation=Aggregation.SUM),
        quantile=metric.quantile,
        cap_quantile=metric.cap_quantile,
        created_at=at,
        updated_at=at,
    )
