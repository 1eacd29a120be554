"""The data plane put together: what applications ask, over one platform."""

from __future__ import annotations

from collections.abc import MutableMapping
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
from variate.server.data.taking import Taking
from variate.server.front import Route
from variate.server.gate import Gate


class DataPlane:
    """``routes`` over ``platform``. ``changes.close()`` ends the event streams, which would hold up a stop.

    ``evaluator`` is to be closed once no request is answered any more. ``counts`` are added to: how many events had
    each verdict.
    """

    def __init__(
        self,
        platform: Platform,
        *,
        keyring: Keyring,
        gate: Gate,
        counts: MutableMapping[str, int],
        heartbeat_seconds: float,
    ) -> None:
        settings = platform.settings
        self.evaluator = evaluator = Evaluator(platform)
        texts, freshness = EvaluationTexts(platform), Freshness(platform)
        self.changes = Changes(platform, heartbeat_seconds=heartbeat_seconds)
        tokens = StreamTokens(keyring=keyring, environment=settings.environment, clock=lambda: datetime.now(UTC))
        self.streams = Streams(self.changes, tokens, gate=gate, public_url=settings.service.public_url)
        bulk = Bulk(platform, evaluator=evaluator, evaluations=texts, streams=self.streams, freshness=freshness)
        taking = Taking(platform.submit_events, counts)
        evaluations = Evaluations(
            variations_of=platform.running_variations,
            elsewhere=frozenset(settings.all_environments) - {settings.environment},
        )
        self.routes: tuple[Route, ...] = (
            Single(evaluator, texts, freshness).route,
            bulk.route,
            self.streams.route,
            Assign(evaluator).route,
            SnapshotText(platform).route,
            Events(taking).route,
            Logs(taking, evaluations).route,
            OPENAPI,
        )
