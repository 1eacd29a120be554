"""The metrics: what experiments are judged by. Their form has the fields of the kind that is chosen."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from variate.model.metric import Metric, MetricKind
from variate.model.metric_record import metric_record
from variate.rendering.metric_definition_words import length_words, measured, window_words
from variate.server.dashboard.form import Form
from variate.server.dashboard.groups.kind import Kind
from variate.server.dashboard.groups.uses import of_metric
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()
METRICS: Kind[Metric] = Kind(
    name="metric",
    title="Metrics",
    part="metric-catalog",
    get=lambda platform: platform.get_metric,
    list=lambda platform: platform.list_metrics,
    remove=lambda platform: platform.remove_metric,
    uses=of_metric,
    words={"measured": measured, "window_words": window_words},
)

KINDS: tuple[tuple[str, str], ...] = (
    ("proportion", "Proportion: the share of users who did it at all"),
    ("mean", "Mean: how many a user has, or how much they come to"),
    ("ratio", "Ratio: one measure over another, such as revenue an order"),
    ("quantile", "Quantile: what so many of the events' values stay below"),
    ("retention", "Retention: the share of users who did it some time later"),
    ("funnel", "Funnel: the share of users who did every step in order"),
)
_SUMS = ("mean", "ratio")
FIELDS: dict[str, tuple[str, ...]] = {
    "measure": tuple(kind for kind, _ in KINDS if kind != "funnel"),
    "aggregation": _SUMS,
    "field": (*_SUMS, "quantile"),
    "denominator": ("ratio",),
    "steps": ("funnel",),
    "quantile": ("quantile",),
    "cap_quantile": _SUMS,
    "covariate_hours": ("proportion", "mean", "ratio", "retention"),
}
"""The kinds that have the field; every kind has the others."""


@pages.get("/metric-catalog/new", needs=CHANGES)
def new(visit: Visit) -> Response:
    """Show the form of a new metric."""
    return _edited(visit, None)


@pages.post("/metric-catalog/new", needs=CHANGES, again=new)
def create(visit: Visit) -> Response:
    """Create the metric."""
    form, kind = visit.form, visit.form.text("kind")
    name, description, fields = form.text("name"), form.text("description"), _fields(form)

    def make(metric_id: str) -> Metric:
        return visit.platform.create_metric(
            metric_id, kind=kind, name=name or None, description=description, actor=visit.actor, **fields
        )

    def is_of(standing: Metric) -> bool:
        record = metric_record(standing)
        typed = {**fields, "kind": kind, "name": name or standing.id, "description": description}
        for side in ("measure", "denominator"):
            if typed[side] is not None:
                typed[side] = {"aggregation": "count", "field": "value", **typed[side]}
        return all(record[field] == value for field, value in typed.items())

    return METRICS.created(visit, make, is_of=is_of)


@pages.get("/metric-catalog/{definition_id}")
def metric_page(visit: Visit) -> Response:
    """Show a metric, with the form that changes it for who may."""
    return _edited(visit, METRICS.found(visit))


@pages.post("/metric-catalog/{definition_id}", needs=CHANGES, again=metric_page)
def change(visit: Visit) -> Response:
    """Change the metric; one that a started experiment is judged by keeps what it measures."""
    form, metric = visit.form, METRICS.found(visit)
    visit.platform.update_metric(
        metric.id,
        kind=form.text("kind"),
        name=form.text("name") or metric.id,
        description=form.text("description"),
        expected_revision=form.revision,
        actor=visit.actor,
        **_fields(form),
    )
    return visit.to(METRICS.path(metric.id), done="saved")


def facts_of(metric: Metric) -> list[tuple[str, str]]:
    """Return what the metric is, in words."""
    cap, covariate = metric.cap_quantile, metric.covariate
    return [
        ("Kind", metric.kind.value),
        ("Measures", measured(metric)),
        ("Better is", "more" if metric.direction == "increase" else "less"),
        ("Events count", window_words(metric)),
        ("Cut at", "not cut" if cap is None else f"the quantile {cap:g} of all users"),
        ("Covariate", "none" if covariate is None else f"{length_words(covariate)} before the exposure"),
    ]


def _edited(visit: Visit, metric: Metric | None) -> Response:
    standing = {} if metric is None else metric_record(metric)
    chosen = visit.form.text("kind", standing.get("kind", visit.query("kind") or MetricKind.PROPORTION.value))
    return METRICS.page(
        visit,
        "metric",
        metric=metric,
        standing=standing,
        chosen=chosen,
        has={field for field, kinds in FIELDS.items() if chosen in kinds},
        kinds=KINDS,
        facts_of=() if metric is None else facts_of(metric),
        number=_shown,
    )


def _fields(form: Form) -> dict[str, Any]:
    """Return the fields that the form had; those that its kind has not are none."""
    return {
        "direction": form.text("direction"),
        "measure": _measure(form, "measure"),
        "denominator": _measure(form, "denominator"),
        "steps": form.lines("steps"),
        "quantile": form.number("quantile"),
        "cap_quantile": form.number("cap_quantile"),
        "window_start_hours": form.number("window_start_hours") or 0,
        "window_end_hours": form.number("window_end_hours"),
        "covariate_hours": form.number("covariate_hours"),
    }


def _measure(form: Form, side: str) -> dict[str, str] | None:
    if not form.has(f"{side}.event_type"):
        return None
    typed = {name: form.text(f"{side}.{name}") for name in ("event_type", "aggregation", "field")}
    return {name: text for name, text in typed.items() if text or name == "event_type"}


def _shown(number: float | None) -> str:
    """Return a number as it is typed; from the beginning is nothing."""
    return f"{number!r}" if number else ""


METRICS.offer(pages)
