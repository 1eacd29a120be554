"""``variate serve``: the service."""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import replace

import click

from variate.errors import ConfigurationError, MissingExtraError
from variate.platform import Platform
from variate.settings import Profile, Settings


@click.command("serve")
@click.option("--host", help="The address to listen at, as VARIATE_HOST.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port, as VARIATE_PORT; 0 takes a free one.")
@click.option(
    "--processes",
    type=click.IntRange(0, 256),
    help="How many processes answer, as VARIATE_PROCESSES; 0 is one for each core. More than one needs Redis.",
)
@click.pass_context
def command(ctx: click.Context, host: str | None, port: int | None, processes: int | None) -> None:
    """Answer over HTTP: OFREP, events, the management API. Ends in good order at SIGTERM or Ctrl-C."""
    given = {"host": host, "port": port, "processes": processes}
    settings = Settings.from_environment()
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = replace(settings, service=replace(settings.service, **chosen))  # type: ignore[arg-type]  # click checked
    count = _count(settings)
    try:
        from variate.server.operations.process import BACKLOG, Place, run
        from variate.server.operations.supervisor import Supervisor
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "the service's packages", "server") from error
    listener = _listening(settings, backlog=BACKLOG)
    place = Place(settings=settings, keyring=keyring_of)

    def say(platform: Platform | None = None) -> None:
        _say(settings, listener, count)

    with listener:
        if count > 1:
            ctx.exit(Supervisor(place, listener, count=count, answer=say).run())
        run(place, listener, answers=say)
