"""An answer of the data plane: status, body and headers, in the bytes that are sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass

import msgspec

from variate.server.refusal import Refusal

Headers = tuple[tuple[bytes, bytes], ...]

JSON: Headers = ((b"content-type", b"application/json"),)
PROBLEM: Headers = ((b"content-type", b"application/problem+json"),)

encode = msgspec.json.Encoder().encode
"""A value as JSON: a float stays a float, as in ``2.0``."""


class Answer(msgspec.Struct, gc=False):
    """What is answered, whole. ``ready`` are all its headers but those of one request: one that is sent again has them.

    They are put there by who sends it, and so is ``head``: the same as bytes.
    """

    status: int
    body: bytes
    headers: Headers = JSON
    ready: Headers | None = None
    head: bytes | None = None


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
