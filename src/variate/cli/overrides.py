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

flag_option = click.option("--flag", "flag_id", metavar="FLAG_ID", help="Of this flag, in place of an experiment.")


@click.group("overrides")
def command() -> None:
    """Force a variation of an experiment or a flag for a user, for a while."""


@command.command("list")
@click.argument("experiment_id", required=False)
@flag_option
@click.option("--user", "user_id", help="The overrides of this user on every experiment and flag.")
@limit_option
@json_option
def list_(experiment_id: str | None, flag_id: str | None, user_id: str | None, limit: int, *, as_json: bool) -> None:
    """List the overrides in force on an experiment or a flag, or those of a user."""
    if sum(given is not None for given in (experiment_id, flag_id, user_id)) != 1:
        raise click.UsageError("give either an EXPERIMENT_ID or --user USER, or --flag FLAG_ID")
    with Platform.open() as platform:
        if experiment_id is not None:
            found = taken(partial(platform.list_overrides, experiment_id), limit=limit)
        elif flag_id is not None:
            found = taken(partial(platform.list_flag_overrides, flag_id), limit=limit)
        else:
            found = taken(partial(platform.get_user_overrides, str(user_id)), limit=limit)
    _print(found, as_json=as_json)


@command.command("set")
@click.argument("user_id")
@click.argument("forced", nargs=-1, required=True, metavar="[EXPERIMENT_ID] VARIATION")
@flag_option
@click.option("--reason", default="", help="Why; the audit log keeps it.")
@click.option("--days", type=click.FloatRange(min=0, min_open=True), default=30, show_default=True, help="How long.")
@json_option
def set_(user_id: str, forced: Sequence[str], flag_id: str | None, reason: str, days: float, *, as_json: bool) -> None:
    """Force VARIATION of an experiment or, with --flag, of a flag for a user.

    For example: variate overrides set u-1 --flag dark-mode on
    """
    if len(forced) != (2 if flag_id is None else 1):
        raise click.UsageError("give USER_ID EXPERIMENT_ID VARIATION, or USER_ID VARIATION and --flag FLAG_ID")
    *target, variation = forced
    with Platform.open() as platform:
        if flag_id is None:
            override = platform.create_override(user_id, target[0], variation, reason=reason, ttl_days=days)
        else:
            override = platform.create_flag_override(user_id, flag_id, variation, reason=reason, ttl_days=days)
    _print([override], as_json=as_json)


@command.command()
@click.argument("user_id")
@click.argument("experiment_id", required=False)
@flag_option
def remove(user_id: str, experiment_id: str | None, flag_id: str | None) -> None:
    """Remove a user's override on an experiment or a flag."""
    with Platform.open() as platform:
        if experiment_id is not None and flag_id is None:
            removed = platform.remove_override(user_id, experiment_id)
        elif flag_id is not None and experiment_id is None:
            removed = platform.remove_flag_override(user_id, flag_id)
        else:
            raise click.UsageError("give either an EXPERIMENT_ID or --flag FLAG_ID")
        if not removed:
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
    targets = " or ".join(sorted({override.target.value for override in overrides})) or "experiment"
    print_table((targets, "user", "variation", "ends", "reason"), rows, folded=("user", "variation", "reason"))
