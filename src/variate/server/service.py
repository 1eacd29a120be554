"""The service of one process, put together: the front over a platform, with management behind it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from variate.access.keyring import Keyring
from variate.platform import Platform
from variate.server.dashboard.application import Dashboard
from variate.server.data.plane import DataPlane
from variate.server.data.streams import HEARTBEAT_SECONDS
from variate.server.envelope import Envelope
from variate.server.front import Front
from variate.server.gate import Gate
from variate.server.guesses import Guesses
from variate.server.handed_on import HandedOn
from variate.server.management.application import management
from variate.server.operations.draining import Draining
from variate.server.operations.endpoints import Endpoints
from variate.server.operations.health import Health
from variate.server.operations.intake_history import IntakeHistory
from variate.server.operations.numbers import Board, Numbers, numbers_of
from variate.server.operations.tally import Tally
from variate.server.operations.usage import cpu_seconds, usage
from variate.server.operations.watch import Watch
from variate.server.rates import Rate
from variate.server.request import Receive, Scope, Send
from variate.service_settings import ServiceSettings

if TYPE_CHECKING:
    from variate.server.operations.tracing import Tracing

logger = logging.getLogger("variate.server")

_GUESSES_PER_SIGN_IN = 10
_NUMBERS_EVERY_SECONDS = 1.0


class Service:
    """An ASGI application, ``application``, over ``platform``. It closes neither the platform nor the keyring.

    ``board`` is where the processes of one service show each other their numbers; ``intake`` is what all of them took
    in lately. ``draining`` is for whoever stops the process, and knows what ends when.
    """

    def __init__(
        self,
        platform: Platform,
        *,
        keyring: Keyring,
        board: Board | None = None,
        tracing: Tracing | None = None,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        settings = platform.settings
        self.draining = Draining()
        self.tally = Tally()
        self.intake = IntakeHistory(time.monotonic)
        self._board = board or Board(None)
        self._tracing = tracing
        self._telling: asyncio.Task[None] | None = None
        self._gate = Gate(
            keyring=keyring,
            environment=settings.environment,
            key_rate=_rate("key", settings.service.key_requests_per_second),
            address_rate=_rate("address", settings.service.address_requests_per_second),
            guesses=Guesses(
                platform.check_rate_limit, most_a_minute=_GUESSES_PER_SIGN_IN * settings.service.sign_ins_per_minute
            ),
        )
        self._watch = Watch(probes=platform.probes, status=platform.serving_status)
        self._health = Health(
            watch=self._watch,
            draining=self.draining,
            environment=settings.environment,
            ledger=platform.ledger_status,
            waiting_events=lambda: platform.intake_status().waiting,
            poll_seconds=settings.snapshot_poll_seconds,
        )
        plane = DataPlane(
            platform,
            keyring=keyring,
            gate=self._gate,
            counts=self.tally.events,
            heartbeat_seconds=heartbeat_seconds,
        )
        self.routes, self.changes, self.streams = plane.routes, plane.changes, plane.streams
        self.draining.at_first(plane.changes.close)
        self.draining.at_last(plane.evaluator.close)
        self.draining.at_last(self._watch.close)
        self.draining.at_last(self._gate.close)
        self.draining.at_last(self._tell_no_more)
        self.application = self._front(platform, settings.service)

    def start(self) -> None:
        """Begin to look at the stores and to tell of this process; an event loop runs. Safe to repeat."""
        self._watch.start()
        if self._telling is None:
            self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def finish(self) -> None:
        """End what runs in the background: no request is answered any more."""
        self.draining.finish()
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.close)

    def numbers(self) -> Numbers:
        """Return what this process has counted, and how it is."""
        return numbers_of(
            self.tally,
            before=self._board.before,
            counts={**self._health.counts(), "process_cpu_seconds": cpu_seconds()},
            gauges={**self._health.gauges(), **usage()},
            stores=self._health.stores(),
        )

    def _front(self, platform: Platform, settings: ServiceSettings) -> Front:
        envelope = Envelope(settings, draining=self.draining)
        rest = management(platform, gate=self._gate)
        self.dashboard = Dashboard(platform, gate=self._gate, intake=self.intake, health=self._health.state, rest=rest)
        self.draining.at_first(self.dashboard.live.close)
        self.draining.at_last(self.dashboard.making.close)
        endpoints = Endpoints(health=self._health, gate=self._gate, numbers=self._all_numbers)
        return Front(
            routes=self.routes,
            probes=endpoints.routes,
            rest=HandedOn(self.dashboard, gate=self._gate, envelope=envelope, settings=settings),
            gate=self._gate,
            settings=settings,
            envelope=envelope,
            draining=self.draining,
            tally=self.tally,
            tracing=self._tracing,
            lifespan=self._live,
        )

    def _all_numbers(self) -> Sequence[Numbers]:
        return (self._shown(), *self._board.others())

    def _shown(self) -> Numbers:
        """Return this process's numbers, once they are shown to the others.

        What was told is never more than whoever takes this process's place goes on from: a sum that falls is taken for
        a new beginning, and all of it for new.
        """
        numbers = self.numbers()
        try:
            self._board.put(numbers)
        except OSError as error:
            logger.warning("this process's numbers cannot be shown to the others: %s", error)
        return numbers

    def _note_intake(self) -> None:
        own = self._shown()
        try:
            self.intake.add((own, *self._board.others()))
        except OSError as error:
            logger.warning("the other processes' numbers cannot be read: %s", error)

    async def _tell(self) -> None:
        while True:
            self._note_intake()
            await asyncio.sleep(_NUMBERS_EVERY_SECONDS)

    def _tell_no_more(self) -> None:
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None
        self._board.put(self.numbers())

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Start and finish as the server does."""
        if scope["type"] != "lifespan":
            return  # a WebSocket: there are none here, and the server says so
        await receive()
        self.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.finish()
        await send({"type": "lifespan.shutdown.complete"})


def _rate(name: str, per_second: float) -> Rate | None:
    return None if per_second == 0 else Rate(name, per_second)
