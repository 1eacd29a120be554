"""Uvicorn's HTTP protocol, with limits on a request's head: uvicorn has none of its own."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from variate.server.operations.prompt import PromptProtocol

_MOST_HEAD_BYTES = 65_536


class GuardedProtocol(PromptProtocol):
    """Ends connections whose head is too large or does not come: else each would be held for as long as one likes.

    A head may take ``head_seconds`` to come: from its first byte, and the first one from its connection.
    """

    def __init__(self, *args: Any, head_seconds: float, **named: Any) -> None:
        super().__init__(*args, **named)
        self._head_seconds = head_seconds
        self._head_bytes = 0
        self._late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first request, not for ever."""
        super().connection_made(transport)
        self._late = self.loop.call_later(self._head_seconds, self._end_late)

    def data_received(self, data: bytes) -> None:
        """Take the data, and see to it that a head that has begun ends."""
        before: Any = self.scope  # which is None before the first byte, though uvicorn's types do not say so
        super().data_received(data)
        scope: Any = self.scope
        if scope is not None and "method" in scope:  # the head is whole
            if self._late is not None:
                self._late.cancel()
                self._late = None
                self._head_bytes = 0
            return
        if scope is before:  # else the head began amid this, perhaps behind whole requests that do not count
            self._head_bytes += len(data)
        if self._head_bytes > _MOST_HEAD_BYTES:
            self._refuse(431)
        elif self._late is None:
            self._late = self.loop.call_later(self._head_seconds, self._end_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        if self._late is not None:
            self._late.cancel()
            self._late = None
        super().connection_lost(exc)

    def _end_late(self) -> None:
        self._late = None
        self._refuse(408)

    def _refuse(self, status: int) -> None:
        if not self.transport.is_closing():
            self.transport.write(STATUS_LINE[status] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
