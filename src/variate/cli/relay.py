"""``variate relay``: pending deliveries."""

from __future__ import annotations

import click

from variate.cli.session import opened_platform


@click.command("relay")
def command() -> None:
    """Deliver changes that are still pending between stores, as after a crash."""
    with opened_platform() as platform:
        delivered = platform.relay.deliver()
    click.echo(f"{delivered:,} delivered")
