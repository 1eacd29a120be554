"""``variate flags``: the feature flags."""

from __future__ import annotations

import json
from functools import partial

import click

from variate.cli.json_value import json_value
from variate.cli.output import json_option, limit_option, print_fields, print_json, print_table, taken
from variate.errors import NotFoundError
from variate.model import FeatureFlag, FlagStatus, Json, format_instant
from variate.model.record import flag_record
from variate.platform import Platform


@click.group("flags")
def command() -> None:
    """Create, read and switch feature flags."""


@command.command("list")
@click.option("--status", type=click.Choice([status.value for status in FlagStatus]), help="Only those of this status.")
@limit_option
@json_option
def list_(status: str | None, limit: int, *, as_json: bool) -> None:
    """List flags, the most recently updated first."""
    with Platform.open() as platform:
        found = taken(partial(platform.list_feature_flags, status=status), limit=limit)
    if as_json:
        print_json([flag_record(flag) for flag in found])
        return
    rows = [(flag.id, flag.status.value, format_instant(flag.updated_at)[:10], flag.name) for flag in found]
    print_table(("id", "status", "updated", "name"), rows, folded=("name",))


@command.command()
@click.argument("flag_id")
@json_option
def show(flag_id: str, *, as_json: bool) -> None:
    """Show one flag with its rules."""
    with Platform.open() as platform:
        found = platform.get_feature_flag(flag_id)
    if found is None:
        raise NotFoundError("flag", flag_id)
    _print(found, as_json=as_json)


@command.command()
@click.argument("name")
@click.option(
    "--rules", type=json_value, metavar="JSON", default="[]", show_default=True, help="The rules as JSON, or @FILE."
)
@click.option("--description", default="", help="What it is for.")
@click.option(
    "--status", type=click.Choice([status.value for status in FlagStatus]), default="inactive", show_default=True
)
@json_option
def create(name: str, rules: Json, description: str, status: str, *, as_json: bool) -> None:
    """Create a flag."""
    with Platform.open() as platform:
        created = platform.create_feature_flag(name, description=description, rules=rules, status=status)
    _print(created, as_json=as_json)


@command.command()
@click.argument("flag_id")
@click.argument("status", type=click.Choice([status.value for status in FlagStatus]))
@json_option
def status(flag_id: str, status: str, *, as_json: bool) -> None:
    """Switch a flag to STATUS."""
    with Platform.open() as platform:
        changed = platform.update_feature_flag_status(flag_id, status)
    _print(changed, as_json=as_json)


@command.command()
@click.argument("flag_id")
@json_option
def archive(flag_id: str, *, as_json: bool) -> None:
    """Take a flag out of use; it is kept."""
    with Platform.open() as platform:
        changed = platform.archive_feature_flag(flag_id)
    _print(changed, as_json=as_json)


def _print(flag: FeatureFlag, *, as_json: bool) -> None:
    if as_json:
        print_json(flag_record(flag))
        return
    print_fields(
        {
            "id": flag.id,
            "name": flag.name,
            "description": flag.description,
            "status": flag.status.value,
            "revision": str(flag.revision),
            "created": format_instant(flag.created_at),
            "updated": format_instant(flag.updated_at),
            "rules": json.dumps(flag.rules.value, ensure_ascii=False),
        }
    )
