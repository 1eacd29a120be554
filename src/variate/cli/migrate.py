"""``variate migrate``: the tables."""

from __future__ import annotations

import click

from variate.cli.text import shown
from variate.platform import Platform


@click.command("migrate")
def command() -> None:
    """Make or update the tables of the configured stores. Safe to repeat."""
    with Platform.open() as platform:
        steps = platform.migrate()
    for step in steps:
        click.echo(shown(step))
    if not steps:
        click.echo("up to date: nothing to do")
