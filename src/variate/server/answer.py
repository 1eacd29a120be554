"""An answer of the data plane: status, body and headers, in the bytes that are sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from variate.server.refusal import Refusal

Headers = tuple[tuple[bytes, bytes], ...]

JSON: Headers = ((b"content-type", b"application/json"),)
PROBLEM: Headers = ((b"content-type", b"application/problem+json"),)

encode = msgspec.json.Encoder().encode
"""A value as JSON: a float stays a float, as in ``2.0``."""


class Answer(msgspec.Struct, gc=False):
    """What is answered, whole. One that is answered again and again is sent as it was the first time."""

    status: int
    body: bytes
    headers: Headers = JSON
    _messages: tuple[dict[str, Any], dict[str, Any]] | None = None

    @property
    def messages(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The two ASGI messages that send it."""
        made = self._messages
        if made is None:
            made = self._messages = self.messages_with(())
        return made

    def messages_with(self, more: Headers) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the messages that send it with further headers."""
        headers = [*self.headers, *more]
        if self.status != 304:
            headers.append((b"content-length", b"%d" % len(self.body)))
        start = {"type": "http.response.start", "status": self.status, "headers": headers}
        return start, {"type": "http.response.body", "body": self.body}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """What is answered bit by bit, until ``chunks`` ends: it has to, when the other side goes (``Request.gone``)."""

    status: int
    headers: Headers
    chunks: AsyncGenerator[bytes, None]


def headers_of(given: Mapping[str, str]) -> Headers:
    """Return the headers as they are sent."""
    return tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in given.items())


def problem_answer(refusal: Refusal, *, path: str, request_id: str) -> Answer:
    """Return the refusal as ``application/problem+json``."""
    body = encode(refusal.problem(instance=path, request_id=request_id))
    return Answer(refusal.status, body, PROBLEM + headers_of(refusal.headers))
