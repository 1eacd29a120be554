"""The routes of a resource, as they are declared: each names what it needs, and is documented by its docstring."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastapi import Depends, FastAPI
from pydantic import BaseModel

from variate.server.management.idempotency import IdempotencyKey
from variate.server.management.locations import PREFIX
from variate.server.management.managed_route import ManagedRoute, Site, is_done_once
from variate.server.management.needs import Needs

STORES_SECONDS = 30.0
"""How long the stores may take for a request: one that hangs is not to have every thread of the API wait for it, nor
what was given up to be done after another request has taken the idempotency key over."""

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """A route before an application has it; ``extra`` is the framework's, ``seconds`` is what the stores may take."""

    endpoint: Callable[..., Any]
    path: str
    method: str
    needs: Needs | None
    answers: type[BaseModel] | None
    status: int
    seconds: float
    extra: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Routes:
    """The routes of one resource, ``tag``, before an application has them."""

    tag: str
    said: str
    declared: list[Declared] = field(default_factory=list)

    def get(self, path: str, *, needs: Needs | None, answers: type[BaseModel] | None, **extra: Any) -> Callable[[F], F]:
        """Declare what reads."""
        return self._declare("GET", path, needs, answers, 200, STORES_SECONDS, extra)

    def post(
        self,
        path: str,
        *,
        needs: Needs | None,
        answers: type[BaseModel] | None,
        status: int = 200,
        seconds: float = STORES_SECONDS,
        **extra: Any,
    ) -> Callable[[F], F]:
        """Declare what creates or moves something, once for each idempotency key."""
        return self._declare("POST", path, needs, answers, status, seconds, extra)

    def patch(self, path: str, *, needs: Needs, answers: type[BaseModel], **extra: Any) -> Callable[[F], F]:
        """Declare what changes what is given."""
        return self._declare("PATCH", path, needs, answers, 200, STORES_SECONDS, extra)

    def put(self, path: str, *, needs: Needs, answers: type[BaseModel], **extra: Any) -> Callable[[F], F]:
        """Declare what stores something, over whatever stood there."""
        return self._declare("PUT", path, needs, answers, 200, STORES_SECONDS, extra)

    def delete(self, path: str, *, needs: Needs, **extra: Any) -> Callable[[F], F]:
        """Declare what removes something."""
        return self._declare("DELETE", path, needs, None, 204, STORES_SECONDS, extra)

    def mount(self, application: FastAPI, site: Site) -> None:
        """Give the application these routes."""
        for each in self.declared:
            told = {"operation_id": each.endpoint.__name__, "description": inspect.getdoc(each.endpoint), **each.extra}
            said = _paragraphs(told.pop("description"))
            application.router.add_api_route(
                f"{PREFIX}{each.path}",
                each.endpoint,
                summary=said.partition(". ")[0].partition("\n")[0].rstrip("."),
                description=said,
                methods=[each.method],
                status_code=each.status,
                response_model=each.answers,
                tags=[self.tag],
                dependencies=[Depends(_idempotency_key)] if is_done_once(each.method, each.needs) else [],
                route_class_override=ManagedRoute,
                **told,
            )
            route = application.router.routes[-1]
            assert isinstance(route, ManagedRoute)  # noqa: S101 - it was added the line above
            route.site, route.needs, route.seconds = site, each.needs, each.seconds

    def _declare(
        self,
        method: str,
        path: str,
        needs: Needs | None,
        answers: type[BaseModel] | None,
        status: int,
        seconds: float,
        extra: dict[str, Any],
    ) -> Callable[[F], F]:
        def declare(endpoint: F) -> F:
            self.declared.append(
                Declared(
                    endpoint=endpoint,
                    path=path,
                    method=method,
                    needs=needs,
                    answers=answers,
                    status=status,
                    seconds=seconds,
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


def _paragraphs(text: str) -> str:
    """Return the text with each of its paragraphs on one line."""
    return "\n\n".join(" ".join(each.split()) for each in text.split("\n\n"))
