"""Errors of the framework as refusals: wrong shapes, unknown routes, methods a route does not have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route

from variate.errors import InvalidInputError
from variate.model.rules import shown
from variate.server.management.answers import problem
from variate.server.management.fronted import fronted
from variate.server.refusal import Refusal
from variate.service_settings import ServiceSettings

_MOST_ERRORS = 20
_KIND = re.compile(r"(experiment|flag|layer|holdout|metric|override|report)\.|audience\.(?=(id|name|description)$)")
"""What the platform puts before a field, to say of which definition it is. An experiment has an ``audience``, too."""
_NAMES = {"user_id": "unit", "new_owner": "owner"}
"""What the library names otherwise than the bodies do."""
_IN_JSON = {
    "a valid dictionary or object to extract fields from": "an object",
    "a valid dictionary": "an object",
    "a valid list": "an array",
    "a valid string": "a string",
}
"""What a rule calls by Python's names."""


def misshapen(error: RequestValidationError) -> Refusal:
    """Return what is wrong with a request's shape: ``field`` and ``rule`` of the first thing, ``errors`` of all."""
    found = [{"field": _field(each["loc"]), "rule": _rule(each)} for each in error.errors()[:_MOST_ERRORS]]
    first = found[0]
    detail = f"{first['field']}: {first['rule']}" if first["field"] else first["rule"]
    return Refusal(422, "invalid_input", detail, extensions={**first, "errors": found})


def check_parameters(given: Iterable[str], known: Collection[str]) -> None:
    """Refuse parameters of the query that are none of the route's: a misspelt filter would list everything."""
    for name in given:
        if name not in known:
            names = ", ".join(sorted(known))
            raise InvalidInputError(
                name, f"is not known; there is {names}" if names else "is not known: there are none"
            )


def named_here(error: InvalidInputError) -> InvalidInputError:
    """Return the error with its field as it is called in what was sent: without the kind of definition before it."""
    kind = _KIND.match(error.field)
    name = error.field[kind.end() :] if kind else error.field
    name = _NAMES.get(name, name)
    return error if name == error.field else type(error)(name, error.rule)


def catch(application: FastAPI, settings: ServiceSettings) -> None:
    """Let the application answer what happens outside of its routes as problems."""

    async def refused(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            raise error
        refusal = _of_router(error, request, application.routes)
        return problem(refusal, path=request.scope["path"], request_id=fronted(request, settings).id)

    application.add_exception_handler(HTTPException, refused)


def _of_router(error: HTTPException, request: Request, routes: Sequence[BaseRoute]) -> Refusal:
    if error.status_code == 404:
        return Refusal(404, "not_found", "nothing is here: /api/v1/openapi.json and /v1/openapi.json say what there is")
    if error.status_code == 405:
        known = [each for each in routes if isinstance(each, Route)]
        matching = [each for each in known if each.matches(request.scope)[0] is not Match.NONE]
        allowed = ", ".join(sorted({method for each in matching for method in each.methods or ()}))
        return Refusal(405, "method_not_allowed", f"this may be asked by {allowed} only", headers={"Allow": allowed})
    return Refusal(error.status_code, "refused", error.detail, headers=dict(error.headers or {}))


def _field(location: Sequence[int | str]) -> str:
    """Return the place as the platform names fields: ``variations[0].weight``."""
    name = ""
    for part in location[1:]:  # the first says whether it is of the body, the query, the path or a header
        if isinstance(part, int):
            name += f"[{part}]"
        elif not part.startswith("function-"):
            name += f".{part}" if name else part
    return name or ("body" if location and location[0] == "body" else "")


def _rule(error: Mapping[str, Any]) -> str:
    """Return the rule that is broken, as the platform words its own."""
    kind = error["type"]
    if kind == "missing":
        return "must be given"
    if kind == "extra_forbidden":
        return "is not known"
    said = str(error["msg"])
    said = said.replace("Input should be", "must be", 1).replace("Value should", "must", 1)
    for theirs, json in _IN_JSON.items():
        said = said.replace(theirs, json, 1)
    given = error.get("input")
    told = isinstance(given, (str, int, float)) and not isinstance(given, bool)
    return f"{said}, not {shown(given)}" if told and said.startswith("must be") else said
