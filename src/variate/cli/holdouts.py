"""``variate holdouts``: users kept out of experiments."""

from __future__ import annotations

import click

from variate.cli.given import number
from variate.cli.output import json_option, limit_option, print_fields, print_json, print_table, taken
from variate.errors import NotFoundError
from variate.model import format_instant
from variate.model.group_record import holdout_record
from variate.model.holdout import Holdout
from variate.platform import Platform


@click.group("holdouts")
def command() -> None:
    """Holdouts: a share of the users that sees none of the experiments that name it."""


@command.command("list")
@limit_option
@json_option
def list_(limit: int, *, as_json: bool) -> None:
    """List holdouts, in order of id."""
    with Platform.open() as platform:
        found = taken(platform.list_holdouts, limit=limit)
    if as_json:
        print_json([holdout_record(holdout) for holdout in found])
        return
    rows = [(holdout.id, f"{holdout.percentage:g} %", holdout.name) for holdout in found]
    print_table(("id", "share", "name"), rows, folded=("name",))


@command.command()
@click.argument("holdout_id")
@json_option
def show(holdout_id: str, *, as_json: bool) -> None:
    """Show one holdout."""
    with Platform.open() as platform:
        found = platform.get_holdout(holdout_id)
    if found is None:
        raise NotFoundError("holdout", holdout_id)
    _print(found, as_json=as_json)


@command.command()
@click.argument("holdout_id")
@click.argument("percentage", type=number)
@click.option("--name", help="A name for people; the id, if not given.")
@click.option("--description", default="", help="What it is about.")
@click.option("--salt", help="What users are drawn by, if not by the id.")
@json_option
def create(
    holdout_id: str, percentage: float, name: str | None, description: str, salt: str | None, *, as_json: bool
) -> None:
    """Create a holdout of PERCENTAGE of the users.

    For example: variate holdouts create global 5
    """
    with Platform.open() as platform:
        created = platform.create_holdout(
            holdout_id, percentage=percentage, name=name, description=description, salt=salt
        )
    _print(created, as_json=as_json)


@command.command()
@click.argument("holdout_id")
@click.option("--percentage", type=number, help="Another share; not while a started experiment names the holdout.")
@click.option("--name", help="Another name.")
@click.option("--description", help="Another description.")
@json_option
def update(
    holdout_id: str, percentage: float | None, name: str | None, description: str | None, *, as_json: bool
) -> None:
    """Change what is given of a holdout."""
    if percentage is None and name is None and description is None:
        raise click.UsageError("give what is to change, such as --percentage 5; see --help")
    with Platform.open() as platform:
        changed = platform.update_holdout(holdout_id, percentage=percentage, name=name, description=description)
    _print(changed, as_json=as_json)


@command.command()
@click.argument("holdout_id")
def remove(holdout_id: str) -> None:
    """Remove a holdout that no experiment that has not ended names."""
    with Platform.open() as platform:
        platform.remove_holdout(holdout_id)
    click.echo("removed")


def _print(holdout: Holdout, *, as_json: bool) -> None:
    if as_json:
        print_json(holdout_record(holdout))
        return
    print_fields(
        {
            "id": holdout.id,
            "name": holdout.name,
            "description": holdout.description,
            "share": f"{holdout.percentage:g} %",
            "salt": holdout.salt,
            "revision": str(holdout.revision),
            "created": format_instant(holdout.created_at),
            "updated": format_instant(holdout.updated_at),
        }
    )
