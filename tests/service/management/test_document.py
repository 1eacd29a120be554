"""The OpenAPI document: whole, true and with examples that work."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import jsonschema
import pytest

from tests.service.management.seeding import EXAMPLES, example, seed
from tests.service.running import Running
from variate.server.management.application import RESOURCES

REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "management-api.md"


class Operation(NamedTuple):
    """One operation of the document."""

    method: str
    path: str
    told: dict[str, Any]

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema of its body, if it has one."""
        content = self.told.get("requestBody", {}).get("content", {})
        found: dict[str, Any] | None = content.get("application/json", {}).get("schema")
        return found

    @property
    def answer(self) -> dict[str, Any] | None:
        """The schema of what it answers when all is well, if that has a body."""
        for status, response in self.told["responses"].items():
            if status.startswith("2"):
                found: dict[str, Any] | None = response.get("content", {}).get("application/json", {}).get("schema")
                return found
        return None


@pytest.fixture(scope="module")
def document(api: httpx.Client) -> dict[str, Any]:
    """The document, with what its examples make made."""
    return seed(api)


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> list[Operation]:
    return [
        Operation(method, path, told) for path, methods in document["paths"].items() for method, told in methods.items()
    ]


def test_it_is_openapi_3_1_and_anybody_may_read_it(service: Running) -> None:
    answer = httpx.get(f"{service.url}/api/v1/openapi.json")
    assert (answer.status_code, answer.json()["openapi"]) == (200, "3.1.0")
    assert answer.headers["content-type"] == "application/json"


def test_every_operation_says_what_it_is_and_what_it_takes(operations: list[Operation]) -> None:
    ids = [each.told["operationId"] for each in operations]
    assert len(ids) == len(set(ids)) > 60
    for each in operations:
        told = each.told
        assert told["summary"], each
        assert told["tags"], each
        if told["security"]:
            assert re.search(r"Needs the scope `(read|write|admin)`", told["description"]), each
        else:
            assert each.path.startswith("/api/v1/auth/"), each


def test_every_route_but_those_of_sign_in_names_what_it_needs() -> None:
    open_to_all = [each.path for routes in RESOURCES for each in routes.declared if each.needs is None]
    assert sorted(open_to_all) == [
        "/auth/oidc/callback",
        "/auth/oidc/start",
        "/auth/sign-in",
        "/auth/sign-out",
    ]


def test_every_operation_tells_how_it_may_be_refused(operations: list[Operation], document: dict[str, Any]) -> None:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for each in operations:
        refusals = {status: told for status, told in each.told["responses"].items() if status >= "4"}
        wanted = {"422", "500", "503"} | ({"401", "403", "429"} if each.told["security"] else set())
        assert refusals.keys() >= wanted, each
        for status, told in refusals.items():
            assert told == {"$ref": f"#/components/responses/Problem{status}"}
            assert document["components"]["responses"][f"Problem{status}"]["content"] == problem


def test_every_body_and_every_answer_has_an_example_that_is_of_its_form(
    operations: list[Operation], document: dict[str, Any]
) -> None:
    for each in operations:
        for schema in (each.body, each.answer):
            if schema is not None:
                name = schema["$ref"].rpartition("/")[2]
                whole = {**schema, "components": document["components"]}
                jsonschema.Draft202012Validator(whole).validate(example(document, name))


def test_every_parameter_in_a_path_has_an_example(operations: list[Operation]) -> None:
    for each in operations:
        for parameter in each.told.get("parameters", ()):
            assert parameter.get("description"), (each, parameter)
            if parameter["in"] == "path":
                assert parameter["schema"]["examples"], (each, parameter)


def test_the_example_of_every_body_is_accepted(
    api: httpx.Client, operations: list[Operation], document: dict[str, Any]
) -> None:
    key = api.post("/api/v1/keys", json={"name": "A", "scopes": ["read"]}).json()["id"]
    made = {f"/api/v1/{collection}" for collection in EXAMPLES}
    for each in _in_order(operations):
        if each.body is None or (each.method == "post" and each.path in made):
            continue  # seeding has sent those
        path = each.path
        for parameter in each.told.get("parameters", ()):
            if parameter["in"] == "path":
                given = key if parameter["name"] == "key_id" else parameter["schema"]["examples"][0]
                path = path.replace(f"{{{parameter['name']}}}", given)
        body = example(document, each.body["$ref"].rpartition("/")[2])
        if path.endswith("/flags/new-checkout/overrides/user-42"):
            body = {**body, "variation": "on"}  # of flags, whose variations are others
        if path.endswith("/conclusion"):
            api.post(path.replace("/conclusion", "/status"), json={"status": "completed"}).raise_for_status()
        answer = api.request(each.method, path, json=body, headers={"If-Match": "*"})
        assert answer.is_success, (each.method, path, answer.text)
    changes = api.get("/api/v1/audit?limit=1000").json()["items"]
    assert len({(change["entity_type"], change["action"]) for change in changes}) > 25
    assert {change["actor"] for change in changes} == {"key:admin"}  # every one names who asked


def _in_order(operations: list[Operation]) -> Iterator[Operation]:
    """Yield the operations in an order in which each is possible.

    Sign-in is last, since it takes the password of an example before it; what ends the experiment, before that.
    """
    last = ("/api/v1/experiments/{experiment_id}/conclusion", "/api/v1/auth/")
    yield from (each for each in operations if not each.path.startswith(last))
    for start in last:
        yield from (each for each in operations if each.path.startswith(start))


def test_the_reference_has_every_route_with_what_it_takes(operations: list[Operation]) -> None:
    page = REFERENCE.read_text()
    rows = set(re.findall(r"^\| `([A-Z]+) (/\S+)` \| (.+?) \|$", page, re.MULTILINE))
    needs = {
        (each.method, each.path): "anybody" if each.needs is None else each.needs.in_short
        for routes in RESOURCES
        for each in routes.declared
    }
    assert rows == {(method, path, said) for (method, path), said in needs.items()}
    assert {(each.method.upper(), each.path.removeprefix("/api/v1")) for each in operations} <= needs.keys()
