"""A metric is true once built, and its flat fields make it again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.model.values import ids, instants, names, texts
from variate.errors import InvalidInputError
from variate.model.metric import MAX_STEPS, MAX_WINDOW, VALUE_FIELD, Aggregation, Direction, Measure, Metric, MetricKind
from variate.model.metric_record import metric_from_record, metric_record, revised_metric
from variate.testing.builders import build_metric
from variate.testing.clocks import START

MICROSECOND = timedelta(microseconds=1)
SUMMED = {"event_type": "purchase", "aggregation": "sum"}
KINDS: dict[str, dict[str, Any]] = {
    "proportion": {"measure": "purchase"},
    "mean": {"measure": SUMMED},
    "ratio": {"measure": "click", "denominator": "view"},
    "quantile": {"measure": "load", "quantile": 0.9},
    "retention": {"measure": "visit", "window_start_hours": 168, "window_end_hours": 192},
    "funnel": {"steps": ["view", "cart", "purchase"]},
}
lengths = st.timedeltas(min_value=MICROSECOND, max_value=MAX_WINDOW)
shares = st.floats(0, 1, exclude_min=True, exclude_max=True)


@st.composite
def metrics(draw: st.DrawFn) -> Metric:
    kind = draw(st.sampled_from(MetricKind))
    sums = kind in (MetricKind.MEAN, MetricKind.RATIO)
    counts = st.builds(Measure, event_type=ids, field=names if kind is MetricKind.QUANTILE else st.just(VALUE_FIELD))
    measures = counts | st.builds(Measure, event_type=ids, aggregation=st.just(Aggregation.SUM), field=names)
    measures = measures if sums else counts
    is_retention = kind is MetricKind.RETENTION
    start, end = sorted(draw(st.lists(lengths, min_size=2, max_size=2, unique=True)))
    has_covariate = kind not in (MetricKind.QUANTILE, MetricKind.FUNNEL)
    return Metric(
        id=draw(ids),
        name=draw(names),
        description=draw(texts),
        kind=kind,
        direction=draw(st.sampled_from(Direction)),
        measure=None if kind is MetricKind.FUNNEL else draw(measures),
        denominator=draw(measures) if kind is MetricKind.RATIO else None,
        steps=tuple(draw(st.lists(ids, min_size=2, max_size=5, unique=True))) if kind is MetricKind.FUNNEL else (),
        quantile=draw(shares) if kind is MetricKind.QUANTILE else None,
        window_start=start if is_retention else draw(st.sampled_from([timedelta(0), start])),
        window_end=end if is_retention else draw(st.sampled_from([None, end])),
        cap_quantile=draw(st.none() | shares) if sums else None,
        covariate=draw(st.none() | lengths) if has_covariate else None,
        revision=draw(st.integers(1, 1_000)),
        created_at=draw(instants),
        updated_at=draw(instants),
    )


@given(metrics())
@settings(max_examples=200)
def test_a_metric_comes_back_from_its_record_through_json(metric: Metric) -> None:
    assert metric_from_record(json.loads(json.dumps(metric_record(metric), allow_nan=False))) == metric


@pytest.mark.parametrize("kind", KINDS)
def test_there_is_a_metric_of_every_kind(kind: str) -> None:
    metric = build_metric("m", kind=kind, **KINDS[kind])
    assert metric_from_record(metric_record(metric)) == metric
    assert metric.kind == kind
    assert metric.is_share == (kind in ("proportion", "retention", "funnel"))


def test_the_record_is_flat_and_its_lengths_are_hours() -> None:
    metric = build_metric(
        "m", kind="mean", measure=SUMMED, window_end_hours=36, covariate_hours=0.5, cap_quantile=0.999
    )
    assert metric_record(metric) == {
        "id": "m",
        "name": "Buyers",
        "description": "",
        "kind": "mean",
        "direction": "increase",
        "measure": {"event_type": "purchase", "aggregation": "sum", "field": "value"},
        "denominator": None,
        "steps": [],
        "quantile": None,
        "window_start_hours": 0,
        "window_end_hours": 36,
        "cap_quantile": 0.999,
        "covariate_hours": 0.5,
        "revision": 1,
        "created_at": "2040-02-29T09:30:00.123456Z",
        "updated_at": "2040-02-29T09:30:00.123456Z",
    }
    assert (metric.window_end, metric.covariate) == (timedelta(hours=36), timedelta(minutes=30))


def test_a_field_that_a_record_lacks_has_its_default() -> None:
    record = metric_record(build_metric("m", measure="purchase"))
    kept = ("id", "name", "description", "kind", "measure", "revision", "created_at", "updated_at")
    assert metric_from_record({name: record[name] for name in kept}) == metric_from_record(record)


def test_the_types_of_the_events_that_it_reads_are_told_once_each() -> None:
    assert build_metric(kind="ratio", measure="click", denominator="view").event_types == ("click", "view")
    assert build_metric(kind="ratio", measure=SUMMED, denominator="purchase").event_types == ("purchase",)
    assert build_metric(kind="funnel", steps=["view", "cart"]).event_types == ("view", "cart")


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("share", {"measure": "purchase"}, "kind"),
    ("proportion", {"measure": None}, "measure"),
    ("mean", {"denominator": "view"}, "measure"),
    ("funnel", {"steps": ["a", "b"], "measure": "a"}, "measure"),
    ("ratio", {"measure": "click"}, "denominator"),
    ("mean", {"measure": "click", "denominator": "view"}, "denominator"),
    ("funnel", {"steps": []}, "steps"),
    ("funnel", {"steps": ["a"]}, "steps"),
    ("funnel", {"steps": ["a", "a"]}, "steps"),
    ("funnel", {"steps": [f"{number}" for number in range(MAX_STEPS + 1)]}, "steps"),
    ("funnel", {"steps": "ab"}, "steps"),
    ("funnel", {"steps": ["a", 7]}, "steps[1]"),
    ("mean", {"measure": "click", "steps": ["a", "b"]}, "steps"),
    ("quantile", {"measure": "load"}, "quantile"),
    ("quantile", {"measure": "load", "quantile": 1}, "quantile"),
    ("quantile", {"measure": "load", "quantile": 0}, "quantile"),
    ("quantile", {"measure": "load", "quantile": float("nan")}, "quantile"),
    ("quantile", {"measure": "load", "quantile": "0.9"}, "quantile"),
    ("quantile", {"measure": "load", "quantile": True}, "quantile"),
    ("mean", {"measure": "load", "quantile": 0.9}, "quantile"),
    ("proportion", {"measure": SUMMED}, "measure.aggregation"),
    ("retention", {**KINDS["retention"], "measure": SUMMED}, "measure.aggregation"),
    ("quantile", {"measure": SUMMED, "quantile": 0.5}, "measure.aggregation"),
    ("mean", {"measure": {"event_type": "a", "aggregation": "max"}}, "measure.aggregation"),
    ("mean", {"measure": {"event_type": ""}}, "measure.event_type"),
    ("mean", {"measure": {"aggregation": "sum"}}, "measure.event_type"),
    ("mean", {"measure": {"event_type": "a", "field": " "}}, "measure.field"),
    ("mean", {"measure": {"event_type": "a", "field": "items"}}, "measure.field"),
    ("proportion", {"measure": {"event_type": "a", "field": "items"}}, "measure.field"),
    ("ratio", {"measure": "a", "denominator": {"event_type": "b", "field": "items"}}, "denominator.field"),
    ("mean", {"measure": {"event_type": "a", "unit": "s"}}, "measure.unit"),
    ("mean", {"measure": 7}, "measure"),
    ("ratio", {"measure": "a", "denominator": {"event_type": 7}}, "denominator.event_type"),
    ("mean", {"measure": "a", "direction": "up"}, "direction"),
    ("mean", {"measure": "a", "window_end_hours": 0}, "window_end_hours"),
    ("mean", {"measure": "a", "window_end_hours": -1}, "window_end_hours"),
    ("mean", {"measure": "a", "window_end_hours": 3_650 * 24 + 1}, "window_end_hours"),
    ("mean", {"measure": "a", "window_end_hours": 1e300}, "window_end_hours"),
    ("mean", {"measure": "a", "window_end_hours": 10**400}, "window_end_hours"),
    ("mean", {"measure": "a", "window_end_hours": float("inf")}, "window_end_hours"),
    ("mean", {"measure": "a", "window_end_hours": "7d"}, "window_end_hours"),
    ("mean", {"measure": "a", "window_end_hours": True}, "window_end_hours"),
    ("mean", {"measure": "a", "window_start_hours": -1}, "window_start_hours"),
    ("mean", {"measure": "a", "window_start_hours": 24, "window_end_hours": 24}, "window_end_hours"),
    ("retention", {"measure": "a", "window_end_hours": 24}, "window_start_hours"),
    ("retention", {"measure": "a", "window_start_hours": 24}, "window_end_hours"),
    ("mean", {"measure": "a", "covariate_hours": 0}, "covariate_hours"),
    ("quantile", {"measure": "a", "quantile": 0.5, "covariate_hours": 24}, "covariate_hours"),
    ("funnel", {"steps": ["a", "b"], "covariate_hours": 24}, "covariate_hours"),
    ("mean", {"measure": "a", "cap_quantile": 0}, "cap_quantile"),
    ("mean", {"measure": "a", "cap_quantile": 1}, "cap_quantile"),
    ("proportion", {"measure": "a", "cap_quantile": 0.9}, "cap_quantile"),
    ("funnel", {"steps": ["a", "b"], "cap_quantile": 0.9}, "cap_quantile"),
    ("mean", {"measure": "a", "window": 7}, "window"),
]


@pytest.mark.parametrize(("kind", "fields", "field"), WRONG, ids=lambda value: str(value)[:40])
def test_a_metric_that_breaks_a_rule_is_refused_by_the_name_of_its_field(
    kind: str, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        build_metric(kind=kind, **fields)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("names", "field"),
    [
        ({"id": ""}, "metric.id"),
        ({"name": " "}, "metric.name"),
        ({"description": 7}, "metric.description"),
        ({"revision": 0}, "metric.revision"),
        ({"created_at": START.replace(tzinfo=None)}, "metric.created_at"),
        ({"updated_at": 7}, "metric.updated_at"),
    ],
)
def test_names_and_times_are_those_of_any_definition(names: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        build_metric(**names)
    assert refusal.value.field == field


def test_a_change_keeps_what_is_not_given_and_none_takes_away() -> None:
    metric = build_metric("m", kind="mean", measure=SUMMED, cap_quantile=0.99, window_end_hours=24, covariate_hours=24)
    changed = revised_metric(metric, {"cap_quantile": None, "window_end_hours": None, "direction": "decrease"})
    assert (changed.cap_quantile, changed.window_end, changed.direction) == (None, None, Direction.DECREASE)
    assert (changed.measure, changed.covariate, changed.id) == (metric.measure, metric.covariate, "m")


def test_a_change_of_kind_brings_what_that_kind_needs() -> None:
    metric = build_metric("m", kind="mean", measure="load")
    assert revised_metric(metric, {"kind": "quantile", "quantile": 0.9}).kind is MetricKind.QUANTILE
    with pytest.raises(InvalidInputError, match=r"^quantile: must be given for a quantile"):
        revised_metric(metric, {"kind": "quantile"})
    with pytest.raises(InvalidInputError, match=r"^kind: must be one of"):
        revised_metric(metric, {"kind": "share"})
    with pytest.raises(InvalidInputError, match=r"^id: is not known"):
        revised_metric(metric, {"id": "other"})
