"""The dashboard on what ``variate demo`` made: a service of its own, and somebody who may sign in."""

from __future__ import annotations

import secrets
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from socket import socket

import click

from variate.cli.serve import listening, url_of
from variate.errors import ConfigurationError, VariateError
from variate.model.access import Role
from variate.platform import Platform
from variate.settings import Profile, Settings

EMAIL = "demo@example.com"
_LOG = "dashboard.log"
_PATIENCE_SECONDS = 60


def check_local(settings: Settings) -> None:
    """Raise ``ConfigurationError`` unless the stores are of this machine alone: an admin is added to them."""
    if settings.profile is not Profile.LOCAL:
        raise ConfigurationError(
            "VARIATE_PROFILE: --serve is for the local profile, as it adds somebody who administers; elsewhere use "
            "variate people add and variate serve"
        )


def serve(settings: Settings, experiment_id: str) -> None:
    """Serve the dashboard in a process of its own, and say where it is and who signs in.

    In a terminal it ends with Ctrl-C. Where there is none, nobody could press that: it goes on by itself.
    """
    password = _somebody(settings)
    with _free(settings) as listener:
        where = url_of(listener)
        log = settings.home / _LOG
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - our own program, with words of our own
                [sys.executable, "-m", "variate.cli", "serve", "--fd", str(listener.fileno())],
                pass_fds=(listener.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
    if not _answers(where):
        process.terminate()
        raise VariateError(f"the dashboard did not start: {log} says why")
    click.echo("\nThe dashboard:")
    click.echo(f"  {where}/experiments/{experiment_id}/results")
    click.echo(f"  sign in as {EMAIL} with the password {password}")
    if not sys.stdout.isatty():
        click.echo(f"  it goes on until: kill {process.pid}")
        return
    click.echo("  Ctrl-C ends it.")
    try:
        process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()


def _somebody(settings: Settings) -> str:
    """Have somebody who administers, with a new password, and return that."""
    password = secrets.token_urlsafe(12)
    with Platform.open(settings) as platform:
        if platform.get_person(EMAIL) is None:
            platform.add_person(EMAIL, name="Demo", role=Role.ADMIN, password=password, actor="demo")
        else:
            platform.set_password(EMAIL, password, actor="demo")
    return password


@contextmanager
def _free(settings: Settings) -> Iterator[socket]:
    """Yield a socket that listens at the port of the settings, or at a free one where another program has that."""
    host = settings.service.host
    try:
        found = listening(host, settings.service.port)
    except ConfigurationError:
        found = listening(host, 0)
    with closing(found) as listener:
        listener.listen()  # who asks from now on waits for the process, and is not refused
        yield listener


def _answers(where: str) -> bool:
    """Whether the process answers, once it does or has ended."""
    try:
        with urllib.request.urlopen(f"{where}/sign-in", timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False
