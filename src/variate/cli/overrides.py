"""``variate overrides``: variations forced for single users."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import click

from variate.cli.output import json_option, limit_option, print_json, print_table, taken
from variate.errors import NotFoundError
from variate.model import Override, format_instant
from variate.model.record import override_record
from variate.platform import Platform


@click.group("overrides")
def command() -> None:
    """Force a variation for a user, for a while."""


@command.command("list")
@click.argument("experiment_id", required=False)
@click.option("--user", "user_id", help="The overrides of this user on every experiment.")
@limit_option
@json_option
def list_(experiment_id: str | None, user_id: str | None, limit: int, *, as_json: bool) -> None:
    """List the overrides in force on an experiment, or those of a user."""
    if (experiment_id is None) == (user_id is None):
        raise click.UsageError("give either an EXPERIMENT_ID or --user USER")
    with Platform.open() as platform:
        if experiment_id is not None:
            found = taken(partial(platform.list_overrides, experiment_id), limit=limit)
        else:
            found = taken(partial(platform.get_user_overrides, str(user_id)), limit=limit)
    _print(found, as_json=as_json)


@command.command("set")
@click.argument("user_id")
@click.argument("experiment_id")
@click.argument("variation")
@click.option("--reason", default="", help="Why; the audit log keeps it.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), default=30, show_default=True, help="How long.")
@json_option
def set_(user_id: str, experiment_id: str, variation: str, reason: str, days: float, *, as_json: bool) -> None:
    """Force VARIATION of an experiment for a user."""
    with Platform.open() as platform:
        override = platform.create_override(user_id, experiment_id, variation, reason=reason, ttl_days=days)
    _print([override], as_json=as_json)


@command.command()
@click.argument("user_id")
@click.argument("experiment_id")
def remove(user_id: str, experiment_id: str) -> None:
    """Remove a user's override on an experiment."""
    with Platform.open() as platform:
        if not platform.remove_override(user_id, experiment_id):
            raise NotFoundError("override of the user", user_id)
    click.echo("removed")


def _print(overrides: Sequence[Override], *, as_json: bool) -> None:
    if as_json:
        print_json([override_record(override) for override in overrides])
        return
    rows = [
        (
            override.target_id,
            override.unit,
            override.value,
            format_instant(override.expires_at)[:10] if override.expires_at else "never",
            override.reason,
        )
        for override in overrides
    ]
    print_table(("experiment", "user", "variation", "ends", "reason"), rows, folded=("user", "variation", "reason"))
