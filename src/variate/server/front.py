"""The front: a bare ASGI application that answers the hot routes itself and hands on all others.

A framework's routing, validation and middleware take several times as long as a decision does; see docs/adr/0015.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING
from uuid import uuid4

from variate.errors import VariateError
from variate.model.access import Scope
from variate.server.addresses import Addresses
from variate.server.answer import Answer, Stream, problem_answer
from variate.server.body import Limits
from variate.server.envelope import Envelope
from variate.server.gate import Gate
from variate.server.operations.draining import Draining
from variate.server.operations.tally import Tally
from variate.server.refusal import Refusal, refusal_of
from variate.server.request import Application, Receive, Request, Send
from variate.server.request import Scope as AsgiScope
from variate.server.tricks import MOST_HEADERS, gathered
from variate.service_settings import ServiceSettings

if TYPE_CHECKING:
    from variate.server.operations.tracing import Tracing

logger = logging.getLogger("variate.server")

Handler = Callable[[Request], Answer | Awaitable[Answer | Stream]]
"""What answers a request: at once, where nothing has to be waited for, or when it is awaited."""
Rest = Callable[[Request, Receive, Send], Awaitable[tuple[str, int | None]]]
"""Answers what no route does; returns what it is called in numbers and traces, and the status, None for no answer."""

REFUSED = "refused"
"""What a request is called that was refused before it was looked where it goes."""
GONE = 499
"""What is counted as the status where the other side went before it was answered."""

_ID = b"x-request-id"
_SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{8,128}")


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

    @property
    def template(self) -> str:
        """The path, with a name for what may stand there."""
        return f"{self.path}{{key}}" if self.path.endswith("/") else self.path


class Front:
    """Answers ``routes`` and ``probes``; everything else is answered by ``rest``, the management API.

    Pages of other origins may ask ``routes``, where the settings name them: keys for these may be in a page. ``probes``
    are answered however often they are asked, and do not hold up a process that is to stop.
    """

    def __init__(
        self,
        *,
        routes: Sequence[Route],
        probes: Sequence[Route],
        rest: Rest,
        gate: Gate,
        settings: ServiceSettings,
        envelope: Envelope,
        draining: Draining,
        tally: Tally,
        tracing: Tracing | None,
        lifespan: Application,
    ) -> None:
        self._exact: dict[str, dict[str, Route]] = {}
        below: dict[str, dict[str, Route]] = {}
        self._templates = {route.name: route.template for route in (*routes, *probes)}
        self._probes = frozenset(route.name for route in probes)
        for route in (*routes, *probes):
            table = below if route.path.endswith("/") else self._exact
            methods = table.setdefault(route.path, {})
            methods[route.method] = route
            if route.method == "GET":
                methods.setdefault("HEAD", route)
        self._below = tuple(below.items())
        self._rest = rest
        self._gate = gate
        self._limits = Limits(settings.max_body_bytes, settings.body_timeout_seconds)
        self._envelope = envelope
        self._draining = draining
        self._tally = tally
        self._tracing = tracing
        self._lifespan = lifespan
        self._addresses = Addresses(settings.trusted_proxies)
        self._proxied = bool(settings.trusted_proxies)
        self._cross_origin = bool(settings.cors_origins)
        self._process = uuid4().hex[:12]
        self._numbers = count(1)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:  # noqa: PLR0912 - each request comes by here, and pays for each call
        """Answer one request."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        began = time.perf_counter()
        request = Request(scope, receive, id=f"{self._process}-{next(self._numbers)}", limits=self._limits)
        request.tally = self._tally
        headers = request.headers
        refusal = None
        if len(headers) != len(scope["headers"]) or len(headers) > MOST_HEADERS or _ID in headers or self._proxied:
            refusal = self._read_head(request)
        if self._tracing is not None:
            request.traced = self._tracing.begin(request)
        # As it was written, not as it is read: what guards ``/metrics`` before us knows no ``/%6detrics``.
        written = (scope.get("raw_path") or request.path.encode()).decode("latin-1")
        methods = self._exact.get(written)
        if methods is None:
            for prefix, found in self._below:
                if written.startswith(prefix):
                    methods, request.tail = found, request.path[len(prefix) :]
                    break
        status: int | None
        if refusal is not None:
            name, status = REFUSED, await self._envelope.send(send, _problem(request, refusal), request)
        elif methods is None:
            name, status = await self._rest(request, receive, send)
        else:
            route = methods.get(request.method)
            answer: Answer | Stream | None
            if route is None:
                name, answer = next(iter(methods.values())).name, self._unrouted(methods, request)
            else:
                name = route.name
                try:
                    if name not in self._probes:
                        if self._cross_origin:
                            self._envelope.share(request)
                        self._gate.pace(request)
                    if route.scope is not None:
                        request.principal = self._gate.admitted(request, route.scope) or await self._gate.admit(
                            request, route.scope
                        )
                    answered = route.handler(request)
                    answer = answered if isinstance(answered, Answer) else await answered
                except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
                    answer = _failed(route, request, error)
            status = None if answer is None else await self._envelope.send(send, answer, request)
        self._note(request, name, status, began)

    def _note(self, request: Request, name: str, status: int | None, began: float) -> None:
        self._tally.answered(name, request.method, status or GONE, time.perf_counter() - began)
        if request.traced is not None and self._tracing is not None:
            self._tracing.end(request.traced, request, route=self._templates.get(name, name), status=status)
        if self._draining.begun and name not in self._probes:
            self._draining.last_request = began

    def _read_head(self, request: Request) -> Refusal | None:
        """Take over the request's id and its client's address; return how it is refused for its headers, if it is."""
        refusal = None
        if len(request.headers) != len(request.scope["headers"]) or len(request.headers) > MOST_HEADERS:
            try:
                request.headers = gathered(request.scope["headers"])
            except Refusal as found:
                refusal = found
                self._gate.log(request, found)
        given = request.headers.get(_ID)
        if given is not None and _SANE_ID.fullmatch(given):
            request.id = given.decode()
        if self._proxied:
            request.address = self._addresses.client(request.address, request.headers)
        return refusal

    def _unrouted(self, methods: dict[str, Route], request: Request) -> Answer:
        """Answer a browser's question whether it may ask, and refuse other methods."""
        allowed = ", ".join(sorted(methods))
        if request.method == "OPTIONS" and not any(route.name in self._probes for route in methods.values()):
            self._envelope.share(request)
            preflight = self._envelope.preflight(request, allowed)
            if preflight is not None:
                return preflight
        refusal = Refusal(405, "method_not_allowed", f"this may be asked by {allowed} only", headers={"Allow": allowed})
        return _problem(request, refusal)


def _failed(route: Route, request: Request, error: Exception) -> Answer | None:
    """Return what is answered where the route's handler raised this; None where nobody is there to be answered."""
    if isinstance(error, Refusal):
        return route.refused(request, error)
    if isinstance(error, VariateError):
        refusal = refusal_of(error)
        if refusal.status >= 500:
            logger.warning("%s: %s", route.name, error, extra={"route": route.name, "request_id": request.id})
        return route.refused(request, refusal)
    if isinstance(error, ConnectionResetError):
        return None
    logger.error("%s failed", route.name, exc_info=error, extra={"route": route.name, "request_id": request.id})
    return route.refused(request, Refusal(500, "internal", "this failed here: the log says why, by the id"))
