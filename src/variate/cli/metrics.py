"""``variate metrics``: what experiments are judged by."""

from __future__ import annotations

from typing import Any

import click

from variate.cli.given import given
from variate.cli.groups import Group
from variate.cli.length import length_words
from variate.cli.metric_options import chosen_fields, metric_options
from variate.cli.output import json_option
from variate.errors import NotFoundError
from variate.model.metric import VALUE_FIELD, Aggregation, Measure, Metric, MetricKind
from variate.model.metric_record import metric_record
from variate.platform import Platform

_KINDS = [kind.value for kind in MetricKind]


@click.group("metrics")
def command() -> None:
    """What experiments are judged by: shares, means, ratios and quantiles of what users do."""


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


_METRICS = Group(
    kind="metric",
    list_all=lambda platform: platform.list_metrics,
    get=lambda platform: platform.get_metric,
    remove=lambda platform: platform.remove_metric,
    record=metric_record,
    columns={
        "kind": lambda each: each.kind.value,
        "when": window_words,
        "what it measures": measured,
    },
    fields={
        "kind": lambda each: each.kind.value,
        "what it measures": measured,
        "better": lambda each: each.direction.value,
        "when": window_words,
        "cap": lambda each: "" if each.cap_quantile is None else f"quantile {each.cap_quantile:g}",
        "covariate": lambda each: "" if each.covariate is None else f"{length_words(each.covariate)} before",
    },
)
_METRICS.add_commands(
    command, show="Show one metric.", remove="Remove a metric that no experiment that has not ended is judged by."
)


@command.command()
@click.argument("metric_id")
@click.option("--kind", type=click.Choice(_KINDS), required=True, help="How users' events become a number.")
@metric_options
@click.option("--name", help="A name for people; the id, if not given.")
@click.option("--description", default="", help="What it is about.")
@json_option
def create(metric_id: str, kind: str, name: str | None, description: str, *, as_json: bool, **fields: Any) -> None:
    """Create a metric.

    For example: variate metrics create revenue --kind mean --event purchase --sum --within 7d --cap 0.999
    --covariate 14d
    """
    with Platform.open() as platform:
        created = platform.create_metric(
            metric_id, kind=kind, name=name, description=description, **chosen_fields(fields)
        )
    _METRICS.print(created, as_json=as_json)


@command.command()
@click.argument("metric_id")
@click.option("--kind", type=click.Choice(_KINDS), help="Another kind.")
@metric_options
@click.option("--name", help="Another name.")
@click.option("--description", help="Another description.")
@json_option
def update(
    metric_id: str, kind: str | None, name: str | None, description: str | None, *, as_json: bool, **fields: Any
) -> None:
    """Change what is given of a metric. An empty value takes away what there was: --within "".

    One that a started experiment is judged by keeps what it measures: another would move the goal.
    """
    if kind is None and name is None and description is None and not given(fields):
        raise click.UsageError("give what is to change, such as --within 7d; see --help")
    with Platform.open() as platform:
        before = platform.get_metric(metric_id)
        if before is None:
            raise NotFoundError("metric", metric_id)
        changes = chosen_fields(fields, standing=before)
        changed = platform.update_metric(
            metric_id,
            kind=kind,
            name=name,
            description=description,
            # A measure was made of the one that was read.
            expected_revision=before.revision if {"measure", "denominator"} & changes.keys() else None,
            **changes,
        )
    _METRICS.print(changed, as_json=as_json)
