"""Bodies of what the front hands on: within the same limits as the data plane's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI, Request

from tests.service.raw import answered, connected, read_to_end
from tests.service.running import keyring_of, listening
from variate.platform import Platform
from variate.server.handed_on import HandedOn
from variate.server.service import Service
from variate.service_settings import ServiceSettings
from variate.settings import Settings

MOST = 4_096


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service whose management is one route, which reads its whole body, and one that fails."""
    application = FastAPI()

    @application.post("/api/v1/length")
    async def length(request: Request) -> int:
        return len(await request.body())

    @application.post("/api/v1/fails")
    async def fails() -> None:
        raise RuntimeError("broken")

    home: Path = tmp_path_factory.mktemp("service")
    settings = ServiceSettings(max_body_bytes=MOST, body_timeout_seconds=0.3)
    with Platform.open(Settings(home=home, service=settings)) as platform:
        service = Service(platform, keyring=keyring_of())
        handed_on = service.application._rest
        assert isinstance(handed_on, HandedOn)
        handed_on._application = application
        with listening(service.application) as served:
            yield served


def chunked(url: str, *parts: bytes, ends: bool = True) -> bytes:
    with connected(url) as connection:
        connection.sendall(
            b"POST /api/v1/length HTTP/1.1\r\nHost: s\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for part in parts:
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
        if ends:
            connection.sendall(b"0\r\n\r\n")
        return read_to_end(connection)


def test_a_body_within_the_limit_is_handed_on(url: str) -> None:
    status, text = answered(url, "POST /api/v1/length HTTP/1.1", body=b"x" * MOST)
    assert (status, text.rpartition("\n")[2]) == (200, str(MOST))


def test_a_body_that_says_it_is_too_large_is_refused(url: str) -> None:
    status, text = answered(url, "POST /api/v1/length HTTP/1.1", body=b"x" * (MOST + 1))
    assert (status, "body_too_large" in text) == (413, True)


def test_a_body_that_does_not_say_so_is_refused_once_it_is(url: str) -> None:
    text = chunked(url, *[b"x" * 1_024] * 5)
    assert text.startswith(b"HTTP/1.1 413")
    assert b"body_too_large" in text


def test_a_body_that_does_not_come_is_refused(url: str) -> None:
    text = chunked(url, b"x", ends=False)
    assert text.startswith(b"HTTP/1.1 408")
    assert b"application/problem+json" in text


def test_what_fails_there_is_a_problem_with_its_id_and_a_traceback_in_the_log(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    status, text = answered(url, "POST /api/v1/fails HTTP/1.1", "X-Request-Id: failing-1")
    assert status == 500
    assert "broken" not in text
    assert "x-request-id: failing-1" in text
    assert "RuntimeError: broken" in caplog.text
