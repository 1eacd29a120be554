"""HTTP by plain sockets, for what no client would send."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

SECONDS = 10.0
"""How long an answer may take before it counts as none: a hang."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The head of an answer; ``status`` is 0 where the other side closed without one."""

    status: int
    head: bytes


def connected(url: str) -> socket.socket:
    """Return a connection to the service."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=SECONDS)


def request(
    method: str, path: str | bytes, body: bytes = b"", *, headers: dict[str, str] | None = None, length: str | None = ""
) -> bytes:
    """Return the bytes of a request. ``length`` is what it says of its body: None for nothing, "" for the truth."""
    target = path.encode() if isinstance(path, str) else path
    lines = [method.encode() + b" " + target + b" HTTP/1.1", b"Host: variate"]
    lines += [f"{name}: {value}".encode() for name, value in (headers or {}).items()]
    if length is not None:
        lines.append(f"Content-Length: {length or len(body)}".encode())
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def reply_of(connection: socket.socket) -> Reply:
    """Read the head of an answer, past a 100 that says to go on; raise ``TimeoutError`` where none comes."""
    head = b""
    with suppress(ConnectionResetError):
        while b"\r\n\r\n" not in head:
            part = connection.recv(65_536)
            if not part:
                break
            head += part
            if head.startswith(b"HTTP/1.1 100"):
                head = head.partition(b"\r\n\r\n")[2]
    words = head.split(b" ", 2)
    return Reply(int(words[1]) if len(words) > 1 and words[1].isdigit() else 0, head)


def exchange(url: str, raw: bytes) -> Reply:
    """Send the bytes; return the head of the answer."""
    with connected(url) as connection:
        _send(connection, raw)
        return reply_of(connection)


def exchange_to_the_end(url: str, raw: bytes) -> Reply:
    """Send the bytes and say that no more come, as what may be no whole request needs; return the answer's head.

    A server may take that for leave, and not answer.
    """
    with connected(url) as connection:
        _send(connection, raw)
        with suppress(OSError):  # the other side was first
            connection.shutdown(socket.SHUT_WR)
        return reply_of(connection)


def _send(connection: socket.socket, raw: bytes) -> None:
    with suppress(BrokenPipeError, ConnectionResetError):  # it was refused before all was read; the answer may be there
        connection.sendall(raw)
