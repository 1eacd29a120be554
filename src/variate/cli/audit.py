"""``variate audit``: the log of changes."""

from __future__ import annotations

from functools import partial

import click

from variate.cli.output import json_option, limit_option, print_json, print_table, taken
from variate.model import format_instant
from variate.model.record import audit_record
from variate.platform import Platform

_KINDS = ("experiment", "flag", "audience", "layer", "holdout", "metric", "snapshot", "key", "person")


@click.command("audit")
@click.option("--entity", "entity_id", help="Only changes of the experiment or flag of this id.")
@click.option(
    "--type",
    "entity_type",
    type=click.Choice(_KINDS),
    help="Only changes of this kind.",
)
@limit_option
@json_option
def command(entity_id: str | None, entity_type: str | None, limit: int, *, as_json: bool) -> None:
    """What was changed, by whom, when; the most recent first.

    With --entity, or with --json, also how it was before and after.
    """
    with Platform.open() as platform:
        found = taken(partial(platform.audit_log, entity_type=entity_type, entity_id=entity_id), limit=limit)
    if as_json:
        print_json([audit_record(entry) for entry in found])
        return
    moments = [format_instant(entry.created_at)[:16].replace("T", " ") for entry in found]
    if entity_id is None:
        rows = [(at, entry.entity_id, entry.action, entry.actor) for at, entry in zip(moments, found, strict=True)]
        print_table(("time (UTC)", "entity", "action", "actor"), rows, folded=("actor",))
    else:
        rows = [(at, entry.actor, entry.action, entry.document.text) for at, entry in zip(moments, found, strict=True)]
        print_table(("time (UTC)", "actor", "action", "data"), rows, folded=("actor", "data"))
