"""OFREP 0.3.0: every flag and every active experiment at once, for clients that ask once and then know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from variate.errors import VariateError
from variate.model.access import Scope
from variate.model.decision import Decision
from variate.model.instant import format_instant
from variate.platform import Platform
from variate.publishing.serving import InForce
from variate.server.answer import JSON, Answer, encode
from variate.server.data.etags import etag_of, has_already
from variate.server.data.evaluating import Evaluator
from variate.server.data.evaluations import Evaluations
from variate.server.data.freshness import Freshness
from variate.server.data.ofrep import PATH, asked, refused
from variate.server.data.streams import Streams
from variate.server.front import Route
from variate.server.request import Request

_ATTEMPTS = 2
"""How often it is decided where something else comes into force: the first may be what has a change brought there."""


class Bulk:
    """``POST /ofrep/v1/evaluate/flags``."""

    def __init__(
        self,
        platform: Platform,
        *,
        evaluator: Evaluator,
        evaluations: Evaluations,
        streams: Streams,
        freshness: Freshness,
    ) -> None:
        self._platform = platform
        self._evaluator = evaluator
        self._evaluations = evaluations
        self._streams = streams
        self._freshness = freshness

    async def answer(self, request: Request) -> Answer:
        """Answer with all evaluations for the context's targeting key, or that the client has them already.

        The tag is of the whole answer, so it covers the context, the snapshot, which the answer names, and whatever an
        assignment or an override makes of it.
        """
        unit, context = asked(await request.body())
        served, decisions = await self._decided(unit, context)
        request.evaluated_all(decisions)
        flags = b",".join(self._evaluations.texts(decisions))
        has = None if served is None else served.publication.sequence
        streams = self._streams.offered(request.principal, has=has)
        rest = encode({"eventStreams": streams, "metadata": self._metadata(served)})
        body = b'{"flags":[%b],%b' % (flags, rest[1:])
        etag = etag_of(body)
        headers = ((b"etag", etag), (b"cache-control", b"no-cache"), *self._freshness.headers())
        return Answer(304, b"", headers) if has_already(request, etag) else Answer(200, body, JSON + headers)

    @property
    def route(self) -> Route:
        """Where it is asked."""
        return Route(
            name="ofrep_bulk",
            method="POST",
            path=PATH,
            handler=self.answer,
            scope=Scope.EVALUATE,
            refused=refused,
        )

    async def _decided(
        self, unit: str, context: Mapping[str, Any]
    ) -> tuple[InForce | None, Mapping[str, Decision | VariateError]]:
        """Return all decisions and what they were made from, or what was in force before that.

        Never what came into force after it: a client that takes old values for the new ones is told of no change.
        """
        served = self._platform.snapshot_in_force()
        for _ in range(_ATTEMPTS):
            decisions = self._evaluator.all_now(unit, context)
            found = await self._evaluator.all_soon(unit, context) if decisions is None else decisions
            before, served = served, self._platform.snapshot_in_force()
            if before is not None and served is not None and before.publication.sequence == served.publication.sequence:
                break
        return before, found

    def _metadata(self, served: InForce | None) -> Mapping[str, Any]:
        """Return what holds for all of the answer. No time since: that would make each answer another one."""
        told: dict[str, Any] = {"flagSetId": self._platform.settings.environment}
        if served is not None:
            publication = served.publication
            told |= {
                "snapshot": publication.digest,
                "sequence": publication.sequence,
                "flagConfigLastModified": int(publication.at.timestamp()),
                "publishedAt": format_instant(publication.at),
            }
        return told
