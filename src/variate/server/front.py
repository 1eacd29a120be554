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

from variate.errors import StoreError, VariateError
from variate.model.access import Scope
from variate.server.addresses import Addresses
from variate.server.answer import Answer, Stream, problem_answer
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

Handler = Callable[[Request], Awaitable[Answer | Stream]]
Rest = Callable[[Request, Receive, Send], Awaitable[tuple[str, int | None]]]
"""Answers what no route does; returns what it is called in numbers and traces, and the status, None for no answer."""

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
    def shared(self) -> bool:
        """Whether pages of other origins may ask this, where the settings name them: keys for it may be in a page."""
        return self.scope in (Scope.EVALUATE, Scope.INGEST)


class Front:
    """Answers ``routes``; everything else is answered by ``rest``, the management API."""

    def __init__(
        self,
        *,
        routes: Sequence[Route],
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
        self._below: dict[str, dict[str, Route]] = {}
        for route in routes:
            table = self._below if route.path.endswith("/") else self._exact
            methods = table.setdefault(route.path, {})
            methods[route.method] = route
            if route.method == "GET":
                methods.setdefault("HEAD", route)
        self._rest = rest
        self._gate = gate
        self._settings = settings
        self._envelope = envelope
        self._draining = draining
        self._tally = tally
        self._tracing = tracing
        self._lifespan = lifespan
        self._addresses = Addresses(settings.trusted_proxies)
        self._cross_origin = bool(settings.cors_origins)
        self._process = uuid4().hex[:12]
        self._numbers = count(1)

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._lifespan(scope, receive, send)
            return
        began = time.perf_counter()
        request = Request(
            scope,
            receive,
            id=f"{self._process}-{next(self._numbers)}",
            max_body=self._settings.max_body_bytes,
            timeout=self._settings.body_timeout_seconds,
        )
        request.tally = self._tally
        if self._draining.begun:
            self._draining.last_request = began
        refusal = self._read_head(request)
        if self._tracing is not None:
            request.traced = self._tracing.begin(request)
        route: str
        status: int | None
        methods = self._exact.get(request.path) or self._found_below(request)
        if refusal is not None:
            route, status = "refused", await self._send(send, _problem(request, refusal), request)
        elif methods is None:
            route, status = await self._rest(request, receive, send)
        else:
            found = methods.get(request.method)
            if found is None:
                route, status = (
                    next(iter(methods.values())).name,
                    await self._send(send, self._unrouted(methods, request), request),
                )
            else:
                answer = await self._answer(found, request)
                route, status = found.name, None if answer is None else await self._send(send, answer, request)
        self._tally.answered(route, request.method, status or 499, time.perf_counter() - began)
        if request.traced is not None and self._tracing is not None:
            self._tracing.end(request.traced, request, route=route, status=status)

    def _read_head(self, request: Request) -> Refusal | None:
        """Take over the request's id and its client's address; return how it is refused for its headers, if it is."""
        refusal = None
        if len(request.headers) != len(request.scope["headers"]) or len(request.headers) > MOST_HEADERS:
            try:
                request.headers = gathered(request.scope["headers"])
            except Refusal as found:
                refusal = found
                self._gate.log(request, found)
        given = request.headers.get(b"x-request-id")
        if given is not None and _SANE_ID.fullmatch(given):
            request.id = given.decode()
        if self._addresses.trusts:
            request.address = self._addresses.client(request.address, request.headers)
        return refusal

    async def _answer(self, route: Route, request: Request) -> Answer | Stream | None:
        try:
            if route.scope is not None:
                if self._cross_origin and route.shared:
                    self._envelope.share(request)
                self._gate.pace(request)
                request.principal = await self._gate.admit(request, route.scope)
            return await route.handler(request)
        except Refusal as refusal:
            return route.refused(request, refusal)
        except VariateError as error:
            if isinstance(error, StoreError):
                logger.warning("%s: %s", route.name, error, extra={"route": route.name, "request_id": request.id})
            return route.refused(request, refusal_of(error))
        except ConnectionResetError:
            return None
        except Exception:
            logger.exception("%s failed", route.name, extra={"route": route.name, "request_id": request.id})
            return route.refused(request, Refusal(500, "internal", "this failed here: the log says why, by the id"))

    def _unrouted(self, methods: dict[str, Route], request: Request) -> Answer:
        """Answer a browser's question whether it may ask, and refuse other methods."""
        allowed = ", ".join(sorted(methods))
        if request.method == "OPTIONS" and any(route.shared for route in methods.values()):
            self._envelope.share(request)
            preflight = self._envelope.preflight(request, allowed)
            if preflight is not None:
                return preflight
        refusal = Refusal(405, "method_not_allowed", f"this may be asked by {allowed} only", headers={"Allow": allowed})
        return _problem(request, refusal)

    def _found_below(self, request: Request) -> dict[str, Route] | None:
        path = request.path
        for prefix, methods in self._below.items():
            if path.startswith(prefix) and len(path) > len(prefix):
                request.tail = path[len(prefix) :]
                return methods
        return None

    async def _send(self, send: Send, answer: Answer | Stream, request: Request) -> int:
        await self._envelope.send(send, answer, request)
        return answer.status
