"""The options that say what a flag serves to whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from variate.cli.given import given, text_or_none, with_options, without_blanks
from variate.cli.json_value import json_value, named_json
from variate.model import Json
from variate.model.targeting import FlagType

F = TypeVar("F", bound=Callable[..., Any])


def served(text: str) -> Json:
    """Return what ``--default`` says: the name of a variation, or a rollout as JSON."""
    return json_value(text) if text.startswith(("{", "@")) else text_or_none(text)


def prerequisite(text: str) -> dict[str, Any] | None:
    """Return the prerequisite of ``FLAG=V1,V2``."""
    flag_id, equals, variations = text.rpartition("=")
    if text and not equals:
        raise click.BadParameter(f"{text!r} is not FLAG=VARIATION, or FLAG=ONE,OTHER")
    return {"flag": flag_id, "variations": variations.split(",")} if text else None


default_option = click.option(
    "--default",
    type=served,
    metavar="NAME|JSON",
    help='What is served where no rule decides: a variation, or {"rollout": {"on": 20, "off": 80}}.',
)
starts_option = click.option(
    "--starts", "starts_at", type=text_or_none, metavar="TIME", help="Off before then, such as 2026-01-31T09:30:00Z."
)
ends_option = click.option("--ends", "ends_at", type=text_or_none, metavar="TIME", help="Off from then on.")

_RULES = (
    click.option(
        "--rule",
        "typed_rules",
        type=json_value,
        multiple=True,
        metavar="JSON",
        help='A rule: {"condition": {...}, "serve": "on", "name": "beta"}. Repeat: the first that matches decides.',
    ),
    click.option("--rules", type=json_value, metavar="JSON", help="All rules in one list, as JSON or @FILE."),
)
_TARGETING = (
    click.option(
        "--type",
        type=click.Choice([kind.value for kind in FlagType]),
        help="Of what kind every value is; it follows from the variations.",
    ),
    click.option(
        "--variation",
        "variations",
        type=named_json,
        multiple=True,
        metavar="NAME=JSON",
        help="A variation and its value: on=true, red='\"#f00\"'. Repeat: it is the whole list. If none: on and off.",
    ),
    default_option,
    click.option("--off", metavar="NAME", help="What is served while it is switched off."),
    click.option(
        "--prerequisite",
        "prerequisites",
        type=prerequisite,
        multiple=True,
        metavar="FLAG=V1,V2",
        callback=without_blanks,
        help="A flag that has to give one of these variations, or this one is off. Repeat.",
    ),
    click.option("--schema", type=json_value, metavar="JSON", help="A JSON schema that every value obeys, or @FILE."),
    click.option("--owner", type=text_or_none, metavar="TEXT", help="Who answers for it."),
    click.option("--tag", "tags", multiple=True, callback=without_blanks, help="A word to find it by. Repeat."),
    starts_option,
    ends_option,
    click.option("--salt", type=text_or_none, metavar="TEXT", help="What rollouts draw by, if not by the flag's id."),
)


def targeting_options(command: F) -> F:
    """Give the command an option for each field of a targeting, and for the rules."""
    return with_options((*_RULES, *_TARGETING), command)


def chosen_rules(typed_rules: Sequence[Json], rules: Json) -> Json:
    """Return the rules that were given, one way or the other; None where none were."""
    if typed_rules and given({"rules": rules}):
        raise click.UsageError("give either --rule, again and again, or --rules once")
    return list(typed_rules) or rules


def chosen_targeting(options: dict[str, Any], *, typed: bool) -> dict[str, Any]:
    """Return the fields of the targeting that were given.

    Where ``typed`` rules are all there is, the flag is on or off: without any field its rules would be free-form.
    """
    fields = given(options)
    if "variations" in fields:
        fields["variations"] = [{"name": name, "value": value} for name, value in fields["variations"]]
    return fields or ({"type": FlagType.BOOLEAN.value} if typed else {})
