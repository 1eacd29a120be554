"""The OpenAPI document: what the framework tells of the routes, and what holds of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, Field

from variate.server.management.managed_route import ManagedRoute
from variate.server.management.needs import Needs
from variate.server.management.shapes import example, example_of

_PROBLEM = "application/problem+json"

DESCRIPTION = """\
Definitions over HTTP: experiments, flags and all they are made of.

* **Errors** are `application/problem+json` (RFC 9457). `code` is for programs; a 422 names the `field` and the `rule`.
* **Changes** of a definition say in `If-Match` on which revision they were decided: the `ETag` of what was read.
* **Lists** have `items` and `next`, the `cursor` of the page after it.
* **Posts** with an `Idempotency-Key` are done once, and answered alike for 24 hours.
"""


class FieldError(BaseModel):
    """What is wrong with one field."""

    field: str
    rule: str


class Problem(BaseModel):
    """Why a request was refused, as RFC 9457 writes it."""

    model_config = example(
        type="https://variate.dev/problems/invalid-input",
        title="Unprocessable Entity",
        status=422,
        detail="traffic: must be from 0 to 100, not 120",
        instance="/api/v1/experiments/checkout-button",
        code="invalid_input",
        request_id="1f0c6d0e7c4b-42",
        field="traffic",
        rule="must be from 0 to 100, not 120",
    )

    type: str = Field(description="The kind of problem, as a URI.")
    title: str
    status: int
    detail: str = Field(description="What is the matter, and what can be done.")
    instance: str = Field(description="The path that was asked.")
    code: str = Field(description="The kind of problem, for programs.")
    request_id: str = Field(description="By which the service's log tells more.")
    field: str | None = Field(default=None, description="Of a 422: the field that breaks a rule.")
    rule: str | None = Field(default=None, description="Of a 422: the rule.")
    errors: list[FieldError] | None = Field(default=None, description="Of a 422: everything that is of a wrong shape.")


_ALWAYS = {422: "A field breaks a rule, or is not known.", 500: "It failed here.", 503: "A store is away: try again."}
_ASKED = {
    401: "Nobody known asks: there is no key, or none that counts.",
    403: "The key may not do this, or not here.",
    429: "Too many requests: `Retry-After` says when to come back.",
}
_BODY = {
    400: "The body is not JSON.",
    408: "The body did not come in time.",
    413: "The body is too large.",
    415: "The body is of another type than JSON.",
}
_NOT_FOUND = {404: "There is none of this id."}
_CONFLICT = {409: "The id is taken, or the same request is being answered just now."}
_CHANGED = {412: "It is at another revision than the one that `If-Match` names: read it again."}
_UNSAID = {428: "`If-Match` is missing."}

_HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {"description": "The revision, for `If-Match` and `If-None-Match`.", "schema": {"type": "string"}},
    "Location": {"description": "Where the new one is.", "schema": {"type": "string"}},
    "Link": {"description": 'The next page, as `rel="next"`; missing on the last.', "schema": {"type": "string"}},
}

_IDS = {
    "experiments": "checkout-button",
    "flags": "new-checkout",
    "audiences": "north-america",
    "layers": "checkout",
    "holdouts": "global",
    "metrics": "revenue",
    "keys": "6f0f2c56-0f3a-4f3e-8b32-9a8f7c6d5e44",
    "people": "ada@example.com",
}
"""The ids that stand in the examples of each resource."""

SECURITY: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key: `Authorization: Bearer KEY`. `variate keys create` makes one.",
    },
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-variate-session",
        "description": (
            "The session of somebody who signed in; `variate-session` where the service is not reached by HTTPS. "
            "All but GET take `X-CSRF-Token`, too: the `csrf_token` of `/auth/me`."
        ),
    },
}


def document(application: FastAPI) -> dict[str, Any]:
    """Return the application's OpenAPI document, made at the first call."""
    if application.openapi_schema is None:
        made = get_openapi(
            title="variate: management",
            version=application.version,
            description=DESCRIPTION,
            routes=application.routes,
            tags=application.openapi_tags,
        )
        components = made.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for shape in (FieldError, Problem):
            schema = shape.model_json_schema(ref_template="#/components/schemas/{model}")
            schema.pop("$defs", None)
            schemas[shape.__name__] = schema
        components["securitySchemes"] = SECURITY
        components["responses"] = {
            f"Problem{status}": _problem(said)
            for group in (_ALWAYS, _ASKED, _BODY, _NOT_FOUND, _CONFLICT, _CHANGED, _UNSAID)
            for status, said in group.items()
        }
        for route in application.routes:
            if isinstance(route, ManagedRoute) and route.include_in_schema:
                for model in _models(route):
                    # Again, for the framework leaves out what is null, as if that were no example.
                    schemas[model.__name__]["examples"] = [example_of(model)]
                for method in route.methods or ():
                    _finish(made["paths"][route.path_format][method.lower()], method, route)
        application.openapi_schema = made
    return application.openapi_schema


def _models(route: ManagedRoute) -> Iterator[type[BaseModel]]:
    """Yield what the route's answer and body are documented by."""
    body = None if route.body_field is None else route.body_field.field_info.annotation
    for model in (route.response_model, body):
        if isinstance(model, type) and issubclass(model, BaseModel):
            yield model


def _finish(operation: dict[str, Any], method: str, route: ManagedRoute) -> None:
    operation["security"] = _security(route.needs)
    if route.needs is not None:
        said = operation.get("description", "")
        operation["description"] = f"{said}\n\n{route.needs.said}".strip()
    for each in operation.get("parameters", ()):
        _mend_parameter(each, is_required=each["name"] == "If-Match" and method in ("PATCH", "DELETE"))
        if each["in"] == "path" and "examples" not in each["schema"]:
            each["schema"]["examples"] = [_IDS[route.path_format.split("/")[3]]]
    headers = {each["name"].lower() for each in operation.get("parameters", ()) if each["in"] == "header"}
    responses = operation["responses"]
    responses.pop("422", None)
    _told_in_headers(responses[str(route.status_code)], route)
    if "if-none-match" in headers:
        responses["304"] = {"description": "It is as the reader knows it.", "headers": {"ETag": _HEADERS["ETag"]}}
    for status in sorted(_statuses(operation, method, headers, route)):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}


def _mend_parameter(parameter: dict[str, Any], *, is_required: bool) -> None:
    """Tell of a parameter what is so: it has no null, and what a 428 asks for is required."""
    schema = parameter["schema"]
    kinds = [each for each in schema.pop("anyOf", ()) if each != {"type": "null"}]
    for each in kinds:
        schema.update(each)
    if is_required:
        parameter["required"] = True


def _told_in_headers(response: dict[str, Any], route: ManagedRoute) -> None:
    content = response.get("content", {}).get("application/json", {}).get("schema", {})
    name = content.get("$ref", "").rpartition("/")[2]
    told = ["Link"] if name.endswith("List") else []
    if "revision" in getattr(route.response_model, "model_fields", {}):
        told.append("ETag")
    if route.status_code == 201:
        told.append("Location")
    if told:
        response["headers"] = {each: _HEADERS[each] for each in told}


def _statuses(operation: dict[str, Any], method: str, headers: set[str], route: ManagedRoute) -> set[int]:
    """Return every status by which the operation may be refused."""
    found = {*_ALWAYS, *(int(status) for status in route.responses if int(status) >= 400)}
    if route.needs is not None:
        found |= {*_ASKED}
    if "requestBody" in operation:
        found |= {*_BODY}
    if "{" in route.path_format:
        found |= {*_NOT_FOUND}
    if method in ("POST", "PUT", "PATCH", "DELETE"):
        found |= {*_CONFLICT}
    if "if-match" in headers:
        found |= {*_CHANGED}
        if method in ("PATCH", "DELETE"):
            found |= {*_UNSAID}
    return found


def _security(needs: Needs | None) -> list[dict[str, list[str]]]:
    return [] if needs is None else [{name: [needs.scope.value]} for name in SECURITY]


def _problem(said: str) -> dict[str, Any]:
    return {"description": said, "content": {_PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
