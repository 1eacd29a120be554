"""Heads of requests that do not come, or do not end."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.service.asking import http
from tests.service.raw import apart, connected, read_to_end
from tests.service.running import Running, running
from variate.platform import Platform
from variate.service_settings import ServiceSettings
from variate.settings import Settings


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Heads have to come within a quarter of a second."""
    settings = Settings(home=tmp_path_factory.mktemp("heads"), service=ServiceSettings(body_timeout_seconds=0.25))
    with Platform.open(settings) as platform, running(platform) as served:
        yield served


@pytest.mark.parametrize("sent", [b"", b"GET /healthz HTTP/1.1\r\nHost: s\r\nX-Slow: "])
def test_a_connection_whose_request_does_not_come_is_ended(service: Running, sent: bytes) -> None:
    began = time.monotonic()
    with connected(service.url) as connection:
        connection.sendall(sent)
        text = read_to_end(connection)
    assert time.monotonic() - began < 10
    assert text.startswith(b"HTTP/1.1 408")


def test_a_second_request_of_a_connection_has_to_come_as_well(service: Running) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: s\r\n\r\n"
    with connected(service.url) as connection:
        connection.sendall(whole)
        assert connection.recv(4_096).startswith(b"HTTP/1.1 200")
        connection.sendall(whole[:20])
        assert read_to_end(connection).startswith(b"HTTP/1.1 408")


def test_a_head_in_pieces_that_ends_in_time_is_answered_and_the_connection_goes_on(service: Running) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: s\r\n\r\n"
    with apart(service.url) as (connection, send):
        for _ in range(2):
            send(whole[:10])
            send(whole[10:])
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200")
        time.sleep(0.4)  # longer than a head may take, and nothing is to come of it: the time itself is the case
        connection.sendall(whole)
        assert connection.recv(4_096).startswith(b"HTTP/1.1 200")


def test_a_head_that_grows_for_ever_is_refused(service: Running) -> None:
    with connected(service.url) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        try:
            for number in range(1_000):
                connection.sendall(b"X-More-%d: %s\r\n" % (number, b"x" * 1_000))
            text = read_to_end(connection)
        except ConnectionError:
            text = b"it was ended"
    assert text.startswith((b"HTTP/1.1 431", b"it was ended"))
    assert http.get(f"{service.url}/healthz").status_code == 200
