"""How a request's body is read: at once where it is there, and no longer, nor of more, than is allowed."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Sequence
from typing import Any

import pytest

from variate.server.body import Limits, unpacked
from variate.server.refusal import Refusal
from variate.server.request import Request


def of(*parts: bytes, headers: Sequence[tuple[bytes, bytes]] = (), ends: bool = True) -> Request:
    """Return a request whose body comes in these parts, each after a turn of the loop but the first."""
    left = list(parts)

    async def receive() -> dict[str, Any]:
        if len(left) < len(parts):
            await asyncio.sleep(0)
        if not left:
            await asyncio.get_running_loop().create_future()
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left) or not ends}

    return Request({"method": "POST", "path": "/", "headers": list(headers)}, receive, id="1", limits=Limits(10, 0.01))


def test_a_body_that_is_there_takes_no_waiting() -> None:
    assert of(b"whole").body_at_once() == b"whole"
    assert of(b"").body_at_once() == b""


@pytest.mark.parametrize(
    ("request_of", "body"),
    [
        (lambda: of(b"in ", b"parts"), b"in parts"),
        (lambda: of(gzip.compress(b"packed"), headers=[(b"content-encoding", b"gzip")]), None),
        (lambda: of(b"plain", headers=[(b"content-encoding", b"identity")]), b"plain"),
    ],
)
def test_what_needs_more_is_left_to_who_awaits_it(request_of: Any, body: bytes | None) -> None:
    async def main() -> bytes:
        request: Request = request_of()
        assert request.body_at_once() is None
        return await request.body()

    if body is None:  # gzip's frame alone is more than these requests may have
        with pytest.raises(Refusal) as refused:
            asyncio.run(main())
        assert refused.value.status == 413
    else:
        assert asyncio.run(main()) == body


@pytest.mark.parametrize(
    "request_of",
    [
        lambda: of(b"eleven byte"),
        lambda: of(b"eleven", b" byte"),
        lambda: of(b"", headers=[(b"content-length", b"11")]),
    ],
)
def test_a_body_that_is_too_large_is_refused(request_of: Any) -> None:
    with pytest.raises(Refusal) as refused:
        asyncio.run(request_of().body())
    assert refused.value.status == 413


def test_a_body_that_does_not_come_is_not_waited_for_for_ever() -> None:
    with pytest.raises(Refusal) as refused:
        asyncio.run(of(b"begun", ends=False).body())
    assert refused.value.status == 408


def test_a_gzipped_body_may_have_members_but_not_so_many_that_unpacking_them_takes_long() -> None:
    limits = Limits(2**21, 1)
    assert unpacked(gzip.compress(b"a") + gzip.compress(b"b"), b"gzip", limits) == b"ab"
    with pytest.raises(Refusal) as refused:
        unpacked(gzip.compress(b"") * 101, b"gzip", limits)
    assert (refused.value.status, refused.value.code) == (400, "malformed_body")
