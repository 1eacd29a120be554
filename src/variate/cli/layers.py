"""``variate layers``: experiments that no user is in two of."""

from __future__ import annotations

import click

from variate.cli.output import json_option, limit_option, print_fields, print_json, print_table, taken
from variate.errors import NotFoundError
from variate.model import format_instant
from variate.model.group_record import layer_record
from variate.model.layer import Layer
from variate.platform import Platform


@click.group("layers")
def command() -> None:
    """Layers: of the experiments in one, a user is in one at most.

    An experiment claims its range with: variate experiments create ... --layer ID --layer-range 0:50
    """


@command.command("list")
@limit_option
@json_option
def list_(limit: int, *, as_json: bool) -> None:
    """List layers, in order of id."""
    with Platform.open() as platform:
        found = taken(platform.list_layers, limit=limit)
    if as_json:
        print_json([layer_record(layer) for layer in found])
        return
    rows = [(layer.id, str(len(layer.ranges)), f"{_free(layer):g} %", layer.name) for layer in found]
    print_table(("id", "experiments", "free", "name"), rows, folded=("name",))


@command.command()
@click.argument("layer_id")
@json_option
def show(layer_id: str, *, as_json: bool) -> None:
    """Show one layer with the ranges its experiments hold."""
    with Platform.open() as platform:
        found = platform.get_layer(layer_id)
    if found is None:
        raise NotFoundError("layer", layer_id)
    _print(found, as_json=as_json)


@command.command()
@click.argument("layer_id")
@click.option("--name", help="A name for people; the id, if not given.")
@click.option("--description", default="", help="What it is about.")
@click.option("--salt", help="What users are drawn by, if not by the id.")
@json_option
def create(layer_id: str, name: str | None, description: str, salt: str | None, *, as_json: bool) -> None:
    """Create a layer, all of it free."""
    with Platform.open() as platform:
        created = platform.create_layer(layer_id, name=name, description=description, salt=salt)
    _print(created, as_json=as_json)


@command.command()
@click.argument("layer_id")
def remove(layer_id: str) -> None:
    """Remove a layer in which no experiment holds a range."""
    with Platform.open() as platform:
        platform.remove_layer(layer_id)
    click.echo("removed")


def _print(layer: Layer, *, as_json: bool) -> None:
    if as_json:
        print_json(layer_record(layer))
        return
    print_fields(
        {
            "id": layer.id,
            "name": layer.name,
            "description": layer.description,
            "salt": layer.salt,
            "revision": str(layer.revision),
            "created": format_instant(layer.created_at),
            "updated": format_instant(layer.updated_at),
            "free": f"{_free(layer):g} %",
        }
    )
    if layer.ranges:
        click.echo()
        claims = sorted(layer.ranges.items(), key=lambda item: item[1].start)
        rows = [(f"{claim.start:g}", f"{claim.end:g}", owner) for owner, claim in claims]
        print_table(("from %", "to %", "experiment"), rows, folded=("experiment",))


def _free(layer: Layer) -> float:
    return 100 - sum(claim.end - claim.start for claim in layer.ranges.values())
