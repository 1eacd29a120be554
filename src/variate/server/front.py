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
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from variate.errors import VariateError
from variate.model.access import Scope
from variate.server.addresses import Addresses
from variate.server.answer import Answer, Stream, problem_answer
from variate.server.body import Limits
from variate.server.envelope import CLOSE, Envelope
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


def _is_odd(request: Request) -> bool:
    """Whether it has a header several times, or very many of them: ``gathered`` reads those, or refuses them."""
    return len(request.headers) != len(request.scope["headers"]) or len(request.headers) > MOST_HEADERS


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


class _Begun(NamedTuple):
    """A request, and its answer, or what is to be awaited for it."""

    request: Request
    route: Route
    answer: Answer | Awaitable[Answer | Stream] | None


_BEGUN = "variate.begun"
"""Under which it is in the scope."""


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

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        begun: _Begun | None = scope.get(_BEGUN)
        if begun is not None:
            begun.request.receive = receive
        else:
            request = self._request(scope, receive)
            refusal = self._read_head(request)
            if self._tracing is not None:
                request.traced = self._tracing.begin(request)
            if refusal is not None:
                status = await self._envelope.send(send, _problem(request, refusal), request)
                self._note(request, REFUSED, status)
                return
            methods = self._methods(request)
            if methods is None:
                self._note(request, *await self._rest(request, receive, send))
                return
            route = methods.get(request.method)
            if route is None:
                status = await self._envelope.send(send, self._unrouted(methods, request), request)
                self._note(request, next(iter(methods.values())).name, status)
                return
            begun = _Begun(request, route, self._begin(route, request))
        await self._end(begun, send)

    async def _end(self, begun: _Begun, send: Send) -> None:
        request, route, found = begun
        answer: Answer | Stream | None
        if found is None or isinstance(found, Answer):
            answer = found
        else:
            try:
                answer = await found
            except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
                answer = _failed(route, request, error)
        self._note(request, route.name, None if answer is None else await self._envelope.send(send, answer, request))

    def at_once(self, scope: AsgiScope, body: bytes) -> tuple[int, bytes] | None:
        """Answer one request whose whole body this is: its status, and all that follows its first line.

        Where that is for other ways, or something has to be waited for, it is None: call the application with this
        scope, which goes on with what was begun here.
        """
        if self._draining.begun or len(body) > self._limits.size:
            return None
        request = self._request(scope, whole=body)
        methods = self._methods(request)
        route = None if methods is None else methods.get(request.method)
        if route is None or _is_odd(request):
            return None
        self._read_head(request)
        if self._tracing is not None:
            request.traced = self._tracing.begin(request)
        answer = self._begin(route, request)
        if not isinstance(answer, Answer) or (answer.status >= 400 and CLOSE in answer.headers):
            scope[_BEGUN] = _Begun(request, route, answer)
            return None
        self._note(request, route.name, answer.status)
        return answer.status, self._envelope.written(answer, request)

    def _request(self, scope: AsgiScope, receive: Receive | None = None, whole: bytes | None = None) -> Request:
        request = Request(scope, receive, id=f"{self._process}-{next(self._numbers)}", limits=self._limits, whole=whole)
        request.tally = self._tally
        return request

    def _methods(self, request: Request) -> dict[str, Route] | None:
        """Return the routes at the request's path, by method; None where there are none."""
        # As it was written, not as it is read: what guards ``/metrics`` before us knows no ``/%6detrics``.
        written = (request.scope.get("raw_path") or request.path.encode()).decode("latin-1")
        methods = self._exact.get(written)
        if methods is None:
            for prefix, found in self._below:
                if written.startswith(prefix):
                    request.tail = request.path[len(prefix) :]
                    return found
        return methods

    def _begin(self, route: Route, request: Request) -> Answer | Awaitable[Answer | Stream] | None:
        """Answer as the route does, at once where that can be; None where nobody is there to be answered."""
        try:
            if route.name not in self._probes:
                if self._cross_origin:
                    self._envelope.share(request)
                self._gate.pace(request)
            if route.scope is not None:
                request.principal = self._gate.admitted(request, route.scope)
                if request.principal is None:
                    return self._admit(route, route.scope, request)
            return route.handler(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is answered
            return _failed(route, request, error)

    async def _admit(self, route: Route, scope: Scope, request: Request) -> Answer | Stream:
        request.principal = await self._gate.admit(request, scope)
        answer = route.handler(request)
        return answer if isinstance(answer, Answer) else await answer

    def _note(self, request: Request, name: str, status: int | None) -> None:
        self._tally.answered(name, request.method, status or GONE, time.perf_counter() - request.began)
        if request.traced is not None and self._tracing is not None:
            self._tracing.end(request.traced, request, route=self._templates.get(name, name), status=status)
        if self._draining.begun and name not in self._probes:
            self._draining.last_request = request.began

    def _read_head(self, request: Request) -> Refusal | None:
        """Take over the request's id and its client's address; return how it is refused for its headers, if it is."""
        refusal = None
        if _is_odd(request):
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
