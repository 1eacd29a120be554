"""Entity tags, and whether a client has what it asks for already."""

from __future__ import annotations

import mmh3

from variate.server.request import Request


def etag_of(body: bytes) -> bytes:
    """Return the tag of these bytes: 128 bits of a hash that nobody is to attack, for it is the asker's own answer."""
    return b'"%b"' % mmh3.hash_bytes(body).hex().encode()


def has_already(request: Request, etag: bytes) -> bool:
    """Return whether ``If-None-Match`` names the tag, as RFC 9110 compares: weak or not; ``*`` stands for any."""
    given = request.header(b"if-none-match")
    if given is None:
        return False
    return any(each.strip().removeprefix(b"W/") in (etag, b"*") for each in given.split(b","))
