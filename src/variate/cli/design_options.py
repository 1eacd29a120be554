"""The options that say how an experiment is designed, and how its variations are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

from variate.cli.given import number, text_or_none, with_options, without_blanks
from variate.cli.json_value import json_value, named_json
from variate.errors import InvalidInputError
from variate.model import Json
from variate.model.design import MetricRole
from variate.model.plan import Plan, Spending
from variate.model.rules import shown

F = TypeVar("F", bound=Callable[..., Any])

_ROLES = ", ".join(MetricRole)
_PLAN_FIELDS = {"planned_units": "units", "looks": "looks", "alpha": "alpha", "spending": "spending"}


def weighted_name(text: str) -> dict[str, Any]:
    """Return the variation that ``NAME`` or ``NAME=WEIGHT`` says, as ``create_experiment`` takes it."""
    name, equals, weight = text.rpartition("=")
    return {"name": name, "weight": _weight(weight)} if equals else {"name": weight}


def weight_of_name(text: str) -> tuple[str, float]:
    """Return the name and the weight of ``NAME=WEIGHT``."""
    name, equals, weight = text.rpartition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not NAME=WEIGHT")
    return name, _weight(weight)


def percent_range(text: str) -> list[float] | None:
    """Return the two percentages of ``FROM:TO``; the empty text takes it and the layer away."""
    if not text:
        return None
    start, colon, end = text.partition(":")
    if not colon:
        raise click.BadParameter(f"{text!r} is not FROM:TO in percent, such as 0:50")
    return [number(start), number(end)]


def metric(text: str) -> dict[str, Any] | None:
    """Return the metric of ``NAME``, ``NAME:ROLE`` or ``NAME:guardrail:MARGIN``."""
    name, colon, last = text.rpartition(":")
    if not colon:
        return {"metric": text} if text else None
    if last in list(MetricRole):
        return {"metric": name, "role": last}
    inner, _, role = name.rpartition(":")
    if role != MetricRole.GUARDRAIL:
        raise click.BadParameter(
            f"{last!r} is not a role: write NAME, NAME:ROLE or NAME:guardrail:MARGIN, a role being one of {_ROLES}"
        )
    return {"metric": inner, "role": role, "margin": number(last)}


def whole_or_none(text: str) -> int | None:
    """Return the whole number; the empty text takes away what there was."""
    if text and not text.isdecimal():
        raise click.BadParameter(f"{text!r} is not a whole number")
    return int(text) if text else None


def with_plan(changes: dict[str, Any], standing: Plan) -> dict[str, Any]:
    """Return the changes of the design with those of the plan, by the names of their options, made on this plan."""
    told = {field: changes[name] for name, field in _PLAN_FIELDS.items() if name in changes}
    others = {name: value for name, value in changes.items() if name not in _PLAN_FIELDS}
    plan = {field: getattr(standing, field) for field in _PLAN_FIELDS.values()}
    return {**others, "plan": {**plan, **told}} if told else others


_DESIGN = (
    click.option("--hypothesis", help="What is expected, and why."),
    click.option(
        "--audience",
        type=json_value,
        metavar="JSON",
        help='Whom it is for: a condition as JSON, or @FILE, such as {"audience": "beta"}. null is everybody.',
    ),
    click.option("--traffic", type=number, metavar="PERCENT", help="The share of the audience that is enrolled."),
    click.option("--layer", type=text_or_none, metavar="ID", help="The layer it has a range of; goes with a range."),
    click.option(
        "--layer-range", type=percent_range, metavar="FROM:TO", help="Its range of the layer in percent, such as 0:50."
    ),
    click.option(
        "--holdout",
        "holdouts",
        multiple=True,
        metavar="ID",
        callback=without_blanks,
        help="A holdout whose users it leaves out. Repeat.",
    ),
    click.option(
        "--control", type=text_or_none, metavar="NAME", help="The variation to compare with, if it is not the first."
    ),
    click.option(
        "--starts", "starts_at", type=text_or_none, metavar="TIME", help="Not before, such as 2026-01-31T09:30:00Z."
    ),
    click.option("--ends", "ends_at", type=text_or_none, metavar="TIME", help="Only before then."),
    click.option(
        "--metric",
        "metrics",
        type=metric,
        multiple=True,
        metavar="NAME[:ROLE[:MARGIN]]",
        callback=without_blanks,
        help=f"What it is judged by, as {_ROLES}; a goal, if not said. A guardrail has a margin: how much worse it "
        "may be, such as latency:guardrail:0.01. Repeat.",
    ),
    click.option(
        "--planned-units",
        type=whole_or_none,
        metavar="NUMBER",
        help="How many units, in all variations, are planned for the end.",
    ),
    click.option("--looks", type=whole_or_none, metavar="NUMBER", help="About how often it is looked at before; 20."),
    click.option("--alpha", type=number, metavar="NUMBER", help="The error that is allowed in all; 0.05."),
    click.option(
        "--spending",
        type=click.Choice([each.value for each in Spending]),
        help="How that is shared out among the looks; obrien_fleming.",
    ),
    click.option("--unit-type", help="What a unit is, such as user, the usual, or session."),
    click.option(
        "--salt", type=text_or_none, metavar="TEXT", help="What units are drawn by, if not by the experiment's id."
    ),
    click.option(
        "--keep-outside-audience/--drop-outside-audience",
        "keeps_outside_audience",
        default=None,
        help="Whether who is in stays in, once no longer in the audience.",
    ),
)

_PARTS = (
    click.option(
        "--variation",
        "variations",
        type=weighted_name,
        metavar="NAME[=WEIGHT]",
        multiple=True,
        help="A variation, and its weight. Repeat: it is the whole list. The first one is the control.",
    ),
    click.option(
        "--weight",
        "weights",
        type=weight_of_name,
        metavar="NAME=WEIGHT",
        multiple=True,
        help="The weight of a variation; the others stay as they are. Repeat.",
    ),
)

values_option = click.option(
    "--value",
    "values",
    type=named_json,
    metavar="NAME=JSON",
    multiple=True,
    help='The value that a variation has, such as green=\'{"colour": "#0f0"}\'. Repeat.',
)


def design_options(command: F) -> F:
    """Give the command an option for each field of a design."""
    return with_options(_DESIGN, command)


def part_options(command: F) -> F:
    """Give the command the options that change variations."""
    return with_options((*_PARTS, values_option), command)


def parts(
    standing: Iterable[str],
    variations: Sequence[dict[str, Any]],
    *,
    weights: Sequence[tuple[str, float]] = (),
    values: Sequence[tuple[str, Json]] = (),
) -> list[dict[str, Any]] | None:
    """Return the whole list of variations as the options say, over the names that stand; None where they say nothing.

    Raise ``InvalidInputError`` for a weight or value of a variation that is not in the list.
    """
    if not variations and not weights and not values:
        return None
    listed = [dict(each) for each in variations] or [{"name": name} for name in standing]
    by_name = {each["name"]: each for each in listed}
    for field, pairs in (("weight", weights), ("value", values)):
        for name, value in pairs:
            if name not in by_name:
                names = ", ".join(by_name)
                raise InvalidInputError(f"--{field}", f"must be of one of the variations {names}, not {shown(name)}")
            by_name[name][field] = value
    return listed


def _weight(text: str) -> float:
    try:
        return number(text)
    except click.BadParameter as error:
        raise click.BadParameter(f"{text!r} is not a weight: write NAME or NAME=NUMBER") from error
