"""The service of one process, put together: the front over a platform, with management behind it."""

from __future__ import annotations

from datetime import UTC, datetime

from variate.access.keyring import Keyring
from variate.platform import Platform
from variate.server.data.assigning import Assign
from variate.server.data.changes import Changes
from variate.server.data.evaluating import Evaluator
from variate.server.data.evaluations import Evaluations
from variate.server.data.freshness import Freshness
from variate.server.data.ofrep import Single
from variate.server.data.ofrep_bulk import Bulk
from variate.server.data.openapi import OPENAPI
from variate.server.data.snapshot import SnapshotText
from variate.server.data.stream_tokens import StreamTokens
from variate.server.data.streams import HEARTBEAT_SECONDS, Streams
from variate.server.front import Front, Route
from variate.server.gate import Gate
from variate.server.management.application import management


class Service:
    """An ASGI application, ``application``, over ``platform``. It closes neither the platform nor the keyring.

    ``changes.close()`` ends the event streams, which would hold up a process that is to end.
    """

    def __init__(self, platform: Platform, *, keyring: Keyring, heartbeat_seconds: float = HEARTBEAT_SECONDS) -> None:
        settings = platform.settings
        gate = Gate(keyring=keyring, environment=settings.environment)
        evaluator = Evaluator(platform)
        evaluations = Evaluations(platform)
        freshness = Freshness(platform)
        self.changes = Changes(platform, heartbeat_seconds=heartbeat_seconds)
        tokens = StreamTokens(keyring=keyring, environment=settings.environment, clock=lambda: datetime.now(UTC))
        self.streams = Streams(self.changes, tokens, gate=gate, public_url=settings.service.public_url)
        bulk = Bulk(platform, evaluator=evaluator, evaluations=evaluations, streams=self.streams, freshness=freshness)
        self.routes: tuple[Route, ...] = (
            Single(evaluator, evaluations, freshness).route,
            bulk.route,
            self.streams.route,
            Assign(evaluator).route,
            SnapshotText(platform).route,
            OPENAPI,
        )
        self.application = Front(
            routes=self.routes, rest=management(platform, gate=gate), gate=gate, settings=settings.service
        )
