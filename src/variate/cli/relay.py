"""``variate relay``: pending deliveries."""

from __future__ import annotations

import click

from variate.platform import Platform


@click.command("relay")
def command() -> None:
    """Deliver changes that are still pending between stores, as after a crash."""
    with Platform.open() as platform:
        delivered = platform.relay.deliver()
    click.echo(f"{delivered:,} delivered")
