"""Uvicorn's HTTP protocol, which has what came whole answered at once: without a task, messages and a second write."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from variate.server.front import Front

_PLAIN_PATH = re.compile(rb"/[A-Za-z0-9._~-][A-Za-z0-9._~/-]*")
"""What is the same path before and after it is parsed, with no query and no fragment."""


class PromptProtocol(HttpToolsProtocol):
    """Asks the front itself (``Front.at_once``) where nothing is to be waited for; that takes half the time of ASGI.

    That is so for a ``POST`` by HTTP/1.1 that came in one piece, its body too, on a connection that stays open, while
    no other is being answered on it and the other side reads what it is sent. All else is called as ASGI has it, and so
    is every application but the front: what is answered is the same.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        front: Any = self.app
        plain = not (self.root_path or self.limit_concurrency or self.config.access_log)
        self._front = front if plain and isinstance(front, Front) else None
        self._parts: list[bytes] | None = None
        """The body so far of a request that may be answered at once: its ASGI application is not called yet."""
        self._defaults: list[tuple[bytes, bytes]] | None = None
        self._first = b""
        """The headers ``_defaults``, as they are sent: another list each second, with the date."""
        self._heard_at = 0.0
        self._idle: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take the data; a request that is not whole by its end is called as ASGI has it."""
        self._heard_at = self.loop.time()
        super().data_received(data)
        if self._parts is not None:
            parts, self._parts = self._parts, None
            if not self.transport.is_closing():
                self._call(b"".join(parts))

    def on_headers_complete(self) -> None:
        """Wait for the body, which most often is there already, or call the application."""
        if self._front is not None and self._is_prompt():
            self.scope["method"] = "POST"
            self.scope["path"] = self.url.decode("ascii")
            self._parts = []
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take more of the body."""
        if self._parts is None:
            super().on_body(body)
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """Answer, if that can be done at once."""
        front, parts = self._front, self._parts
        if front is None or parts is None:
            super().on_message_complete()
            return
        self._parts = None
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        scope: Any = self.scope
        try:
            answer = front.at_once(scope, body)
        except Exception:
            self.logger.exception("Exception in ASGI application")
            self.transport.write(STATUS_LINE[500] + b"content-length: 0\r\nconnection: close\r\n\r\n")
            self.transport.close()
            return
        if answer is None:
            self._call(body)
            super().on_message_complete()
            return
        defaults = self.server_state.default_headers
        if defaults is not self._defaults:
            self._defaults = defaults
            self._first = b"".join(b"%b: %b\r\n" % each for each in defaults)
        status, rest = answer
        self.transport.write(STATUS_LINE[status] + self._first + rest)
        self.server_state.total_requests += 1
        if self._idle is None:
            self._idle = self.loop.call_later(self.timeout_keep_alive, self._end_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        super().connection_lost(exc)

    def _end_idle(self) -> None:
        """End the connection if nothing came for as long as it is kept; else look again when that would be.

        Uvicorn sets a timer after each answer, which takes longer than evaluating a flag does; this is one for many. An
        answer by ASGI has uvicorn's, and is left to it.
        """
        self._idle = None
        cycle: Any = self.cycle
        answering = cycle is not None and not cycle.response_complete
        if answering or self.timeout_keep_alive_task is not None or self.transport.is_closing():
            return
        left = self._heard_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle = self.loop.call_later(left, self._end_idle)
        else:
            self.transport.close()

    def _is_prompt(self) -> bool:
        parser = self.parser
        cycle: Any = self.cycle  # which is None before the first, though uvicorn's types do not say so
        return (
            parser.get_method() == b"POST"
            and _PLAIN_PATH.fullmatch(self.url) is not None
            and (cycle is None or cycle.response_complete)
            and not self.flow.write_paused
            and not self.expect_100_continue
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and parser.get_http_version() == "1.1"
            and not self.transport.is_closing()
        )

    def _call(self, body: bytes) -> None:
        """Call the application, with what came of the body so far."""
        super().on_headers_complete()
        if body:
            super().on_body(body)
