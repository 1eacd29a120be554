"""The options that say what a metric measures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from variate.cli.given import given, number, text_or_none, with_options, without_blanks
from variate.cli.length import hours
from variate.model.metric import Aggregation, Direction, Measure, Metric

F = TypeVar("F", bound=Callable[..., Any])


def number_or_none(text: str) -> float | None:
    """Return the number; the empty text takes away what there was."""
    return number(text) if text else None


_PARTS = (
    click.option("--event", type=text_or_none, metavar="EVENT", help="The type of the events that it reads."),
    click.option(
        "--sum/--count", "sums", default=None, help="The sum of the events' values, or their number, the usual."
    ),
    click.option("--field", metavar="NAME", help="The field of an event's data with its value, if not value."),
    click.option(
        "--per", type=text_or_none, metavar="EVENT", help="Of a ratio: the type of the events below the line."
    ),
    click.option("--per-sum/--per-count", "per_sums", default=None, help="The same as --sum, below the line."),
    click.option("--per-field", metavar="NAME", help="The same as --field, below the line."),
    click.option(
        "--step",
        "steps",
        multiple=True,
        metavar="EVENT",
        callback=without_blanks,
        help="Of a funnel: a type of event that has to follow the one before. Repeat.",
    ),
    click.option(
        "--quantile", type=number_or_none, metavar="NUMBER", help="Of a quantile: which, such as 0.9. Between 0 and 1."
    ),
    click.option(
        "--from",
        "window_start_hours",
        type=hours,
        metavar="LENGTH",
        help="Events count from so long after the exposure on, such as 36h or 7d.",
    ),
    click.option(
        "--within",
        "window_end_hours",
        type=hours,
        metavar="LENGTH",
        help="Events count to before so long after the exposure; a user enters once that is over.",
    ),
    click.option(
        "--cap",
        "cap_quantile",
        type=number_or_none,
        metavar="NUMBER",
        help="Of a mean or a ratio: users' values are cut to this quantile of them, such as 0.999.",
    ),
    click.option(
        "--covariate",
        "covariate_hours",
        type=hours,
        metavar="LENGTH",
        help="What users did for so long before the exposure makes the result more exact, such as 14d.",
    ),
    click.option("--direction", type=click.Choice([each.value for each in Direction]), help="Which way is better."),
)


def metric_options(command: F) -> F:
    """Give the command an option for each field of a metric but its kind and its names."""
    return with_options(_PARTS, command)


def chosen_fields(options: dict[str, Any], *, standing: Metric | None = None) -> dict[str, Any]:
    """Return the fields of the metric that were given, over those of the one that stands."""
    fields = given(options)
    for name, event, sums, field in (
        ("measure", "event", "sums", "field"),
        ("denominator", "per", "per_sums", "per_field"),
    ):
        said = {part: fields.pop(part) for part in (event, sums, field) if part in fields}
        if said:
            before: Measure | None = None if standing is None else getattr(standing, name)
            fields[name] = _measure(before, said, event=event, sums=sums, field=field)
    return fields


def _measure(
    before: Measure | None, said: dict[str, Any], *, event: str, sums: str, field: str
) -> dict[str, Any] | None:
    event_type = said.get(event, None if before is None else before.event_type)
    if event_type is None:
        if event not in said:
            raise click.UsageError(f"give --{event} too: the type of the events whose number or sum it is")
        return None
    measure: dict[str, Any] = {"event_type": event_type}
    if sums in said:
        measure["aggregation"] = (Aggregation.SUM if said[sums] else Aggregation.COUNT).value
    elif before is not None:
        measure["aggregation"] = before.aggregation.value
    if field in said:
        measure["field"] = said[field]
    elif before is not None:
        measure["field"] = before.field
    return measure
