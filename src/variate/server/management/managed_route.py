"""One route: it lets in before it reads, and answers every error as a problem."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from variate.errors import AccessError, InvalidInputError, LimitExceededError, VariateError
from variate.patience import within
from variate.server.management.admission import Admission
from variate.server.management.answers import problem
from variate.server.management.fronted import fronted
from variate.server.management.idempotency import HEADER, Idempotency
from variate.server.management.needs import Needs
from variate.server.management.problems import check_parameters, misshapen, named_here
from variate.server.refusal import Refusal, refusal_of
from variate.server.request import Message
from variate.service_settings import ServiceSettings

logger = logging.getLogger("variate.server")

_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What all routes of an application share."""

    admission: Admission
    idempotency: Idempotency
    settings: ServiceSettings


class _Read(Request):
    """A request whose body is here already, and what it says."""

    def __init__(self, request: Request, body: bytes, *, decoded: Any) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        super().__init__(request.scope, receive)
        self._decoded = decoded

    async def json(self) -> Any:
        return self._decoded


class ManagedRoute(APIRoute):
    """A route of ``site``. ``needs`` is what it takes; None lets everybody in.

    Stores may take ``seconds`` for it in all: then it is answered that they are away.
    """

    site: Site
    needs: Needs | None
    seconds: float

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request: it is let in before its body is read."""
        answered = super().get_route_handler()
        parameters = set(_query(self.dependant))

        async def handle(request: Request) -> Response:
            asked = fronted(request, self.site.settings)
            try:
                with within(self.seconds):
                    if self.needs is not None:
                        await self.site.admission.admit(request, asked, self.needs)
                        check_parameters(request.query_params, parameters)
                    return await self._answer(request, await asked.body(), answered)
            except ConnectionResetError:
                # Nobody is there to read it; it is no failure of ours to be logged as one.
                return self._problem(Refusal(400, "incomplete_body", "the body did not come whole"), request)
            except Exception as error:  # noqa: BLE001 - every error is answered as a problem, and logged by its kind
                return self._problem(error, request)

        return handle

    async def _answer(
        self, request: Request, body: bytes, answered: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        async def make() -> Response:
            try:
                # A route that takes no body passes over one: what it is of is nobody's concern.
                decoded = self.body_field and _decoded(body, request.headers.get("content-type"))
                return await answered(_Read(request, body, decoded=decoded))
            except (RequestValidationError, VariateError, Refusal) as error:
                if isinstance(error, (AccessError, LimitExceededError)):  # as what is of another environment
                    self.site.admission.gate.log(fronted(request, self.site.settings), error)
                return self._problem(error, request)

        key = request.headers.get(HEADER)
        if key is None or not is_done_once(request.method, self.needs):
            return await make()
        asked = "\n".join(
            (request.method, request.scope["path"], request.url.query, request.headers.get("if-match", ""))
        )
        return await self.site.idempotency.once(
            key, principal=request.state.principal, asked=asked.encode() + b"\n" + body, make=make
        )

    def _problem(self, error: Exception, request: Request) -> Response:
        name = fronted(request, self.site.settings).id
        return problem(_refusal(error, self.name, name), path=request.scope["path"], request_id=name)


def is_done_once(method: str, needs: Needs | None) -> bool:
    """Whether the route goes by idempotency keys: every post does that changes something."""
    return method == "POST" and needs is not None and needs.changes


def _query(dependant: Dependant) -> Iterator[str]:
    """Yield the names of the query's parameters, also of what the route depends on."""
    for each in dependant.query_params:
        yield each.alias
    for other in dependant.dependencies:
        yield from _query(other)


def _decoded(body: bytes, content_type: str | None) -> Any:
    if not body:
        return None
    kind = (content_type or "").partition(";")[0].strip().lower()
    if not (kind == "application/json" or kind.endswith("+json")):
        raise Refusal(415, "unsupported_media_type", "send the body as `Content-Type: application/json`")
    try:
        return _decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Refusal(400, "malformed_body", f"the body is not JSON: {error}") from error


def _refusal(error: Exception, route: str, name: str) -> Refusal:
    """Return how the error is told, and log what the caller cannot do anything about."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, RequestValidationError):
        return misshapen(error)
    if isinstance(error, InvalidInputError):
        return refusal_of(named_here(error))
    if isinstance(error, VariateError):
        refusal = refusal_of(error)
        if refusal.status >= 500:
            logger.warning("%s: %s", route, error, extra={"request_id": name})
        return refusal
    logger.error("%s failed", route, exc_info=error, extra={"request_id": name})
    return Refusal(500, "internal", "this failed here: the log says why, by the request's id")
