"""``variate experiments``: the experiments and their life."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from variate.cli import experiment_changes, experiment_conclusion
from variate.cli.design_options import design_options, parts, values_option, weighted_name, with_plan
from variate.cli.experiment_view import print_experiment
from variate.cli.given import given
from variate.cli.output import json_option, limit_option, print_json, print_table, taken
from variate.errors import NotFoundError
from variate.model import ExperimentStatus, Json, format_instant
from variate.model.plan import UNPLANNED
from variate.model.record import experiment_record
from variate.platform import Platform


@click.group("experiments")
def command() -> None:
    """Create, read and change experiments."""


command.add_command(experiment_changes.update)
command.add_command(experiment_changes.new_version)
command.add_command(experiment_changes.checklist)
command.add_command(experiment_conclusion.complete)
command.add_command(experiment_conclusion.conclude)


@command.command("list")
@click.option(
    "--status", type=click.Choice([status.value for status in ExperimentStatus]), help="Only those of this status."
)
@click.option("--owner", help="Only those of this owner.")
@click.option("--text", help="Only those whose id, name or hypothesis contains this, however it writes A to Z.")
@limit_option
@json_option
def list_(status: str | None, owner: str | None, text: str | None, limit: int, *, as_json: bool) -> None:
    """List experiments, the most recently created first."""
    with Platform.open() as platform:
        found = taken(partial(platform.list_experiments, status=status, owner=owner, text=text), limit=limit)
    if as_json:
        print_json([experiment_record(experiment) for experiment in found])
        return
    rows = [
        (experiment.id, experiment.status.value, format_instant(experiment.created_at)[:10], experiment.name)
        for experiment in found
    ]
    print_table(("id", "status", "created", "name"), rows, folded=("name",))


@command.command()
@click.argument("experiment_id")
@json_option
def show(experiment_id: str, *, as_json: bool) -> None:
    """Show one experiment with its design and its variations."""
    with Platform.open() as platform:
        found = platform.get_experiment(experiment_id)
    if found is None:
        raise NotFoundError("experiment", experiment_id)
    print_experiment(found, as_json=as_json)


@command.command()
@click.argument("name")
@click.option(
    "--variation",
    "variations",
    type=weighted_name,
    metavar="NAME[=WEIGHT]",
    multiple=True,
    required=True,
    help="A variation and, where the split is not even, its weight. The first one is the control. Repeat.",
)
@values_option
@click.option("--description", default="", help="What it is about.")
@click.option("--owner", help="Who answers for it.")
@click.option("--id", "experiment_id", help="An id of your own, in place of a random one.")
@design_options
@json_option
def create(
    name: str,
    variations: tuple[dict[str, Any], ...],
    values: tuple[tuple[str, Json], ...],
    description: str,
    owner: str | None,
    experiment_id: str | None,
    *,
    as_json: bool,
    **design: Any,
) -> None:
    """Create an experiment as a draft.

    For example: variate experiments create "Green button" --variation control --variation green --traffic 50
    --audience '{"attribute": "country", "operator": "in", "value": ["DE", "FR"]}' --metric purchase
    """
    with Platform.open() as platform:
        created = platform.create_experiment(
            name,
            description=description,
            variations=parts((), variations, values=values) or (),
            owner=owner,
            experiment_id=experiment_id,
            **with_plan(given(design), UNPLANNED),
        )
    print_experiment(created, as_json=as_json)


@command.command()
@click.argument("experiment_id")
@click.argument("status", type=click.Choice([status.value for status in ExperimentStatus]))
@json_option
def status(experiment_id: str, status: str, *, as_json: bool) -> None:
    """Move an experiment to STATUS.

    From draft to active, to paused and back, to completed, to archived. With what was decided, complete it by
    variate experiments complete.
    """
    with Platform.open() as platform:
        changed = platform.update_experiment_status(experiment_id, status)
    print_experiment(changed, as_json=as_json)


@command.command()
@click.argument("experiment_id")
@click.argument("new_owner")
@json_option
def transfer(experiment_id: str, new_owner: str, *, as_json: bool) -> None:
    """Give an experiment to NEW_OWNER."""
    with Platform.open() as platform:
        changed = platform.transfer_experiment_ownership(experiment_id, new_owner)
    print_experiment(changed, as_json=as_json)


@command.command()
@click.argument("experiment_id")
@json_option
def archive(experiment_id: str, *, as_json: bool) -> None:
    """Archive a draft or completed experiment."""
    with Platform.open() as platform:
        changed = platform.archive_experiment(experiment_id)
    print_experiment(changed, as_json=as_json)
