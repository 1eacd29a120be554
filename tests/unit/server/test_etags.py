"""Entity tags as RFC 9110 compares them."""

from __future__ import annotations

import pytest

from variate.server.body import Limits
from variate.server.data.etags import etag_of, has_already
from variate.server.request import Request


def asking(given: bytes | None) -> Request:
    headers = [] if given is None else [(b"if-none-match", given)]

    async def receive() -> dict[str, object]:
        raise NotImplementedError

    return Request({"method": "GET", "path": "/", "headers": headers}, receive, id="1", limits=Limits(1, 1))


def test_the_tag_is_of_the_bytes() -> None:
    assert etag_of(b"a") == etag_of(b"a")
    assert etag_of(b"a") != etag_of(b"b")
    assert etag_of(b"a")[:1] == etag_of(b"a")[-1:] == b'"'


@pytest.mark.parametrize("given", [b'"x"', b'W/"x"', b'"a", "x"', b'"a",W/"x"', b"*", b' "x" '])
def test_who_names_the_tag_has_it(given: bytes) -> None:
    assert has_already(asking(given), b'"x"')


@pytest.mark.parametrize("given", [None, b"", b"x", b'"X"', b'"a", "b"', b'"xx"'])
def test_who_does_not_name_it_has_it_not(given: bytes | None) -> None:
    assert not has_already(asking(given), b'"x"')
