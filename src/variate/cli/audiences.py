"""``variate audiences``: conditions with a name."""

from __future__ import annotations

import click

from variate.cli.groups import Group
from variate.cli.json_value import json_value
from variate.cli.output import json_option
from variate.model import Json
from variate.model.group_record import audience_record
from variate.platform import Platform
from variate.rendering.definition_words import condition_words


@click.group("audiences")
def command() -> None:
    """Conditions with a name, for experiments and flags to use."""


_AUDIENCES = Group(
    kind="audience",
    list_all=lambda platform: platform.list_audiences,
    get=lambda platform: platform.get_audience,
    remove=lambda platform: platform.remove_audience,
    record=audience_record,
    columns={"who is in it": lambda each: condition_words(each.condition)},
    fields={
        "who is in it": lambda each: condition_words(each.condition),
    },
)
_AUDIENCES.add_commands(
    command, show="Show one audience.", remove="Remove an audience that no experiment that has not ended uses."
)


@command.command()
@click.argument("audience_id")
@click.argument("condition", type=json_value)
@click.option("--name", help="A name for people; the id, if not given.")
@click.option("--description", default="", help="What it is about.")
@json_option
def create(audience_id: str, condition: Json, name: str | None, description: str, *, as_json: bool) -> None:
    """Create an audience of those for whom CONDITION is true, as JSON or @FILE.

    For example: variate audiences create beta '{"attribute": "plan", "operator": "in", "value": ["pro", "team"]}'
    """
    with Platform.open() as platform:
        created = platform.create_audience(audience_id, condition=condition, name=name, description=description)
    _AUDIENCES.print(created, as_json=as_json)


@command.command()
@click.argument("audience_id")
@click.option("--condition", type=json_value, metavar="JSON", help="Another condition, as JSON or @FILE.")
@click.option("--name", help="Another name.")
@click.option("--description", help="Another description.")
@json_option
def update(audience_id: str, condition: Json, name: str | None, description: str | None, *, as_json: bool) -> None:
    """Change what is given of an audience, for every flag and draft that uses it.

    One that a started experiment uses keeps its condition: another one would move users.
    """
    if condition is None and name is None and description is None:
        raise click.UsageError("give what is to change, such as --condition JSON; see --help")
    with Platform.open() as platform:
        changed = platform.update_audience(audience_id, condition=condition, name=name, description=description)
    _AUDIENCES.print(changed, as_json=as_json)
