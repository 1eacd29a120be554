"""Whatever comes over the wire, the data plane refuses it as the sender's fault, and goes on answering."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.service.raw import connected
from tests.service.running import Running, bearer, running
from tests.service.wire import exchange, exchange_to_the_end, reply_of, request
from variate.platform import Platform
from variate.server.front import Route
from variate.service_settings import ServiceSettings
from variate.settings import Settings

BODY_SECONDS = 0.3
MAX_BODY = 100_000
KEY = bearer("admin")
JSON = {**KEY, "Content-Type": "application/json"}

BROKEN = {
    "nothing": b"",
    "an open brace": b"{",
    "no JSON": b"\x00\x01\x02",
    "text after it": b"{}{}",
    "nested deep": b"[" * 90_000,
    "nested deep in objects": b'{"context":' * 8_000,
    "a number beyond floats": b'{"context":{"targetingKey":"u","n":1e400},"events":[1e400],"resourceLogs":1e400}',
    "a number of many digits": b'{"context":{"n":'
    + b"9" * 5_000
    + b'},"events":['
    + b"9" * 5_000
    + b'],"resourceLogs":7}',
    "NaN": b'{"context":{"targetingKey":"u","n":NaN},"events":[NaN]}',
    "no UTF-8": b'{"context":{"targetingKey":"\xff\xfe"},"events":["\xff"],"resourceLogs":["\xff"]}',
    "half a surrogate": b'{"context":{"targetingKey":"\\ud800"},"events":["\\ud800"],"resourceLogs":["\\ud800"]}',
    "a list": b"[1,[2]",
    "a text": b'"context"',
    "wrong types": b'{"context":7,"events":{"a":1},"resourceLogs":{"a":1}}',
    "a mark of byte order": b"\xef\xbb\xbf{}",
}
DEEP = b"[" * 20_000 + b"]" * 20_000
ODD = {
    "nested deep and closed": b'{"context":{"targetingKey":"u","a":' + DEEP + b'},"events":[' + DEEP + b"]}",
    "nested deep where nobody looks": b'{"resourceLogs":[],"unknown":' + DEEP + b"}",
    "a member twice": b'{"context":{"targetingKey":"u","targetingKey":7},"events":[],"events":[7]}',
    "everything null": b'{"context":null,"events":null,"resourceLogs":null}',
    "no content": b'{"context":{"":null},"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[{}]}]}]}]}',
    "whole numbers beyond 64 bits": b'{"context":{"targetingKey":"u","n":' + b"9" * 200 + b"}}",
}
LENGTHS = {
    "no number": "x",
    "negative": "-1",
    "signed": "+5",
    "with a fraction": "5.5",
    "two": "5, 6",
    "of many digits": "9" * 400,
    "beyond the limit": str(MAX_BODY + 1),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service of small limits, so that reaching them takes no time."""
    home: Path = tmp_path_factory.mktemp("service")
    limits = ServiceSettings(body_timeout_seconds=BODY_SECONDS, max_body_bytes=MAX_BODY)
    with Platform.open(Settings(home=home, service=limits)) as platform, running(platform) as served:
        yield served


@pytest.fixture(autouse=True)
def goes_on(service: Running) -> Iterator[None]:
    """Whatever was sent, the next request is answered."""
    yield
    began = time.monotonic()
    event = b'[{"user_id":"u","event_type":"e","data":1}]'
    assert exchange(service.url, request("POST", "/v1/events", event, headers=JSON)).status == 202
    assert time.monotonic() - began < 5


def routes(service: Running) -> list[Route]:
    """Every route of the data plane that may be asked."""
    return [route for route in service.service.routes if route.method in ("GET", "POST")]


def path_of(route: Route) -> str:
    return f"{route.path}some-key" if route.path.endswith("/") else route.path


def taking_bodies(service: Running) -> list[Route]:
    found = [route for route in routes(service) if route.method == "POST"]
    assert len(found) >= 3
    return found


def test_a_broken_body_is_refused(service: Running) -> None:
    for route in taking_bodies(service):
        for what, body in BROKEN.items():
            for packed, encoding in ((body, {}), (gzip.compress(body), {"Content-Encoding": "gzip"})):
                reply = exchange(service.url, request("POST", path_of(route), packed, headers={**JSON, **encoding}))
                assert 400 <= reply.status < 500, (route.name, what, reply)


def test_an_odd_body_is_answered(service: Running) -> None:
    for route in taking_bodies(service):
        for what, body in ODD.items():
            reply = exchange(service.url, request("POST", path_of(route), body, headers=JSON))
            assert 200 <= reply.status < 500, (route.name, what, reply)


def test_bodies_in_other_encodings_are_refused(service: Running) -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < MAX_BODY
    cases = [
        ("gzip", bomb, 413),
        ("gzip", gzip.compress(b"{}")[:-4], 400),
        ("gzip", gzip.compress(b"{}") + b"more", 400),
        ("gzip", b"{}", 400),
        ("gzip", b"", 400),
        ("br", b"{}", 415),
        ("gzip, gzip", b"{}", 415),
        ("", b"{", 400),
    ]
    for route in taking_bodies(service):
        for encoding, body, status in cases:
            headers = {**JSON, "Content-Encoding": encoding}
            reply = exchange(service.url, request("POST", path_of(route), body, headers=headers))
            assert reply.status == status, (route.name, encoding, body[:20], reply)


def test_a_body_beyond_the_limit_is_refused_however_it_comes(service: Running) -> None:
    chunk = b"%x\r\n%s\r\n" % (60_000, b"[" * 60_000)
    for route in taking_bodies(service):
        whole = request("POST", path_of(route), b"[" * (MAX_BODY + 1), headers=JSON)
        chunked = request(
            "POST",
            path_of(route),
            chunk * 2 + b"0\r\n\r\n",
            headers={**JSON, "Transfer-Encoding": "chunked"},
            length=None,
        )
        for raw in (whole, chunked):
            reply = exchange(service.url, raw)
            assert (reply.status, b"connection: close" in reply.head.lower()) == (413, True), (route.name, reply)


@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
def test_a_length_that_is_none_is_refused(service: Running, length: str) -> None:
    for route in taking_bodies(service):
        reply = exchange(service.url, request("POST", path_of(route), b"{}", headers=JSON, length=length))
        assert 400 <= reply.status < 500, (route.name, reply)


def test_a_body_that_does_not_come_is_waited_for_a_while_only(service: Running) -> None:
    with ExitStack() as stack:
        began = time.monotonic()
        waiting = []
        for route in taking_bodies(service):
            chunked = {**JSON, "Transfer-Encoding": "chunked"}
            for raw in (
                request("POST", path_of(route), b"", headers=JSON, length="50"),
                request("POST", path_of(route), b'{"con', headers=JSON, length="50"),
                request("POST", path_of(route), b'5\r\n{"con\r\n', headers=chunked, length=None),
                request("POST", path_of(route), b"", headers={**JSON, "Expect": "100-continue"}, length="50"),
            ):
                connection = stack.enter_context(connected(service.url))
                connection.sendall(raw)
                waiting.append(connection)
        for connection in waiting:
            reply = reply_of(connection)
            assert (reply.status, b"connection: close" in reply.head.lower()) == (408, True), reply
        assert time.monotonic() - began < BODY_SECONDS + 5


def test_a_body_that_drips_is_given_up_too(service: Running) -> None:
    (route, *_) = taking_bodies(service)
    with connected(service.url) as connection:
        connection.sendall(request("POST", path_of(route), b"", headers=JSON, length="90000"))
        began = time.monotonic()
        connection.settimeout(BODY_SECONDS / 10)
        reply = None
        while reply is None:
            connection.sendall(b" ")
            try:
                reply = reply_of(connection)
            except TimeoutError:
                assert time.monotonic() - began < BODY_SECONDS + 5
    assert reply.status == 408


def test_heads_that_never_end_hold_up_nobody(service: Running) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(connected(service.url)).sendall(b"POST /v1/events HTTP/1.1\r\nHost: variate\r\nX-")
        assert exchange(service.url, request("POST", "/v1/events", b"[]", headers=JSON)).status == 202


HEADS: list[bytes] = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"POST /v1/events HTTP/9.9\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nno colon\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nA: " + b"x" * 200_000 + b"\r\n\r\n",
    b"POST /v1/ev\xffents HTTP/1.1\r\nHost: v\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nHost: v\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    b"POST /v1/events HTTP/1.1\r\nHost: v\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"POST /v1/events HTTP/1.1\r\nHost: v\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    b"POST /v1/events HTTP/1.1\r\nHost: v\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n",
    b"POST * HTTP/1.1\r\nHost: v\r\n\r\n",
    b"POST http://[::1 HTTP/1.1\r\nHost: v\r\n\r\n",
    b"\xff\xfe\xfd" * 100,
]


@pytest.mark.parametrize("raw", HEADS, ids=range(len(HEADS)))
def test_what_is_no_request_is_no_fault_of_the_service(service: Running, raw: bytes) -> None:
    assert exchange_to_the_end(service.url, raw).status < 500


PATHS = [
    "%00", "%ff%fe", "%ed%a0%80", "..", "%2e%2e%2f%2e%2e", "a%2fb", "%E2%82%AC", "x" * 8_000, "a?b=%ff", ";", "%",
    "%zz", "\u20ac",
]  # fmt: skip


def test_any_path_below_a_route_is_answered(service: Running) -> None:
    below = [route for route in routes(service) if route.path.endswith("/")]
    assert below
    for route in below:
        for tail in PATHS:
            body = b'{"context":{"targetingKey":"u"}}'
            reply = exchange(service.url, request(route.method, f"{route.path}{tail}", body, headers=JSON))
            assert reply.status == 0 or 400 <= reply.status < 500, (route.name, tail, reply)


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer \u20ac",
        "Basic YTpi",
        "bearer " + "x" * 10_000,
        "Bearer a b c",
        "Bearer \x7f",
    ],
    ids=range(8),
)
def test_any_proof_of_who_asks_but_a_key_is_refused(service: Running, given: str) -> None:
    for route in routes(service):
        if route.scope is not None:
            headers = {"Authorization": given, "Content-Type": "application/json"}
            reply = exchange(service.url, request(route.method, path_of(route), b"{}", headers=headers))
            assert reply.status in (400, 401), (route.name, reply)


SEEDS = [
    b'{"context":{"targetingKey":"u","country":"US","age":7,"tags":["a",1.5,null,true]},"flags":["a"]}',
    b'{"events":[{"id":"a","user_id":"u","event_type":"e","data":{"value":1.5},"timestamp":"2026-01-02T03:04:05Z"}]}',
    b'{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"u","data_base64":"e30="}',
    json.dumps(
        {"resourceLogs": [{"scopeLogs": [{"logRecords": [
            {"timeUnixNano": "1767323045678901234", "eventName": "feature_flag.evaluation", "attributes": [
                {"key": "feature_flag.key", "value": {"stringValue": "k"}},
                {"key": "n", "value": {"intValue": "7"}}]}]}]}]}
    ).encode(),
    b"\x0a\x1e\x12\x1c\x12\x1a\x09\x00\x10\x5e\x5f\x00\x00\x00\x00\x32\x0f\x0a\x01k\x12\x0a\x0a\x08feature_",
]  # fmt: skip
TYPES = [
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
    "application/x-protobuf",
    "text/plain",
    "",
]
SNIPPETS = [b"null", b"-", b"1e309", b'"\\u0000"', b"\\", b"{", b"[[[[", b"\xf0\x9f", b'{"":""}', b"9" * 400, b"\x00"]


def mutated(chance: random.Random, seed: bytes) -> bytes:
    """Return the bytes with a few of them changed, removed, doubled, or others put in."""
    raw = bytearray(seed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(raw) + 1)
        change: Callable[[], None] = chance.choice(
            [
                lambda at=at: raw.__setitem__(slice(at, at + 1), bytes([chance.randrange(256)])),
                lambda at=at: raw.__delitem__(slice(at, at + chance.randint(1, 20))),
                lambda at=at: raw.__setitem__(slice(at, at), raw[at : at + chance.randint(1, 40)] * 2),
                lambda at=at: raw.__setitem__(slice(at, at + chance.randint(0, 8)), chance.choice(SNIPPETS)),
            ]
        )
        change()
    return bytes(raw)


def fuzz(service: Running, *, seed: int, rounds: int) -> None:
    chance = random.Random(seed)
    for number in range(rounds):
        for route in routes(service):
            body = mutated(chance, chance.choice(SEEDS))
            headers = {**KEY, "Content-Type": chance.choice(TYPES)}
            raw = request(route.method, path_of(route), body, headers=headers)
            send = exchange
            if number % 4 == 0:
                raw, send = mutated(chance, raw), exchange_to_the_end
            reply = send(service.url, raw)
            assert reply.status < 500, (seed, number, route.name, raw, reply)
            assert reply.status or send is exchange_to_the_end, (seed, number, route.name, raw)


def test_requests_with_bytes_changed_by_chance_are_answered(service: Running) -> None:
    fuzz(service, seed=20_260_102, rounds=100)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_many_requests_with_bytes_changed_by_chance_are_answered(service: Running, seed: int) -> None:
    fuzz(service, seed=seed, rounds=3_000)
