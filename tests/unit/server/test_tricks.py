"""Requests that mean one thing here and another elsewhere."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from variate.server.refusal import Refusal
from variate.server.tricks import check_path, gathered


@pytest.mark.parametrize("name", [b"authorization", b"x-api-key", b"host", b"content-type", b"idempotency-key"])
def test_what_may_be_given_once_is_refused_twice(name: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        gathered([(name, b"a"), (b"accept", b"*/*"), (name, b"a")])
    assert (refused.value.status, refused.value.code) == (400, "repeated_header")


def test_other_headers_are_joined_in_order() -> None:
    headers = [(b"accept", b"a"), (b"cookie", b"x=1"), (b"accept", b"b"), (b"cookie", b"y=2")]
    assert gathered(headers) == {b"accept": b"a, b", b"cookie": b"x=1; y=2"}


def test_too_many_headers_are_refused() -> None:
    with pytest.raises(Refusal) as refused:
        gathered([(f"x-{number}".encode(), b"") for number in range(101)])
    assert refused.value.status == 431


@pytest.mark.parametrize(
    ("path", "raw"),
    [
        ("//api/v1/flags", b"//api/v1/flags"),
        ("/api//v1", b"/api//v1"),
        ("/api/v1/../admin", b"/api/v1/../admin"),
        ("/api/v1/../admin", b"/api/v1/%2e%2e/admin"),
        ("/api/./v1", b"/api/./v1"),
        ("/api/v1/a/b", b"/api/v1/a%2Fb"),
        ("/api/v1/a\\b", b"/api/v1/a%5cb"),
        ("/api/v1/a\x00", b"/api/v1/a%00"),
        ("/api/v1/a\r\nX: y", b"/api/v1/a%0d%0aX:%20y"),
        ("/api/v1/flags/", b"/api/v1/flags/"),
        ("/api/v1/flags", b"/%61pi/v1/flags"),
        ("/api/v1/launch-checklist", b"/api/v1/launch%2Dchecklist"),
    ],
)
def test_a_path_has_one_spelling(path: str, raw: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        check_path(path, raw)
    assert refused.value.status == 404


@pytest.mark.parametrize("path", ["/", "/api/v1/experiments", "/api/v1/experiments/größe 1", "/api/v1/a..b/.c"])
def test_a_plain_path_passes(path: str) -> None:
    check_path(path, quote(path).encode())
