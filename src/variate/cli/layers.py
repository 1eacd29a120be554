"""``variate layers``: experiments that no user is in two of."""

from __future__ import annotations

import click

from variate.cli.groups import Group
from variate.cli.output import json_option, print_table
from variate.model.group_record import layer_record
from variate.model.layer import Layer
from variate.platform import Platform


@click.group("layers")
def command() -> None:
    """Layers: of the experiments in one, a user is in one at most.

    An experiment claims its range with: variate experiments create ... --layer ID --layer-range 0:50
    """


def _free(layer: Layer) -> str:
    return f"{100 - sum(claim.end - claim.start for claim in layer.ranges.values()):g} %"


def _print_claims(layer: Layer) -> None:
    if layer.ranges:
        click.echo()
        claims = sorted(layer.ranges.items(), key=lambda item: item[1].start)
        rows = [(f"{claim.start:g}", f"{claim.end:g}", owner) for owner, claim in claims]
        print_table(("from %", "to %", "experiment"), rows, folded=("experiment",))


_LAYERS = Group(
    kind="layer",
    list_all=lambda platform: platform.list_layers,
    get=lambda platform: platform.get_layer,
    remove=lambda platform: platform.remove_layer,
    record=layer_record,
    columns={
        "experiments": lambda each: str(len(each.ranges)),
        "free": _free,
        "name": lambda each: each.name,
    },
    fields={
        "salt": lambda each: each.salt,
        "free": _free,
    },
    below=_print_claims,
)
_LAYERS.add_commands(
    command,
    show="Show one layer with the ranges its experiments hold.",
    remove="Remove a layer in which no experiment holds a range.",
)


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
    _LAYERS.print(created, as_json=as_json)
