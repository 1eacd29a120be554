"""One process that answers: a platform of its own, an event loop, and an end in good order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
import uvloop

from variate.platform import Platform
from variate.server.operations.logs import configure
from variate.server.operations.numbers import Board
from variate.server.operations.protocol import GuardedProtocol
from variate.server.service import Service
from variate.settings import Settings

if TYPE_CHECKING:
    from variate.server.operations.tracing import Tracing

logger = logging.getLogger("variate.server")

BACKLOG = 2_048
_KEPT_ALIVE_SECONDS = 75
"""Longer than the 60 s after which usual balancers let a connection go: they are to end it, not this."""
_COLLECTIONS = (700, 10, 100)
"""Python's own thresholds, but the oldest generation is gone through a tenth as often: with five thousand flags that
stops every thread for 80 ms, and every sixty pages that are rendered bring it about."""
_ANSWERING_SHARE = 0.8
_SETTLING_SHARE = 6
"""Of the time to stop in, one part in so many may go by until nobody comes any more."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a process is to be: its settings, its number among others, and where they show each other their numbers."""

    settings: Settings
    number: int = 0
    numbers_folder: Path | None = None


class _Server(uvicorn.Server):
    """Uvicorn's server, which says when it answers, and leaves the signals to the process."""

    def __init__(self, config: uvicorn.Config, *, answers: Callable[[], None]) -> None:
        super().__init__(config)
        self._answers = answers

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets=sockets)
        # What is there by now stays: the collector need not look through it again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_COLLECTIONS)
        if self.started:
            self._answers()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Catch none: ``_Process`` does."""
        yield


class _Process:
    def __init__(
        self,
        place: Place,
        listener: socket.socket,
        *,
        answers: Callable[[Platform], None],
        hurried_by: Collection[signal.Signals],
    ) -> None:
        self._place = place
        self._listener = listener
        self._answers = answers
        self._hurried_by = hurried_by
        self._seconds = place.settings.service.shutdown_seconds
        self._until = 0.0
        self._stopping: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Answer until a signal, and end in good order."""
        place = self._place
        platform = Platform.open(place.settings)
        service = Service(
            platform,
            keyring=platform.keyring,
            board=Board(place.numbers_folder, place=place.number),
            tracing=_tracing(place.settings),
        )
        protocol: Any = partial(GuardedProtocol, head_seconds=place.settings.service.body_timeout_seconds)
        config = uvicorn.Config(
            service.application,
            http=protocol,
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=_KEPT_ALIVE_SECONDS,
        )
        server = _Server(config, answers=lambda: self._answers(platform))
        self._heed_signals(server, service)
        await server.serve(sockets=[self._listener])
        await asyncio.to_thread(platform.close)
        logger.info("stopped: everything begun was answered, and written")

    def _heed_signals(self, server: _Server, service: Service) -> None:
        loop = asyncio.get_running_loop()

        def stop(number: int) -> None:
            if self._stopping is not None:
                if number not in self._hurried_by:
                    return
                logger.warning("told to stop again: ending at once")
                os._exit(128 + number)
            logger.info("told to stop: answering what has begun, for %g s at most", self._seconds)
            self._until = time.monotonic() + self._seconds
            watchdog = threading.Timer(self._seconds, self._give_up)
            watchdog.daemon = True  # it watches the interpreter's own end, too, which waits for threads
            watchdog.start()
            self._stopping = loop.create_task(self._stop(server, service))

        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop, number)

    async def _stop(self, server: _Server, service: Service) -> None:
        service.draining.begin()
        await service.draining.settled(most_seconds=self._seconds / _SETTLING_SHARE)
        # Uvicorn cancels what is not answered by then; the rest is left to write what was taken in.
        server.config.timeout_graceful_shutdown = max(1, int((self._until - time.monotonic()) * _ANSWERING_SHARE))
        server.should_exit = True

    def _give_up(self) -> None:
        logger.error("stopping took longer than VARIATE_SHUTDOWN_SECONDS: what was not written by now is lost")
        os._exit(1)


def run(
    place: Place,
    listener: socket.socket,
    *,
    answers: Callable[[Platform], None],
    hurried_by: Collection[signal.Signals] = (signal.SIGTERM, signal.SIGINT),
) -> None:
    """Answer at ``listener`` until SIGTERM or SIGINT, and return once all that was begun is done.

    ``answers`` is called when requests are answered. A second signal, one of ``hurried_by``, ends the process at once,
    and so does the end of ``shutdown_seconds``, with exit status 1. Raise ``VariateError`` where the settings cannot be
    right.
    """
    service = place.settings.service
    configure(form=service.log_format, level=service.log_level)
    process = _Process(place, listener, answers=answers, hurried_by=hurried_by)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(process.run())


def _tracing(settings: Settings) -> Tracing | None:
    """Return what traces, where the settings say so: its SDK takes long to import, and most services trace nothing."""
    if not settings.service.traces:
        return None
    from variate.server.operations.tracing import Tracing, exporting  # noqa: PLC0415 - its SDK is slow to import

    return Tracing(exporting(), share=settings.service.trace_share, environment=settings.environment)
