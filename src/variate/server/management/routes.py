"""Routes of the management API: each names what it needs, lets in first, and answers every error as a problem."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, TypeVar

import msgspec
from fastapi import Depends, FastAPI, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel

from variate.errors import InvalidInputError, StoreError, VariateError
from variate.server.management.admission import Admission
from variate.server.management.answers import problem
from variate.server.management.fronted import fronted
from variate.server.management.idempotency import HEADER, Idempotency, IdempotencyKey
from variate.server.management.locations import PREFIX
from variate.server.management.needs import Needs
from variate.server.management.problems import check_parameters, misshapen
from variate.server.refusal import Refusal, refusal_of
from variate.server.request import Message
from variate.service_settings import ServiceSettings

logger = logging.getLogger("variate.server")


F = TypeVar("F", bound=Callable[..., Any])

_NAMED_HERE = {"user_id": "unit"}
"""What the library's functions name as the guide does, and this by the glossary."""

_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What all routes of an application share."""

    admission: Admission
    idempotency: Idempotency
    settings: ServiceSettings


class _Read(Request):
    """A request whose body is here already, decoded."""

    def __init__(self, request: Request, body: bytes) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        super().__init__(request.scope, receive)
        self._decoded = _decoded(body, request.headers.get("content-type"))

    async def json(self) -> Any:
        return self._decoded


class ManagedRoute(APIRoute):
    """A route of ``site``. ``needs`` is what it takes; None lets everybody in."""

    site: Site
    needs: Needs | None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request: it is let in before its body is read."""
        answered = super().get_route_handler()
        parameters = set(_query(self.dependant))

        async def handle(request: Request) -> Response:
            asked = fronted(request, self.site.settings)
            try:
                if self.needs is not None:
                    request.state.principal = await self.site.admission.admit(asked, self.needs)
                check_parameters(request.query_params, parameters)
                return await self._answer(request, await asked.body(), answered)
            except Exception as error:  # noqa: BLE001 - every error is answered as a problem, and logged by its kind
                return self._problem(error, request)

        return handle

    async def _answer(
        self, request: Request, body: bytes, answered: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        async def make() -> Response:
            try:
                return await answered(_Read(request, body))
            except (RequestValidationError, VariateError, Refusal) as error:
                return self._problem(error, request)

        key = request.headers.get(HEADER)
        if key is None or not _is_done_once(request.method, self.needs):
            return await make()
        asked = "\n".join((request.method, request.url.path, request.url.query, request.headers.get("if-match", "")))
        return await self.site.idempotency.once(
            key, principal=request.state.principal, asked=asked.encode() + b"\n" + body, make=make
        )

    def _problem(self, error: Exception, request: Request) -> Response:
        name = fronted(request, self.site.settings).id
        return problem(_refusal(error, self.name, name), path=request.url.path, request_id=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    endpoint: Callable[..., Any]
    path: str
    method: str
    needs: Needs | None
    answers: type[BaseModel] | None
    status: int
    extra: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of one resource, ``tag``, before an application has them."""

    tag: str
    said: str
    _declared: list[_Declared] = field(default_factory=list)

    def get(self, path: str, *, needs: Needs | None, answers: type[BaseModel] | None, **extra: Any) -> Callable[[F], F]:
        """Declare what reads."""
        return self._declare("GET", path, needs, answers, 200, extra)

    def post(
        self, path: str, *, needs: Needs | None, answers: type[BaseModel] | None, status: int = 200, **extra: Any
    ) -> Callable[[F], F]:
        """Declare what creates or moves something, once for each idempotency key."""
        return self._declare("POST", path, needs, answers, status, extra)

    def patch(self, path: str, *, needs: Needs, answers: type[BaseModel], **extra: Any) -> Callable[[F], F]:
        """Declare what changes what is given."""
        return self._declare("PATCH", path, needs, answers, 200, extra)

    def put(self, path: str, *, needs: Needs, answers: type[BaseModel], **extra: Any) -> Callable[[F], F]:
        """Declare what stores something, over whatever stood there."""
        return self._declare("PUT", path, needs, answers, 200, extra)

    def delete(self, path: str, *, needs: Needs, **extra: Any) -> Callable[[F], F]:
        """Declare what removes something."""
        return self._declare("DELETE", path, needs, None, 204, extra)

    def mount(self, application: FastAPI, site: Site) -> None:
        """Give the application these routes."""
        for each in self._declared:
            application.router.add_api_route(
                f"{PREFIX}{each.path}",
                each.endpoint,
                methods=[each.method],
                status_code=each.status,
                response_model=each.answers,
                tags=[self.tag],
                dependencies=[Depends(_idempotency_key)] if _is_done_once(each.method, each.needs) else [],
                route_class_override=ManagedRoute,
                **{"operation_id": each.endpoint.__name__, **each.extra},
            )
            route = application.router.routes[-1]
            assert isinstance(route, ManagedRoute)  # noqa: S101 - it was added the line above
            route.site, route.needs = site, each.needs

    def _declare(
        self,
        method: str,
        path: str,
        needs: Needs | None,
        answers: type[BaseModel] | None,
        status: int,
        extra: dict[str, Any],
    ) -> Callable[[F], F]:
        def declare(endpoint: F) -> F:
            self._declared.append(
                _Declared(
                    endpoint=endpoint,
                    path=path,
                    method=method,
                    needs=needs,
                    answers=answers,
                    status=status,
                    extra=extra,
                )
            )
            return endpoint

        return declare


def mount(application: FastAPI, resources: Sequence[Routes], site: Site) -> None:
    """Give the application the routes of all resources."""
    for each in resources:
        each.mount(application, site)
    application.openapi_tags = [{"name": each.tag, "description": each.said} for each in resources]


async def _idempotency_key(idempotency_key: IdempotencyKey = None) -> None:
    """Document the header, which the route has read by now."""


def _is_done_once(method: str, needs: Needs | None) -> bool:
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
    message = EmailMessage()
    message["content-type"] = content_type or ""
    kind = message.get_content_type()
    if content_type is None or not (kind == "application/json" or kind.endswith("+json")):
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
    if isinstance(error, InvalidInputError) and error.field in _NAMED_HERE:
        return refusal_of(InvalidInputError(_NAMED_HERE[error.field], error.rule))
    if isinstance(error, VariateError):
        if isinstance(error, StoreError):
            logger.warning("%s: %s", route, error, extra={"request_id": name})
        return refusal_of(error)
    logger.error("%s failed", route, exc_info=error, extra={"request_id": name})
    return Refusal(500, "internal", "this failed here: the log says why, by the request's id")
