"""``variate relay``: pending deliveries."""

from __future__ import annotations

import click

from variate.platform import Platform


@click.command("relay")
@click.pass_context
def command(ctx: click.Context) -> None:
    """Deliver changes that are still pending between stores, as after a crash. Exits with 1 if some stay pending."""
    with Platform.open() as platform:
        delivered = platform.relay.deliver()
        pending = platform.relay.backlog()
    click.echo(f"{delivered:,} delivered, {pending:,} pending")
    if pending:
        ctx.exit(1)
