"""Requests as no client library sends them: written by hand, byte for byte."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Semaphore
from urllib.parse import urlsplit

import pytest

from variate.server.operations.protocol import GuardedProtocol


@contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    """Yield a connection to the service at this URL."""
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 80), timeout=20) as connection:
        yield connection


@contextmanager
def apart(url: str) -> Iterator[tuple[socket.socket, Callable[[bytes], None]]]:
    """Yield a connection to a service of this process, and what sends by it and waits until the service has that."""
    arrived = Semaphore(0)
    plain = GuardedProtocol.data_received

    def data_received(protocol: GuardedProtocol, data: bytes) -> None:
        plain(protocol, data)
        arrived.release()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GuardedProtocol, "data_received", data_received)
        with connected(url) as connection:

            def send(piece: bytes) -> None:
                connection.sendall(piece)
                assert arrived.acquire(timeout=20)

            yield connection, send


def answered(url: str, *lines: str, body: bytes = b"") -> tuple[int, str]:
    """Send these lines as a request's head, then the body; return the answer's status and all of its text."""
    head = "\r\n".join([*lines, "Host: service", "Connection: close", f"Content-Length: {len(body)}"])
    with connected(url) as connection:
        connection.sendall(head.encode("latin-1") + b"\r\n\r\n" + body)
        text = read_to_end(connection).decode("latin-1")
    return int(text.split(" ", 2)[1]), text


def read_to_end(connection: socket.socket) -> bytes:
    """Return what comes until the other side ends the connection."""
    parts = []
    while part := connection.recv(65_536):
        parts.append(part)
    return b"".join(parts)
