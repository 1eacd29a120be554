"""``variate audiences``: conditions with a name."""

from __future__ import annotations

import click

from variate.cli.json_value import json_value
from variate.cli.output import json_option, limit_option, print_fields, print_json, print_table, taken
from variate.cli.words import condition_words
from variate.errors import NotFoundError
from variate.model import Json, format_instant
from variate.model.audience import Audience
from variate.model.group_record import audience_record
from variate.platform import Platform


@click.group("audiences")
def command() -> None:
    """Conditions with a name, for experiments and flags to use."""


@command.command("list")
@limit_option
@json_option
def list_(limit: int, *, as_json: bool) -> None:
    """List audiences, in order of id."""
    with Platform.open() as platform:
        found = taken(platform.list_audiences, limit=limit)
    if as_json:
        print_json([audience_record(audience) for audience in found])
        return
    rows = [(audience.id, condition_words(audience.condition)) for audience in found]
    print_table(("id", "who is in it"), rows, folded=("who is in it",))


@command.command()
@click.argument("audience_id")
@json_option
def show(audience_id: str, *, as_json: bool) -> None:
    """Show one audience."""
    with Platform.open() as platform:
        found = platform.get_audience(audience_id)
    if found is None:
        raise NotFoundError("audience", audience_id)
    _print(found, as_json=as_json)


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
    _print(created, as_json=as_json)


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
    _print(changed, as_json=as_json)


@command.command()
@click.argument("audience_id")
def remove(audience_id: str) -> None:
    """Remove an audience that no experiment that has not ended uses."""
    with Platform.open() as platform:
        platform.remove_audience(audience_id)
    click.echo("removed")


def _print(audience: Audience, *, as_json: bool) -> None:
    if as_json:
        print_json(audience_record(audience))
        return
    print_fields(
        {
            "id": audience.id,
            "name": audience.name,
            "description": audience.description,
            "revision": str(audience.revision),
            "created": format_instant(audience.created_at),
            "updated": format_instant(audience.updated_at),
            "who is in it": condition_words(audience.condition),
        }
    )
