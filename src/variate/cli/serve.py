"""``variate serve``: the service."""

from __future__ import annotations

import os
import socket
import sys
import threading
from dataclasses import replace

import click

from variate.errors import ConfigurationError, MissingExtraError, VariateError
from variate.platform import Platform
from variate.settings import Profile, Settings


@click.command("serve")
@click.option("--host", help="The address to listen at, as VARIATE_HOST.")
@click.option("--port", type=click.IntRange(0, 65_535), help="The port, as VARIATE_PORT; 0 takes a free one.")
@click.option(
    "--fd",
    type=click.IntRange(3),
    help="Listen at this file descriptor, a socket that who starts it has opened, in place of host and port.",
)
@click.option(
    "--processes",
    type=click.IntRange(0, 256),
    help="How many processes answer, as VARIATE_PROCESSES; 0 is one for each core. More than one needs Redis.",
)
def command(host: str | None, port: int | None, fd: int | None, processes: int | None) -> None:
    """Answer over HTTP: the dashboard, OFREP, events, the management API. Ends in good order at SIGTERM or Ctrl-C."""
    if sys.platform == "win32":
        raise ConfigurationError("variate serve runs on Linux and macOS: on Windows run it in WSL or in a container")
    try:
        from variate.server.operations.process import Place, run  # noqa: PLC0415 - the server's packages are an extra
        from variate.server.operations.supervisor import Supervisor  # noqa: PLC0415 - an extra, too
    except ModuleNotFoundError as error:
        raise MissingExtraError(error.name or "the server", "server") from error
    settings = Settings.from_environment()
    service = settings.service
    service = replace(
        service,
        host=service.host if host is None else host,
        port=service.port if port is None else port,
        processes=service.processes if processes is None else processes,
    )
    settings = replace(settings, service=service)
    count = process_count(settings)
    with listening(service.host, service.port) if fd is None else inherited(fd) as listener:
        where = url_of(listener)

        def answer(platform: Platform | None = None) -> None:
            many = "" if count == 1 else f", {count} processes"
            click.echo(f"variate answers at {where} (environment {settings.environment}{many})")
            threading.Thread(target=_advise, args=(settings, platform), daemon=True).start()

        place = Place(settings=settings)
        if count == 1:
            run(place, listener, answers=answer)
        else:
            Supervisor(place, listener, count=count, answer=answer).run()


def process_count(settings: Settings) -> int:
    """Return how many processes are to answer; raise ``ConfigurationError`` where they would have nothing to share."""
    count = settings.service.processes or len(_cores())
    shares = settings.redis_url is not None or settings.profile is Profile.AWS
    if count > 1 and not shares:
        raise ConfigurationError(
            f"VARIATE_PROCESSES: {count} processes need VARIATE_REDIS_URL, as sessions and the limits on sign-ins and "
            "unknown keys are shared through Redis: set it, or run one process"
        )
    return count


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that is bound there; raise ``ConfigurationError`` where that cannot be."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise ConfigurationError(f"VARIATE_HOST, VARIATE_PORT: cannot listen at {host} port {port}: {error}") from error
    return listener


def inherited(fd: int) -> socket.socket:
    """Return the socket of this file descriptor; raise ``ConfigurationError`` where that is none of TCP."""
    try:
        found = socket.socket(fileno=fd)
    except OSError as error:
        raise ConfigurationError(f"--fd: {fd} is no socket that was handed on: {error}") from error
    if found.family not in (socket.AF_INET, socket.AF_INET6) or found.type != socket.SOCK_STREAM:
        found.close()
        raise ConfigurationError(f"--fd: {fd} is a socket of another kind: it must be one of TCP")
    return found


def url_of(listener: socket.socket) -> str:
    """Return where the socket is reached from this machine."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _cores() -> set[int]:
    """Return the cores that this process may use, which in a container may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))


def _advise(settings: Settings, platform: Platform | None) -> None:
    """Say what to do where there is no key yet. Beside what answers, as the store may be away."""
    try:
        if platform is not None:
            keys = platform.list_api_keys(limit=1)
        else:
            with Platform.open(settings) as opened:
                keys = opened.list_api_keys(limit=1)
    except VariateError:
        return  # /readyz and the log tell of a store that is away
    if not keys:
        click.echo("there is no key yet, so nobody is let in: variate keys create NAME --scope evaluate --scope ingest")
