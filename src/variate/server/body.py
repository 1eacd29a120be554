"""A request's body: read within its limits of size and time, and unpacked."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from variate.server.begun import Begun
from variate.server.refusal import Refusal

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]

CLOSE = {"Connection": "close"}
"""Where the rest of a body is not read, the connection is of no more use."""

_MOST_MEMBERS = 100
"""How many gzip members a body may have: each one copies what is left after it, so a body of nothing but empty ones
would hold the event loop for seconds."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a body may take: ``size`` bytes, packed and unpacked, and ``seconds`` to come."""

    size: int
    seconds: float

    def too_large(self) -> Refusal:
        """Return how a body of more bytes is refused."""
        return Refusal(413, "body_too_large", f"the body may have at most {self.size} bytes", headers=CLOSE)

    def too_slow(self) -> Refusal:
        """Return how a body that does not come is refused."""
        return Refusal(408, "body_timeout", f"the body did not come within {self.seconds:g} s", headers=CLOSE)


def begun(receive: Receive, limits: Limits) -> Begun[bytes]:
    """Return the body as it was sent, begun: a small one is there when its headers are."""
    return Begun(_read(receive, limits))


async def ended(body: Begun[bytes], limits: Limits) -> bytes:
    """Return the body that was begun; raise ``Refusal`` where it is too large or too slow."""
    if body.done:
        return body.value
    try:
        async with asyncio.timeout(limits.seconds):
            return await body
    except TimeoutError as error:
        raise limits.too_slow() from error


async def _read(receive: Receive, limits: Limits) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the other side went while it sent its body")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limits.size:
            raise limits.too_large()
        if not message.get("more_body"):
            return part if not parts else b"".join((*parts, part))
        parts.append(part)


def unpacked(body: bytes, encoding: bytes, limits: Limits) -> bytes:
    """Return the body without its ``Content-Encoding``; raise ``Refusal`` where that is unknown, or it is too large."""
    encoding = encoding.strip().lower()
    if encoding in (b"", b"identity"):
        return body
    if encoding not in (b"gzip", b"x-gzip"):
        raise Refusal(
            415,
            "unsupported_encoding",
            "the body may be packed by gzip, or not at all",
            headers={"Accept-Encoding": "gzip"},
        )
    parts: list[bytes] = []
    left, rest = limits.size, body
    try:
        while rest or not parts:  # what is gzipped may be of several members
            if len(parts) == _MOST_MEMBERS:
                raise Refusal(400, "malformed_body", f"the gzipped body has more than {_MOST_MEMBERS} members")
            unpacker = zlib.decompressobj(wbits=31)
            parts.append(unpacker.decompress(rest, left + 1))
            left -= len(parts[-1])
            if left < 0:
                raise limits.too_large()
            if not unpacker.eof:
                raise Refusal(400, "malformed_body", "the gzipped body is not whole")
            rest = unpacker.unused_data
    except zlib.error as error:
        raise Refusal(400, "malformed_body", f"the body is not gzip: {error}") from error
    return b"".join(parts)
