"""A request as the data plane reads it: headers when asked for, the body within its limits."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any, TypeVar

import msgspec

from variate.model.access import Principal
from variate.server.begun import Begun
from variate.server.refusal import Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Coroutine[Any, Any, Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

T = TypeVar("T")


class Request:
    """One request. ``tail`` is what its path has after the route's; ``principal`` is set where the route asks who."""

    __slots__ = ("_begun", "_headers", "_max_body", "_receive", "_timeout", "id", "principal", "scope", "tail")

    def __init__(self, scope: Scope, receive: Receive, *, id: str, max_body: int, timeout: float) -> None:  # noqa: A002 - the name of what it is
        self.scope = scope
        self.id = id
        self.tail = ""
        self.principal: Principal | None = None
        self._receive = receive
        self._max_body = max_body
        self._timeout = timeout
        self._headers: dict[bytes, bytes] | None = None
        self._begun: Begun[Message] | None = None

    @property
    def method(self) -> str:
        """The method, in capitals."""
        method: str = self.scope["method"]
        return method

    @property
    def path(self) -> str:
        """The path, with what was escaped in it unescaped."""
        path: str = self.scope["path"]
        return path

    @property
    def address(self) -> str:
        """Where it comes from; empty where that is not told."""
        client = self.scope.get("client")
        return client[0] if client else ""

    def header(self, name: bytes) -> bytes | None:
        """Return the first header of this name, which is in lower case, or None."""
        headers = self._headers
        if headers is None:
            headers = self._headers = dict(reversed(self.scope["headers"]))
        return headers.get(name)

    def body_at_once(self) -> bytes | None:
        """Return the body where all of it has come and needs no unpacking, as of most; None else: await ``body``."""
        begun = self._begun = Begun(self._receive())
        if not begun.done:
            return None
        message = begun.value
        body: bytes | None = message.get("body")
        if not body or message.get("more_body") or self.header(b"content-encoding") is not None:
            return None
        if len(body) > self._max_body:
            raise self._too_large()
        return body

    async def body(self) -> bytes:
        """Return the body, unpacked where it is gzipped; raise ``Refusal`` where it is too large or too slow."""
        length = self.header(b"content-length")
        if length is not None and int(length) > self._max_body:
            raise self._too_large()
        begun = self._begun or Begun(self._receive())
        if begun.done and not begun.value.get("more_body"):
            message = begun.value
            body: bytes = message.get("body", b"")
        else:
            message, body = await self._slowly(begun)
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the other side went while it sent its body")
        if len(body) > self._max_body:
            raise self._too_large()
        encoding = self.header(b"content-encoding")
        return body if encoding is None else self._unpacked(body, encoding.strip().lower())

    async def json(self, decode: Callable[[bytes], T]) -> T:
        """Return what ``decode``, a msgspec decoder's, makes of the body; raise ``Refusal`` where that is not to be."""
        return decoded(await self.body(), decode)

    async def gone(self) -> None:
        """Return when the other side is gone; what it sends until then is thrown away."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _slowly(self, begun: Begun[Message]) -> tuple[Message, bytes]:
        """Return the body's first message, awaited, and the whole body."""
        try:
            async with asyncio.timeout(self._timeout):
                message = await begun
                body: bytes = message.get("body", b"")
                return message, await self._rest(body) if message.get("more_body") else body
        except TimeoutError as error:
            raise Refusal(408, "body_timeout", f"the body did not come within {self._timeout:g} s") from error

    async def _rest(self, first: bytes) -> bytes:
        parts, size = [first], len(first)
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the other side went while it sent its body")
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._max_body:
                raise self._too_large()
            if not message.get("more_body"):
                return b"".join(parts)

    def _unpacked(self, body: bytes, encoding: bytes) -> bytes:
        if encoding == b"identity":
            return body
        if encoding != b"gzip":
            raise Refusal(415, "unsupported_encoding", "the body may be packed by gzip, or not at all")
        unpacker = zlib.decompressobj(wbits=31)
        try:
            unpacked = unpacker.decompress(body, self._max_body + 1)
        except zlib.error as error:
            raise Refusal(400, "malformed_body", f"the body is not gzip: {error}") from error
        if len(unpacked) > self._max_body:
            raise self._too_large()
        if not unpacker.eof:
            raise Refusal(400, "malformed_body", "the gzipped body is not whole")
        return unpacked

    def _too_large(self) -> Refusal:
        return Refusal(413, "body_too_large", f"the body may have at most {self._max_body} bytes")


def decoded(body: bytes, decode: Callable[[bytes], T]) -> T:
    """Return what ``decode``, a msgspec decoder's, makes of the body; raise ``Refusal`` where that is not to be."""
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        raise Refusal(400, "invalid_body", f"the body is not of the form asked for: {error}") from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refusal(400, "malformed_body", f"the body is not JSON: {error}") from error
