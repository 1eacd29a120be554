"""``variate experiments update``, ``new-version`` and ``checklist``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from variate.cli.design_options import design_options, part_options, parts, with_plan
from variate.cli.experiment_view import print_checklist, print_experiment, print_preview
from variate.cli.given import given
from variate.cli.output import json_option
from variate.errors import NotFoundError
from variate.model import Experiment, Json
from variate.platform import Platform

preview_option = click.option(
    "--preview", is_flag=True, help="Say what it would do to the users that are in, and change nothing."
)


@click.command()
@click.argument("experiment_id")
@click.option("--name", help="Another name.")
@click.option("--description", help="Another description.")
@part_options
@design_options
@click.option(
    "--stop-intake/--resume-intake",
    "stops_intake",
    default=None,
    help="Take no new users in, and keep those that are; or take them in again.",
)
@preview_option
@json_option
def update(
    experiment_id: str,
    name: str | None,
    description: str | None,
    variations: Sequence[dict[str, Any]],
    weights: Sequence[tuple[str, float]],
    values: Sequence[tuple[str, Json]],
    *,
    stops_intake: bool | None,
    preview: bool,
    as_json: bool,
    **design: Any,
) -> None:
    """Change what is given of an experiment.

    Once it has started, weights, traffic and audience can change, and who is in keeps the variation; what would move
    users needs a new version. An empty value takes away what there was: --layer "".

    For example: variate experiments update ID --weight green=3 --traffic 50 --preview
    """
    changes = given(design)
    if stops_intake is not None:
        changes["takes_new_units"] = not stops_intake
    if not (changes or variations or weights or values) and name is None and description is None:
        raise click.UsageError("give what is to change, such as --weight NAME=WEIGHT; see --help")
    with Platform.open() as platform:
        before = _found(platform, experiment_id)
        listed = parts(_names(before), variations, weights=weights, values=values)
        changes = with_plan(changes, before.design.plan)
        if preview:
            print_preview(platform.preview_change(experiment_id, variations=listed, **changes), as_json=as_json)
            return
        changed = platform.update_experiment(
            experiment_id,
            name=name,
            description=description,
            variations=listed,
            # The list was made of the variations as they were read, and the plan of the plan.
            expected_revision=None if listed is None and "plan" not in changes else before.revision,
            **changes,
        )
    print_experiment(changed, as_json=as_json)


@click.command("new-version")
@click.argument("experiment_id")
@part_options
@design_options
@click.option("--reason", default="", help="Why, for the audit log.")
@preview_option
@json_option
def new_version(
    experiment_id: str,
    variations: Sequence[dict[str, Any]],
    weights: Sequence[tuple[str, float]],
    values: Sequence[tuple[str, Json]],
    *,
    reason: str,
    preview: bool,
    as_json: bool,
    **design: Any,
) -> None:
    """Draw every user of a started experiment anew, on purpose.

    No assignment of the version before counts any more. With it everything may change.

    For example: variate experiments new-version ID --variation control --variation blue --preview
    """
    with Platform.open() as platform:
        before = _found(platform, experiment_id)
        listed = parts(_names(before), variations, weights=weights, values=values)
        changes = with_plan(given(design), before.design.plan)
        if preview:
            print_preview(platform.preview_new_version(experiment_id, variations=listed, **changes), as_json=as_json)
            return
        changed = platform.start_new_version(
            experiment_id, variations=listed, reason=reason, expected_revision=before.revision, **changes
        )
    print_experiment(changed, as_json=as_json)


@click.command()
@click.argument("experiment_id")
@json_option
@click.pass_context
def checklist(ctx: click.Context, experiment_id: str, *, as_json: bool) -> None:
    """Show what has to be so before an experiment starts, and what ought to be. Exits with 1 if something blocks it."""
    with Platform.open() as platform:
        items = platform.launch_checklist(experiment_id)
    print_checklist(items, as_json=as_json)
    if any(each.blocks and not each.met for each in items):
        ctx.exit(1)


def _found(platform: Platform, experiment_id: str) -> Experiment:
    found = platform.get_experiment(experiment_id)
    if found is None:
        raise NotFoundError("experiment", experiment_id)
    return found


def _names(experiment: Experiment) -> list[str]:
    return [variation.name for variation in experiment.variations]
