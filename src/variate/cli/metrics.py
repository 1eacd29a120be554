"""``variate metrics``: what experiments are judged by."""

from __future__ import annotations

from typing import Any

import click

from variate.cli.given import given
from variate.cli.groups import Group
from variate.cli.metric_options import chosen_fields, metric_options
from variate.cli.output import json_option
from variate.errors import NotFoundError
from variate.model.metric import MetricKind
from variate.model.metric_record import metric_record
from variate.platform import Platform
from variate.rendering.metric_definition_words import length_words, measured, window_words

_KINDS = [kind.value for kind in MetricKind]


@click.group("metrics")
def command() -> None:
    """What experiments are judged by: shares, means, ratios and quantiles of what users do."""


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
