"""Requests that mean one thing here and another elsewhere: refused, whichever they mean."""

from __future__ import annotations

import re
from collections.abc import Sequence

from variate.server.refusal import Refusal

MOST_HEADERS = 100
_ONCE = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"origin",
        b"traceparent",
        b"x-api-key",
        b"x-request-id",
    }
)

_NEEDLESS = re.compile(rb"%(?:2[de]|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])", re.IGNORECASE)
"""An encoded letter, digit, ``-``, ``.`` or ``_``: nobody has to encode these (RFC 3986, 2.3), and paths have them."""


def gathered(headers: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the headers by name, those given several times joined by commas as RFC 9110 (5.3) has it.

    Raise ``Refusal`` for too many, and for several of one that may be given once: two readers might each take another.
    """
    found = dict(headers)
    if len(found) == len(headers) <= MOST_HEADERS:
        return found
    if len(headers) > MOST_HEADERS:
        raise Refusal(431, "too_many_headers", f"a request may have at most {MOST_HEADERS} headers")
    found = {}
    for name, value in headers:
        if name not in found:
            found[name] = value
        elif name in _ONCE:
            raise Refusal(400, "repeated_header", f"the header {name.decode('latin-1')} may be given once")
        else:
            found[name] = found[name] + (b"; " if name == b"cookie" else b", ") + value
    return found


def check_path(path: str, raw_path: bytes) -> None:
    """Raise ``Refusal`` for a path that has another spelling, so that what guards paths before us guards the same."""
    lowered = raw_path.lower()
    dotted = any(segment in (".", "..") for segment in path.split("/"))
    if (
        dotted
        or "//" in path
        or "\\" in path
        or not path.isprintable()
        or b"%2f" in lowered
        or b"%5c" in lowered
        or _NEEDLESS.search(raw_path)
        or (path.endswith("/") and path != "/")
    ):
        raise Refusal(
            404,
            "no_such_path",
            "there is nothing by this spelling: a path has no empty or dotted parts, no slash at its end, and nothing "
            "encoded that needs not be",
        )
