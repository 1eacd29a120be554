"""The data plane, put together: every route that the front answers by itself, but for the operator's."""

from __future__ import annotations

from datetime import UTC, datetime

from variate.access.keyring import Keyring
from variate.platform import Platform
from variate.server.data.assigning import Assign
from variate.server.data.changes import Changes
from variate.server.data.evaluating import Evaluator
from variate.server.data.evaluation_texts import EvaluationTexts
from variate.server.data.events import Events
from variate.server.data.flag_evaluations import Evaluations
from variate.server.data.freshness import Freshness
from variate.server.data.ofrep import Single
from variate.server.data.ofrep_bulk import Bulk
from variate.server.data.openapi import OPENAPI
from variate.server.data.otlp import Logs
from variate.server.data.snapshot import SnapshotText
from variate.server.data.stream_tokens import StreamTokens
from variate.server.data.streams import Streams
from variate.server.data.taking import Counts, Taking
from variate.server.front import Route
from variate.server.gate import Gate


class DataPlane:
    """``routes`` over the platform. ``events`` is where verdicts are counted.

    ``changes.close()`` ends the event streams, which would hold up a process that is to end.
    """

    def __init__(
        self, platform: Platform, *, keyring: Keyring, gate: Gate, events: Counts, heartbeat_seconds: float
    ) -> None:
        settings = platform.settings
        freshness, texts = Freshness(platform), EvaluationTexts(platform)
        self.evaluator = Evaluator(platform)
        self.changes = Changes(platform, heartbeat_seconds=heartbeat_seconds)
        tokens = StreamTokens(keyring=keyring, environment=settings.environment, clock=lambda: datetime.now(UTC))
        self.streams = Streams(self.changes, tokens, gate=gate, public_url=settings.service.public_url)
        taking = Taking(platform.submit_events, events)
        exposures = Evaluations(
            variations_of=platform.running_variations,
            elsewhere=frozenset(settings.all_environments) - {settings.environment},
        )
        bulk = Bulk(platform, evaluator=self.evaluator, evaluations=texts, streams=self.streams, freshness=freshness)
        self.routes: tuple[Route, ...] = (
            Single(self.evaluator, texts, freshness).route,
            bulk.route,
            self.streams.route,
            Assign(self.evaluator).route,
            SnapshotText(platform).route,
            Events(taking).route,
            Logs(taking, exposures).route,
            OPENAPI,
        )
