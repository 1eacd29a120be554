"""``variate purge``: expired records."""

from __future__ import annotations

import click

from variate.cli.session import opened_platform


@click.command("purge")
def command() -> None:
    """Delete what has expired from the stores that do not do so themselves. It only frees space."""
    with opened_platform() as platform:
        purged = platform.purge_expired()
    for name, count in purged.items():
        click.echo(f"{name}: {count:,} deleted")
