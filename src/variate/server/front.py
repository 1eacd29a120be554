"""The front: a bare ASGI application that answers the hot routes itself and hands on all others.

A framework's routing, validation and middleware take several times as long as a decision does; see docs/adr/0015.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from itertools import count
from uuid import uuid4

from variate.errors import StoreError, VariateError
from variate.model.access import Scope
from variate.server.answer import Answer, Stream, problem_answer
from variate.server.gate import Gate
from variate.server.refusal import Refusal, refusal_of
from variate.server.request import Application, Receive, Request, Send
from variate.server.request import Scope as AsgiScope
from variate.service_settings import ServiceSettings

logger = logging.getLogger("variate.server")

REQUEST_ID = b"x-request-id"
"""The header of the request's id. It is sent with each refusal, with streams, and to who sent one: a header more on
every answer that nobody asks about costs a twentieth of it."""

Handler = Callable[[Request], Answer | Awaitable[Answer | Stream]]
"""What answers a request: at once, where nothing has to be waited for, or when it is awaited."""


def _problem(request: Request, refusal: Refusal) -> Answer:
    return problem_answer(refusal, path=request.path, request_id=request.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """``handler`` answers ``method`` at ``path``, or below it where that ends with a slash.

    ``scope`` is what it takes; None lets everybody in. ``refused`` writes a refusal as the route's protocol does.
    ``name`` is what the route is called in numbers and traces.
    """

    name: str
    method: str
    path: str
    handler: Handler
    scope: Scope | None
    refused: Callable[[Request, Refusal], Answer] = _problem


class Front:
    """Answers ``routes``; everything else goes to ``rest``, the management API."""

    def __init__(self, *, routes: Sequence[Route], rest: Application, gate: Gate, settings: ServiceSettings) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        below: dict[str, dict[str, Route]] = {}
        for route in routes:
            table = below if route.path.endswith("/") else self._exact
            table.setdefault(route.path, {})[route.method] = route
        self._below = tuple(below.items())
        self._rest = rest
        self._gate = gate
        self._max_body = settings.max_body_bytes
        self._timeout = settings.body_timeout_seconds
        self._process = uuid4().hex[:12]
        self._numbers = count(1)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer one connection's request."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        path: str = scope["path"]
        methods: Mapping[str, Route] | None = self._exact.get(path)
        tail = ""
        if methods is None:
            for prefix, found in self._below:
                if path.startswith(prefix):
                    methods, tail = found, path[len(prefix) :]
                    break
            else:
                await self._rest(scope, receive, send)
                return
        request = Request(
            scope,
            receive,
            id=f"{self._process}-{next(self._numbers)}",
            max_body=self._max_body,
            timeout=self._timeout,
        )
        request.tail = tail
        route = methods.get(scope["method"])
        if route is None:
            allowed = ", ".join(sorted(methods))
            refusal = Refusal(
                405, "method_not_allowed", f"this may be asked by {allowed} only", headers={"Allow": allowed}
            )
            await _send(send, _problem(request, refusal), request)
            return
        began = time.perf_counter()
        answer: Answer | Stream | None
        try:
            if route.scope is not None:
                request.principal = self._gate.admitted(request, route.scope) or await self._gate.admit(
                    request, route.scope
                )
            answered = route.handler(request)
            answer = answered if isinstance(answered, Answer) else await answered
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
            answer = _failed(route, request, error)
        if answer is not None:
            if type(answer) is Answer and answer.status < 400 and request.header(REQUEST_ID) is None:
                start, body = answer.messages
                await send(start)
                await send(body)
            else:
                await _send(send, answer, request)
        self._note(route, answer, time.perf_counter() - began)

    def _note(self, route: Route, answer: Answer | Stream | None, seconds: float) -> None:
        """Count the answer."""


def _failed(route: Route, request: Request, error: Exception) -> Answer | None:
    """Return what is answered where the route's handler raised this; None where nobody is there to be answered."""
    if isinstance(error, Refusal):
        return route.refused(request, error)
    if isinstance(error, VariateError):
        if isinstance(error, StoreError):
            logger.warning("%s: %s", route.name, error, extra={"request_id": request.id})
        return route.refused(request, refusal_of(error))
    if isinstance(error, ConnectionResetError):
        return None
    logger.error("%s failed", route.name, exc_info=error, extra={"request_id": request.id})
    return route.refused(request, Refusal(500, "internal", "this failed here: the log says why, by the id"))


async def _send(send: Send, answer: Answer | Stream, request: Request) -> None:
    identity = (REQUEST_ID, request.id.encode())
    if isinstance(answer, Stream):
        await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers, identity]})
        async with aclosing(answer.chunks) as chunks:
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    for message in answer.messages_with((identity,)):
        await send(message)
