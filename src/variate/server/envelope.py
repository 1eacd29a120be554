"""What goes with every answer: the request's id, headers that keep browsers from mischief, and leave for browsers."""

from __future__ import annotations

import re
from contextlib import aclosing

from variate.server.answer import Answer, Headers, Stream
from variate.server.operations.draining import Draining
from variate.server.request import Request, Send
from variate.service_settings import ServiceSettings

_NO_STORE = (b"cache-control", b"no-store")
_VARY = (b"vary", b"origin")
CLOSE = (b"connection", b"close")
_EXPOSED = b"etag, retry-after, ratelimit, ratelimit-policy, x-request-id"
_ALLOWED_HEADERS = b"authorization, content-type, content-encoding, if-none-match, traceparent, x-api-key, x-request-id"
_PREFLIGHT_SECONDS = b"600"
_BREAKING = re.compile(rb"[\r\n\0]")


class Envelope:
    """Adds to answers what each has, and sends them."""

    def __init__(self, settings: ServiceSettings, *, draining: Draining) -> None:
        security: list[tuple[bytes, bytes]] = [
            (b"x-content-type-options", b"nosniff"),
            (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
            (b"referrer-policy", b"no-referrer"),
        ]
        if settings.public_url is not None and settings.public_url.startswith("https://"):
            security.append((b"strict-transport-security", b"max-age=31536000"))
        self._always = tuple(security)
        self._unless_given = (*security, _NO_STORE)
        self._draining = draining
        self._any_origin = "*" in settings.cors_origins
        self._origins = {origin.encode() for origin in settings.cors_origins}

    async def send(self, send: Send, answer: Answer | Stream, request: Request) -> int:
        """Send the answer and return its status."""
        if isinstance(answer, Stream):
            return await self._stream(send, answer, request)
        ready = self._ready(answer)
        headers = [*ready, *request.added, (b"x-request-id", request.id.encode())]
        if self._draining.begun:
            headers.append(CLOSE)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})
        return answer.status

    def written(self, answer: Answer, request: Request) -> bytes:
        """Return the answer as ``send`` has it sent, from its headers on, for a connection that stays open."""
        head = answer.head
        if head is None:
            head = answer.head = _lines(self._ready(answer))
        added = _lines(request.added) if request.added else b""
        return b"%b%bx-request-id: %b\r\n\r\n%b" % (head, added, request.id.encode(), answer.body)

    def around(self, given: list[tuple[bytes, bytes]], request: Request) -> list[tuple[bytes, bytes]]:
        """Return an application's own headers with those that it does not have itself."""
        names = {name.lower() for name, _ in given}
        added = [each for each in self._unless_given if each[0] not in names]
        headers = [*given, *added, *request.added, (b"x-request-id", request.id.encode())]
        if self._draining.begun:
            headers.append(CLOSE)
        return headers

    def share(self, request: Request) -> None:
        """Have the answer say which other origins' pages may read it: Cross-Origin Resource Sharing.

        Who asks is told by a key in a header, so no credentials of the browser's are ever let through.
        """
        if not self._origins:
            return
        origin = request.headers.get(b"origin")
        if self._any_origin:
            request.added += () if origin is None else _leave(b"*")
        elif origin is not None and origin in self._origins:
            request.added += (*_leave(origin), _VARY)
        else:
            request.added += (_VARY,)

    def preflight(self, request: Request, methods: str) -> Answer | None:
        """Return the answer to a browser that asks whether a page may ask this; None where it asks no such thing."""
        if b"access-control-request-method" not in request.headers or not self._is_let(request.headers.get(b"origin")):
            return None
        return Answer(
            204,
            b"",
            (
                (b"access-control-allow-methods", methods.encode()),
                (b"access-control-allow-headers", _ALLOWED_HEADERS),
                (b"access-control-max-age", _PREFLIGHT_SECONDS),
            ),
        )

    def _is_let(self, origin: bytes | None) -> bool:
        return origin is not None and (self._any_origin or origin in self._origins)

    def _ready(self, answer: Answer) -> Headers:
        ready = answer.ready
        if ready is None:
            ready = self._around(answer.headers)
            if answer.status not in (204, 304):
                ready = (*ready, (b"content-length", b"%d" % len(answer.body)))
            answer.ready = ready
        return ready

    def _around(self, given: Headers) -> Headers:
        own_caching = any(name == b"cache-control" for name, _ in given)
        return (*given, *(self._always if own_caching else self._unless_given))

    async def _stream(self, send: Send, answer: Stream, request: Request) -> int:
        headers = [*self._around(answer.headers), *request.added, (b"x-request-id", request.id.encode())]
        if self._draining.begun:
            headers.append(CLOSE)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        async with aclosing(answer.chunks) as chunks:
            if request.method != "HEAD":
                async for chunk in chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return answer.status


def _lines(headers: Headers) -> bytes:
    """Return the headers as they are sent; raise ``ValueError`` for what would be more than one line of it."""
    for name, value in headers:
        if _BREAKING.search(name) or _BREAKING.search(value):
            raise ValueError(f"no header: {name!r}: {value!r}")
    return b"".join([b"%b: %b\r\n" % each for each in headers])


def _leave(origin: bytes) -> Headers:
    return ((b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSED))
