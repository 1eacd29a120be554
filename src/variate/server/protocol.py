"""HTTP/1.1 as uvicorn speaks it, but for connections that begin a request and never end its head.

uvicorn waits for those for ever, and each holds a file: a few thousand would keep everybody else out. What a body takes
is bounded where it is read.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_SLOW = (
    b"HTTP/1.1 408 Request Timeout\r\n"
    b"content-type: text/plain; charset=utf-8\r\n"
    b"content-length: 35\r\n"
    b"connection: close\r\n"
    b"\r\n"
    b"The request did not come in time.\r\n"
)


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection whose request's head is not there ``head_seconds`` after it began, or within twice as many.

    To give to uvicorn as ``http``, with the seconds by ``functools.partial``.
    """

    def __init__(self, *arguments: Any, head_seconds: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._head_seconds = head_seconds
        self._head_began: float | None = None
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)  # type: ignore[arg-type]  # a narrower one than asyncio's own protocols say
        self._head_began = self.loop.time()
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of the head."""
        self._head_began = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Wait no longer: from here on it is the body that may be slow, or the answer."""
        self._head_began = None
        super().on_headers_complete()

    def _look_later(self) -> None:
        # One timer for a connection's whole life: one for each request would cost as much as reading its head.
        self._look = self.loop.call_later(self._head_seconds, self._close_if_slow)

    def _close_if_slow(self) -> None:
        if self.transport.is_closing():
            return
        if self._head_began is not None and self.loop.time() - self._head_began >= self._head_seconds:
            self.transport.write(_SLOW)
            self.transport.close()
            return
        self._look_later()
