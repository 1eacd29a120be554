"""The data plane's OpenAPI document: it is one, and the service keeps to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.service.definitions import define_experiment, define_flag
from tests.service.running import Running, bearer
from variate.server.data.openapi import document

OPERATIONS = [
    (path, method)
    for path, methods in sorted(document()["paths"].items())
    for method in methods
    if path != "/v1/stream"
]
"""A stream does not end: tests/service/test_streams.py listens to it."""

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture(scope="module", autouse=True)
def _defined(service: Running) -> None:
    for name, value in {"yes": True, "word": "blue", "count": 3, "share": 2.0, "shape": {"rows": [1]}}.items():
        define_flag(service.platform, name, value)
    define_experiment(service.platform, "prices")


def test_it_is_served_to_everybody(service: Running) -> None:
    answer = httpx.get(f"{service.url}/v1/openapi.json")
    assert (answer.status_code, answer.json()) == (200, document())


def test_every_route_is_in_it_and_nothing_else(service: Running) -> None:
    described = {(method.upper(), path) for path, methods in document()["paths"].items() for method in methods}
    routes = {(route.method, route.path) for route in service.service.routes}
    assert {(method, path.replace("{key}", "")) for method, path in described} == routes


def test_its_examples_are_of_the_form_that_it_describes() -> None:
    wrong = []
    for name, schema, example in _examples(document()):
        rooted = {**schema, "components": document()["components"]}
        wrong += [f"{name}: {error}" for error in jsonschema_rs.validator_for(rooted).iter_errors(example)]
    assert wrong == []


def _asking(
    service: Running, path: str, method: str, *, examples: int, mode: GenerationMode = GenerationMode.POSITIVE
) -> Callable[[], None]:
    schema = schemathesis.openapi.from_dict(document())
    schema.config.update(base_url=service.url)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=schema[path][method.upper()].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(headers=bearer("admin"), checks=CHECKS)

    return ask


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_whatever_it_allows_is_answered_as_it_says(service: Running, path: str, method: str) -> None:
    _asking(service, path, method, examples=25)()


@pytest.mark.slow
@pytest.mark.parametrize(("path", "method"), [each for each in OPERATIONS if each[1] == "post"])
def test_whatever_it_does_not_allow_is_refused_as_it_says(service: Running, path: str, method: str) -> None:
    _asking(service, path, method, examples=25, mode=GenerationMode.NEGATIVE)()


@pytest.mark.slow
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize(("path", "method"), [each for each in OPERATIONS if each[1] == "post"])
def test_it_is_kept_to_at_length(service: Running, path: str, method: str, mode: GenerationMode) -> None:
    _asking(service, path, method, examples=500, mode=mode)()


def _examples(whole: dict[str, Any]) -> list[tuple[str, dict[str, Any], Any]]:
    """Return the examples of all JSON bodies, each with its schema."""
    found = []
    for path, methods in whole["paths"].items():
        for operation in methods.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for body in bodies:
                media = body.get("content", {}).get("application/json", {})
                if "example" in media:
                    found.append((path, media["schema"], media["example"]))
    return found
