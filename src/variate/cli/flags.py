"""``variate flags``: the feature flags."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import click

from variate.cli import flag_changes
from variate.cli.flag_view import print_flag
from variate.cli.output import json_option, limit_option, print_json, print_table, taken
from variate.cli.targeting_options import chosen_rules, chosen_targeting, targeting_options
from variate.definition.stale_flags import UNCHANGED_FOR
from variate.errors import NotFoundError
from variate.model import FlagStatus, Json, format_instant
from variate.model.record import flag_record
from variate.platform import Platform


@click.group("flags")
def command() -> None:
    """Create, read, change and switch feature flags."""


command.add_command(flag_changes.update)
command.add_command(flag_changes.environment)
command.add_command(flag_changes.promote)


@command.command("list")
@click.option("--status", type=click.Choice([status.value for status in FlagStatus]), help="Only those of this status.")
@click.option("--owner", help="Only those whose targeting names this owner.")
@click.option("--tag", help="Only those whose targeting has this tag.")
@click.option("--text", help="Only those whose id, name or description contains this, however it writes A to Z.")
@limit_option
@json_option
def list_(
    status: str | None, owner: str | None, tag: str | None, text: str | None, limit: int, *, as_json: bool
) -> None:
    """List flags, the most recently updated first."""
    with Platform.open() as platform:
        read = partial(platform.list_feature_flags, status=status, owner=owner, tag=tag, text=text)
        found = taken(read, limit=limit)
    if as_json:
        print_json([flag_record(flag) for flag in found])
        return
    rows = [(flag.id, flag.status.value, format_instant(flag.updated_at)[:10], flag.name) for flag in found]
    print_table(("id", "status", "updated", "name"), rows, folded=("name",))


@command.command()
@click.option(
    "--days",
    "unchanged_days",
    type=click.IntRange(1, 36_500),
    default=UNCHANGED_FOR.days,
    show_default=True,
    help="For how long nothing was changed of them.",
)
@limit_option
@json_option
def stale(unchanged_days: int, limit: int, *, as_json: bool) -> None:
    """List flags that have done their work, and why they seem so: code that asks for them can be tidied."""
    with Platform.open() as platform:
        found = taken(partial(platform.list_stale_flags, unchanged_days=unchanged_days), limit=limit)
        reasons = platform.stale_reasons(found, unchanged_days=unchanged_days)
    if as_json:
        print_json([{**flag_record(flag), "stale": reasons.get(flag.id)} for flag in found])
        return
    rows = [(flag.id, format_instant(flag.updated_at)[:10], reasons.get(flag.id, "")) for flag in found]
    print_table(("id", "updated", "why"), rows, folded=("why",))


@command.command()
@click.argument("flag_id")
@json_option
def show(flag_id: str, *, as_json: bool) -> None:
    """Show one flag with its variations, its rules and what is different in an environment."""
    with Platform.open() as platform:
        found = platform.get_feature_flag(flag_id)
    if found is None:
        raise NotFoundError("flag", flag_id)
    print_flag(found, as_json=as_json)


@command.command()
@click.argument("name")
@click.option("--description", default="", help="What it is for.")
@click.option(
    "--status", type=click.Choice([status.value for status in FlagStatus]), default="inactive", show_default=True
)
@click.option("--id", "flag_id", help="An id of your own, in place of a random one.")
@targeting_options
@json_option
def create(
    name: str,
    description: str,
    status: str,
    flag_id: str | None,
    typed_rules: Sequence[Json],
    rules: Json,
    *,
    as_json: bool,
    **targeting: Any,
) -> None:
    """Create a flag.

    It has variations and is evaluated. Only with --rules and nothing else of what it serves, the rules are your own
    JSON, kept as it is.

    For example: variate flags create dark-mode --default off --rule
    '{"condition": {"attribute": "plan", "operator": "equals", "value": "pro"}, "serve": "on"}'
    """
    chosen = chosen_rules(typed_rules, rules)
    with Platform.open() as platform:
        created = platform.create_feature_flag(
            name,
            description=description,
            rules=[] if chosen is None else chosen,
            status=status,
            flag_id=flag_id,
            **chosen_targeting(targeting, typed=bool(typed_rules)),
        )
    print_flag(created, as_json=as_json)


@command.command()
@click.argument("flag_id")
@click.argument("status", type=click.Choice([status.value for status in FlagStatus]))
@json_option
def status(flag_id: str, status: str, *, as_json: bool) -> None:
    """Switch a flag to STATUS."""
    with Platform.open() as platform:
        changed = platform.update_feature_flag_status(flag_id, status)
    print_flag(changed, as_json=as_json)


@command.command()
@click.argument("flag_id")
@json_option
def archive(flag_id: str, *, as_json: bool) -> None:
    """Take a flag out of use; it is kept."""
    with Platform.open() as platform:
        changed = platform.archive_feature_flag(flag_id)
    print_flag(changed, as_json=as_json)
