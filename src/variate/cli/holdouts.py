"""``variate holdouts``: users kept out of experiments."""

from __future__ import annotations

import click

from variate.cli.given import number
from variate.cli.groups import Group
from variate.cli.output import json_option
from variate.model.group_record import holdout_record
from variate.platform import Platform


@click.group("holdouts")
def command() -> None:
    """Holdouts: a share of the users that sees none of the experiments that name it."""


_HOLDOUTS = Group(
    kind="holdout",
    list_all=lambda platform: platform.list_holdouts,
    get=lambda platform: platform.get_holdout,
    remove=lambda platform: platform.remove_holdout,
    record=holdout_record,
    columns={
        "share": lambda each: f"{each.percentage:g} %",
        "name": lambda each: each.name,
    },
    fields={
        "share": lambda each: f"{each.percentage:g} %",
        "salt": lambda each: each.salt,
    },
)
_HOLDOUTS.add_commands(
    command, show="Show one holdout.", remove="Remove a holdout that no experiment that has not ended names."
)


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
    _HOLDOUTS.print(created, as_json=as_json)


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
    _HOLDOUTS.print(changed, as_json=as_json)
