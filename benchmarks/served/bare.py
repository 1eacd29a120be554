"""A bare ASGI application that parses, hashes and answers: nothing is checked, nothing looked up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import mmh3
import msgspec

from benchmarks.served.workload import BULK_PATH, SALT, VARIATIONS, answered


class _Asked(msgspec.Struct):
    context: dict[str, Any]


_decode = msgspec.json.Decoder(_Asked).decode
_encode = msgspec.json.Encoder().encode
_NAMES = [each["name"] for each in VARIATIONS]


def bare(bulk: bytes) -> Callable[..., Awaitable[None]]:
    """Return the application; ``bulk`` is what it answers to all flags at once."""

    async def application(
        scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        message = await receive()
        context = _decode(message["body"]).context
        if scope["path"] == BULK_PATH:
            body = bulk
        else:
            place = mmh3.hash(SALT + context["targetingKey"].encode(), signed=False) * 2 >> 32
            body = _encode(answered(_NAMES[place]))
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(body)).encode()),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    return application
