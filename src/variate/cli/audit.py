"""``variate audit``: the log of changes, and whether it stands as it was written."""

from __future__ import annotations

from datetime import datetime
from functools import partial

import click

from variate.cli.moment import moment
from variate.cli.output import advance_on, json_option, limit_option, print_json, print_table, progress, say, taken
from variate.definition.verifying import AuditVerification, verification_record
from variate.model import format_instant
from variate.model.audit import ENTITY_TYPES, AuditFilters
from variate.model.record import audit_record
from variate.platform import Platform
from variate.rendering.audit_words import Tone, verification_words


@click.group("audit", invoke_without_command=True)
@click.option("--entity", "entity_id", help="Only changes of the experiment or flag of this id.")
@click.option("--type", "entity_type", type=click.Choice(ENTITY_TYPES), help="Only changes of this kind.")
@click.option("--actor", help="Only changes made by this person or key, written as it is shown.")
@click.option("--action", help="Only what was done in this way, such as status_change.")
@click.option("--since", type=moment, metavar="WHEN", help="Only since this time: 10m, 2h, 7d ago, or ISO 8601.")
@click.option("--until", type=moment, metavar="WHEN", help="Only before this time.")
@limit_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    entity_id: str | None,
    entity_type: str | None,
    actor: str | None,
    action: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """What was changed, by whom, when; the most recent first.

    With --entity, or with --json, also how it was before and after.
    """
    if ctx.invoked_subcommand is not None:
        return
    filters = AuditFilters(
        entity_type=entity_type, entity_id=entity_id, actor=actor, action=action, since=since, until=until
    )
    with Platform.open() as platform:
        found = taken(partial(platform.audit_log, **filters), limit=limit)
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


@command.command("verify")
@click.option("--head", metavar="HASH", help="The head that an earlier verification printed: see that it still stands.")
@json_option
@click.pass_context
def verify(ctx: click.Context, head: str | None, *, as_json: bool) -> None:
    """See whether every entry stands as it was written.

    Exits with 1 where one was altered, removed, moved or put in by hand, and where the guards against that are gone.
    Note the head that is printed in another place: whoever owns the tables could make the whole log anew, and only
    --head finds that out.
    """
    with Platform.open() as platform, progress() as bars:
        found = platform.verify_audit_log(head=head, advance=advance_on(bars))
    if as_json:
        print_json(verification_record(found))
    else:
        _show(found)
    if not found.is_whole:
        ctx.exit(1)


def _show(found: AuditVerification) -> None:
    for text, tone in verification_words(found):
        if tone is Tone.WRONG:
            say(text, bold=True, fg="red")
        elif tone is Tone.DETAIL:
            say(text, first="  ", others="  ")
        else:
            say(text)
    click.echo(f"head  {found.head}")
