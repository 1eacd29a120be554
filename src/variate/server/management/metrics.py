"""``/metrics``: what experiments are judged by."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Response
from pydantic import Field

from variate.model.metric import Metric as MetricValue
from variate.model.metric_record import metric_record
from variate.server.management.asking import Actor, Id, Served
from variate.server.management.conditional import Expected, decided_on
from variate.server.management.groups import Group
from variate.server.management.needs import CHANGES
from variate.server.management.routes import Routes
from variate.server.management.shapes import Definition, Given, NewId, Told, absent, example

MetricKind = Literal["proportion", "mean", "ratio", "quantile", "retention", "funnel"]

_MEASURE = "The events that are measured: their type, or an object. Every kind but a funnel has one."


class MeasureGiven(Given):
    """The events of a type: how many a unit has, or the sum of the numbers in their data."""

    event_type: str
    aggregation: Literal["count", "sum"] = absent("`count` unless given.")
    field: str = absent("Where in the data the number is; `value` unless given.")


class MeasuringGiven(Given):
    """What is measured; which members go with which kind, a 422 tells."""

    direction: Literal["increase", "decrease"] = absent("Which way is better; `increase` unless given.")
    measure: str | MeasureGiven | None = absent(_MEASURE)
    denominator: str | MeasureGiven | None = absent("Of a ratio: what it divides by.")
    steps: list[str] = absent("Of a funnel: event types, in the order in which they have to come.")
    quantile: float | None = absent("Of a quantile: which, between 0 and 1.")
    window_start_hours: float = absent("From how long after its exposure a unit's events count.")
    window_end_hours: float | None = absent("Until how long after its exposure they count; null for ever.")
    cap_quantile: float | None = absent("Of a mean or ratio: the quantile to which greater values are cut.")
    covariate_hours: float | None = absent("How long before its exposure a unit's events are its covariate.")


class NewMetric(MeasuringGiven):
    """A new metric."""

    model_config = example(
        id="revenue",
        name="Revenue a user",
        kind="mean",
        measure={"event_type": "purchase", "aggregation": "sum"},
        window_end_hours=168,
        covariate_hours=336,
    )

    id: NewId
    name: str = absent("Its name; the id unless given.")
    description: str = absent("What it is, in words.")
    kind: MetricKind


class MetricChange(MeasuringGiven):
    """What is to change; null takes away what there was."""

    model_config = example(description="In the week after the exposure", cap_quantile=0.99)

    name: str = absent("Its name.")
    description: str = absent("What it is, in words.")
    kind: MetricKind = absent("How events become a number.")


class Measure(Told):
    """The events of a type: how many a unit has, or the sum of the numbers in their data."""

    event_type: str
    aggregation: Literal["count", "sum"]
    field: str


class MetricDefinition(Definition):
    """What is measured of each unit from its exposure on, and which way is better."""

    model_config = example(
        id="revenue",
        name="Revenue a user",
        description="",
        kind="mean",
        direction="increase",
        measure={"event_type": "purchase", "aggregation": "sum", "field": "value"},
        denominator=None,
        steps=[],
        quantile=None,
        window_start_hours=0,
        window_end_hours=168,
        cap_quantile=None,
        covariate_hours=336,
        revision=1,
        created_at="2026-11-02T09:00:00.000000Z",
        updated_at="2026-11-02T09:00:00.000000Z",
    )

    kind: MetricKind
    direction: Literal["increase", "decrease"]
    measure: Measure | None = Field(description=_MEASURE)
    denominator: Measure | None
    steps: list[str]
    quantile: float | None
    window_start_hours: float
    window_end_hours: float | None
    cap_quantile: float | None
    covariate_hours: float | None


routes = Routes("Metrics", "What experiments are judged by.")
_group: Group[MetricValue] = Group(
    routes=routes,
    kind="metric",
    model=MetricDefinition,
    record=metric_record,
    get=lambda platform: platform.get_metric,
    list=lambda platform: platform.list_metrics,
    remove=lambda platform: platform.remove_metric,
    unused="that no experiment that has not ended is judged by",
)
_group.offer()


@routes.post(_group.path, needs=CHANGES, answers=MetricDefinition, status=201)
def create_metric(body: NewMetric, platform: Served, actor: Actor) -> Response:
    """Create a metric."""
    given: dict[str, Any] = body.given
    return _group.created(platform.create_metric(given.pop("id"), **given, actor=actor))


@routes.patch(_group.one, needs=CHANGES, answers=MetricDefinition)
def update_metric(
    definition_id: Id, body: MetricChange, platform: Served, actor: Actor, expected: Expected
) -> Response:
    """Change what is given. One that a started experiment is judged by keeps what it measures."""
    with decided_on(expected):
        after = platform.update_metric(definition_id, **body.given, expected_revision=expected, actor=actor)
    return _group.changed(after)
