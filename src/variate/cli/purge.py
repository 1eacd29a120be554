"""``variate purge``: expired records."""

from __future__ import annotations

import click

from variate.platform import Platform


@click.command("purge")
def command() -> None:
    """Delete what has expired from the stores that do not do so themselves. It only frees space."""
    with Platform.open() as platform:
        purged = platform.purge_expired()
    for name, count in purged.items():
        click.echo(f"{name}: {count:,} deleted")
