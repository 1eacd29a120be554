"""Requests that come whole are answered at once, and as any other way has them answered."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

import pytest

from tests.service.raw import apart, connected
from tests.service.running import Running, running
from variate.platform import Platform
from variate.server.envelope import Envelope
from variate.server.front import Front
from variate.service_settings import ServiceSettings
from variate.settings import Settings

FLAG = "/ofrep/v1/evaluate/flags/prompt"
BODY = b'{"context":{"targetingKey":"u"}}'

Answered = tuple[int, dict[str, str], bytes]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with a flag; a key may ask 3,000 times a second, and a body have 1,024 bytes."""
    limits = ServiceSettings(key_requests_per_second=3_000, max_body_bytes=1_024)
    settings = Settings(home=tmp_path_factory.mktemp("prompt"), service=limits)
    with Platform.open(settings) as platform, running(platform, kept_alive_seconds=1) as served:
        platform.create_feature_flag(
            "prompt",
            flag_id="prompt",
            status="active",
            type="string",
            variations=[{"name": "on", "value": "on"}, {"name": "off", "value": "off"}],
            off="off",
            default="on",
            environments={"dev": {"enabled": True}},
        )
        assert ask(served, whole())[0] == 200
        yield served


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Return, for each request that came whole, whether it was answered at once."""
    found: list[bool] = []
    plain = Front.at_once

    def watched(front: Front, scope: dict[str, object], body: bytes) -> tuple[int, bytes] | None:
        answer = plain(front, scope, body)
        found.append(answer is not None)
        return answer

    monkeypatch.setattr(Front, "at_once", watched)
    return found


def whole(
    *lines: str, path: str = FLAG, key: str = "secret-evaluate", body: bytes = BODY, version: str = "1.1"
) -> bytes:
    """Return a request as it is sent."""
    chunked = "Transfer-Encoding: chunked" in lines
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    length = [] if chunked else [f"Content-Length: {len(body)}"]
    head = [f"POST {path} HTTP/{version}", "Host: s", f"Authorization: Bearer {key}", *length, *lines]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + sent


def ask(service: Running, *pieces: bytes) -> Answered:
    """Return the answer to a request that is sent in these pieces."""
    with apart(service.url) as (connection, send), connection.makefile("rb") as stream:
        for piece in pieces:
            send(piece)
        return read(stream)


def read(stream: BinaryIO) -> Answered:
    """Return the next answer's status, headers and body."""
    line = stream.readline()
    while b" 100 " in line:
        stream.readline()
        line = stream.readline()
    headers = {}
    while header := stream.readline().strip().decode():
        name, _, value = header.partition(": ")
        headers[name] = value
    return int(line.split(b" ")[1]), headers, stream.read(int(headers.get("content-length", 0)))


def alike(answer: Answered) -> Answered:
    """Return the answer without what is each one's own."""
    status, headers, body = answer
    own = {"date", "x-request-id", "ratelimit", "connection"}
    return status, {name: value for name, value in headers.items() if name not in own}, body


@pytest.mark.parametrize(
    "pieces",
    [
        (whole(path=f"{FLAG}?a=b"),),
        (whole(path=FLAG.replace("prompt", "%70rompt")),),
        (whole("Connection: close"),),
        (whole(version="1.0"),),
        (whole("Connection: keep-alive", version="1.0"),),
        (whole("Expect: 100-continue"),),
        (whole()[:-5], whole()[-5:]),
        (whole()[:40], whole()[40:-5], whole()[-5:]),
        (whole("Accept: a", "Accept: b"),),
    ],
)
def test_each_way_of_asking_is_answered_alike(service: Running, at_once: list[bool], pieces: tuple[bytes, ...]) -> None:
    told = ask(service, whole())
    assert at_once == [True]
    assert told[0] == 200
    assert told[1]["date"]
    assert "x-request-id" in told[1]
    assert "ratelimit" in told[1]
    assert alike(ask(service, *pieces)) == alike(told)
    assert True not in at_once[1:]


def test_a_head_and_a_chunked_body_that_come_together_are_whole(service: Running, at_once: list[bool]) -> None:
    assert (
        ask(service, whole("Transfer-Encoding: chunked", "X-Request-Id: chunked-1"))[1]["x-request-id"] == "chunked-1"
    )
    assert ask(service, whole("Connection: keep-alive"))[0] == 200
    assert at_once == [True, True]


@pytest.mark.parametrize(
    ("asked", "status", "prompt"),
    [
        (whole(path=f"{FLAG}s"), 404, True),
        (whole(body=b"{"), 400, True),
        (whole(key="secret-nobody"), 401, False),
        (whole(key="secret-ingest"), 403, False),
        (whole(body=b" " * 1_025), 413, False),
        (whole("X-Api-Key: secret-evaluate"), 401, False),
        (whole("Host: other"), 400, False),
        (whole(path="/ofrep/v1/nothing"), 404, False),
        (whole(path="/healthz"), 405, False),
    ],
)
def test_what_is_refused_is_refused_alike(
    service: Running, at_once: list[bool], asked: bytes, status: int, *, prompt: bool
) -> None:
    told = ask(service, asked)
    assert told[0] == status
    assert at_once == [prompt]
    in_pieces = ask(service, asked[:40], asked[40:])
    assert in_pieces[0] == status
    assert alike(in_pieces)[1].keys() == alike(told)[1].keys()


def test_requests_of_one_connection_are_answered_in_their_order(service: Running) -> None:
    sent = [whole(), whole(key="secret-nobody"), whole(path=f"{FLAG}s"), whole(), whole(path=FLAG[:-7])]
    with connected(service.url) as connection, connection.makefile("rb") as stream:
        connection.sendall(b"".join(sent))
        assert [read(stream)[0] for _ in sent] == [200, 401, 404, 200, 200]


def test_who_reads_slowly_is_answered_in_full(service: Running) -> None:
    many = 8_000
    with connected(service.url) as connection, connection.makefile("rb") as stream:
        sender = threading.Thread(target=connection.sendall, args=(whole(path=f"{FLAG}s") * many,))
        sender.start()
        sender.join(timeout=0.3)  # by then what is not read holds it up
        found = [read(stream)[0] for _ in range(many)]
        sender.join()
    assert set(found) <= {404, 429}


def test_the_rate_of_a_key_counts(service: Running, at_once: list[bool], caplog: pytest.LogCaptureFixture) -> None:
    with connected(service.url) as connection, connection.makefile("rb") as stream:
        connection.sendall(whole(key="secret-admin") * 200)
        told = [read(stream) for _ in range(200)]
    left = [int(answer[1]["ratelimit"].split(";")[1].removeprefix("r=")) for answer in told]
    assert at_once == [True] * 200
    assert left[0] == 2_999
    assert left[-1] < 2_999 - 100


def test_connections_are_ended_when_nothing_was_asked_for_a_while(service: Running) -> None:
    asked_last = (whole(), whole(path=f"{FLAG}?a=b"))  # at once, and by ASGI
    with ExitStack() as opened:
        connections = [opened.enter_context(connected(service.url)) for _ in asked_last]
        streams = [opened.enter_context(each.makefile("rb")) for each in connections]
        for wait, sent in ((0.0, (whole(), whole())), (0.6, asked_last)):
            time.sleep(wait)  # the second answers come late in the time that a connection is kept: the time is the case
            for connection, stream, request in zip(connections, streams, sent, strict=True):
                connection.sendall(request)
                assert read(stream)[0] == 200
        began = time.monotonic()
        for stream in streams:
            assert stream.read() == b""
            assert 0.7 < time.monotonic() - began < 10


def test_a_stopping_service_closes_the_connection(
    service: Running, at_once: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service.service.draining, "begun", True)
    with connected(service.url) as connection, connection.makefile("rb") as stream:
        connection.sendall(whole())
        status, headers, _ = read(stream)
        assert stream.read() == b""
    assert (status, headers["connection"], at_once) == (200, "close", [False])


def test_what_fails_here_is_said_and_logged(
    service: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> bytes:
        raise ZeroDivisionError

    monkeypatch.setattr(Envelope, "written", fails)
    with caplog.at_level(logging.ERROR, "uvicorn.error"), connected(service.url) as connection:
        connection.sendall(whole())
        with connection.makefile("rb") as stream:
            assert read(stream)[0] == 500
            assert stream.read() == b""
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ZeroDivisionError]
