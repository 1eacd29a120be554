"""Requests that may be none, by plain sockets, and the status they are answered with."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass

from tests.service.raw import connected


@dataclass(frozen=True, slots=True)
class Reply:
    """The head of an answer; ``status`` is 0 where the other side closed without one."""

    status: int
    head: bytes


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
    """Read an answer, past a 100 that says to go on; raise ``TimeoutError`` where none comes."""
    read = b""
    with suppress(ConnectionResetError):
        while not _is_whole(read):
            part = connection.recv(65_536)
            if not part:
                break
            read += part
            if read.startswith(b"HTTP/1.1 100"):
                read = read.partition(b"\r\n\r\n")[2]
    words = read.split(b" ", 2)
    return Reply(int(words[1]) if len(words) > 1 and words[1].isdigit() else 0, read.partition(b"\r\n\r\n")[0])


def _is_whole(read: bytes) -> bool:
    """Whether this is an answer to its end, as far as it says where that is."""
    head, end, body = read.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return bool(end) and (length is None or len(body) >= int(length[1]))


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
