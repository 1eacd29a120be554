"""OFREP 0.3.0: every flag and every active experiment at once, for clients that ask once and then know."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

from variate.errors import VariateError
from variate.model.access import Principal, Scope
from variate.model.decision import Decision
from variate.model.instant import format_instant
from variate.model.snapshot import Publication
from variate.platform import Platform
from variate.server.answer import JSON, Answer, encode
from variate.server.data.etags import etag_of, has_already
from variate.server.data.evaluating import Evaluator
from variate.server.data.evaluations import Evaluations
from variate.server.data.freshness import Freshness
from variate.server.data.ofrep import PATH, asked, refused
from variate.server.data.streams import Streams
from variate.server.front import Route
from variate.server.request import Request

_MOST_HELD = 1_000
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
        self._rests: dict[str | None, tuple[Publication | None, bytes]] = {}

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """Answer with all evaluations for the context's targeting key, at once where that can be."""
        body = request.body_at_once()
        return self._answer_later(request) if body is None else self._answer(request, *asked(body))

    async def _answer_later(self, request: Request) -> Answer:
        answer = self._answer(request, *asked(await request.body()))
        return answer if isinstance(answer, Answer) else await answer

    def _answer(self, request: Request, unit: str, context: dict[str, Any]) -> Answer | Awaitable[Answer]:
        # What was in force before they were made, never what came after: a client that takes old values for the new
        # ones is told of no change.
        publication = self._publication
        decisions = self._evaluator.all_now(unit, context)
        if decisions is None:
            return self._answer_soon(request, unit, context)
        return self._told(request, decisions, publication)

    async def _answer_soon(self, request: Request, unit: str, context: dict[str, Any]) -> Answer:
        for _ in range(_ATTEMPTS):
            publication = self._publication
            decisions = await self._evaluator.all_soon(unit, context)
            if publication == self._publication:
                break
        return self._told(request, decisions, publication)

    def _told(
        self, request: Request, decisions: Mapping[str, Decision | VariateError], publication: Publication | None
    ) -> Answer:
        """Return the answer. Its tag is of the whole of it.

        So the tag covers the context, the snapshot, which the answer names, and whatever an assignment or an override
        makes of it.
        """
        request.evaluated_all(decisions)
        flags = b",".join(self._evaluations.texts(decisions))
        body = b'{"flags":[%b],%b' % (flags, self._rest(request.principal, publication))
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

    @property
    def _publication(self) -> Publication | None:
        served = self._platform.snapshot_in_force()
        return None if served is None else served.publication

    def _rest(self, principal: Principal | None, publication: Publication | None) -> bytes:
        """Return what an answer to whoever asks has after its flags: of one snapshot it is mostly the same bytes."""
        token = self._streams.token(principal)
        held = self._rests.get(token)
        if held is None or held[0] is not publication:
            told = {"eventStreams": self._streams.offered(token, publication), "metadata": self._metadata(publication)}
            if len(self._rests) >= _MOST_HELD:
                self._rests.clear()
            held = self._rests[token] = (publication, encode(told)[1:])
        return held[1]

    def _metadata(self, publication: Publication | None) -> Mapping[str, Any]:
        """Return what holds for all of the answer. No time since: that would make each answer another one."""
        told: dict[str, Any] = {"flagSetId": self._platform.settings.environment}
        if publication is not None:
            told |= {
                "snapshot": publication.digest,
                "sequence": publication.sequence,
                "flagConfigLastModified": int(publication.at.timestamp()),
                "publishedAt": format_instant(publication.at),
            }
        return told
