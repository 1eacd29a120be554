"""OFREP's event stream: server-sent events that say when to ask for all flags again."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator
from urllib.parse import parse_qs, urlencode

from variate.errors import AccessError
from variate.model.access import Principal, Scope
from variate.server.answer import Headers, Stream, encode
from variate.server.data.changes import Change, Changes
from variate.server.data.stream_tokens import StreamTokens
from variate.server.front import Route
from variate.server.gate import Gate
from variate.server.refusal import Refusal
from variate.server.request import Request

logger = logging.getLogger("variate.access")

PATH = "/v1/stream"
INACTIVITY_SECONDS = 120
"""After so long in the background a client closes its connection."""
HEARTBEAT_SECONDS = 20.0
"""Proxies close what is silent for longer; a client that is gone is found out by it."""
MOST_OF_A_KEY = 20_000
"""How many may listen by one key in one process: what a process has file descriptors for is to be left to others."""
RECONNECT_MILLISECONDS = 2_000

_HEADERS: Headers = (
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would hold notices back
)


class Streams:
    """``GET /v1/stream?token=``: notices until the client goes, its key counts no longer, or the process ends."""

    def __init__(self, changes: Changes, tokens: StreamTokens, *, gate: Gate, public_url: str | None) -> None:
        self._changes = changes
        self._tokens = tokens
        self._gate = gate
        self._public_url = public_url
        self._listening: Counter[str] = Counter()

    def offered(self, principal: Principal | None, *, has: int | None) -> list[dict[str, object]]:
        """Return OFREP's ``eventStreams`` for whoever asks for all flags: none for who has no key to go by.

        ``has`` is the sequence that the answer is of, if any: what came after it, the stream tells of at once.
        """
        token = None if principal is None else self._tokens.token(principal)
        if token is None:
            return []
        # What changes before the client listens is not lost: it says here what it has.
        uri = f"{PATH}?{urlencode({'token': token, 'since': '' if has is None else has})}"
        where = {"endpoint": {"requestUri": uri}} if self._public_url is None else {"url": f"{self._public_url}{uri}"}
        return [{"type": "sse", **where, "inactivityDelaySec": INACTIVITY_SECONDS}]

    async def answer(self, request: Request) -> Stream:
        """Answer with the stream."""
        asked = parse_qs(request.scope["query_string"].decode("latin-1"))
        token = asked["token"][0] if "token" in asked else None
        holder = await self._holder(request, token)
        if self._listening[holder] >= MOST_OF_A_KEY:
            raise Refusal(429, "too_many_streams", "too many listen by this key here", headers={"Retry-After": "60"})
        has = request.header(b"last-event-id")
        since = has.decode("latin-1") if has is not None else asked.get("since", [""])[0]
        return Stream(status=200, headers=_HEADERS, chunks=self._chunks(request, holder, token, since))

    def listening(self) -> int:
        """Return how many listen in this process."""
        return self._listening.total()

    @property
    def route(self) -> Route:
        """Where it is asked. Who may is decided here, for the gate reads headers only."""
        return Route(name="stream", method="GET", path=PATH, handler=self.answer, scope=None)

    async def _holder(self, request: Request, token: str | None) -> str:
        if token is None:
            return (await self._gate.admit(request, Scope.EVALUATE)).id
        try:
            return self._tokens.holder(token).id
        except AccessError as error:
            said = {"path": request.path, "address": request.address, "code": error.code, "request_id": request.id}
            logger.warning("refused: %s", error, extra=said)
            raise

    async def _chunks(
        self, request: Request, holder: str, token: str | None, since: str
    ) -> AsyncGenerator[bytes, None]:
        self._listening[holder] += 1
        gone = asyncio.ensure_future(request.gone())
        try:
            yield self._greeting(since)
            while not gone.done() and not self._changes.closed and self._still_counts(token):
                turn = self._changes.turn()  # before looking, so that nothing comes between
                latest = self._changes.latest()
                if latest is not None and str(latest.sequence) != since:
                    if since:
                        yield _notice(latest)
                    since = str(latest.sequence)
                await asyncio.wait((turn, gone), return_when=asyncio.FIRST_COMPLETED)
                yield b":\n\n"
        finally:
            gone.cancel()
            self._listening[holder] -= 1
            if not self._listening[holder]:
                del self._listening[holder]

    def _greeting(self, since: str) -> bytes:
        """Return what a client goes by when it has to connect again: how soon, and what it has seen."""
        latest = self._changes.latest()
        seen = b"id: %d\n" % latest.sequence if latest is not None and since in ("", str(latest.sequence)) else b""
        return b"retry: %d\n%b\n" % (RECONNECT_MILLISECONDS, seen)

    def _still_counts(self, token: str | None) -> bool:
        if token is None:
            return True
        try:
            self._tokens.holder(token)
        except AccessError:
            return False
        return True


def _notice(change: Change) -> bytes:
    data = encode({"type": "refetchEvaluation", "etag": change.digest, "lastModified": change.at})
    return b"id: %d\nevent: message\ndata: %b\n\n" % (change.sequence, data)
