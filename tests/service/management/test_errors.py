"""Every error is a problem: of one shape, with the field and the rule where there is one."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest

from tests.service.running import Running, bearer
from variate.errors import (
    ConfigurationError,
    DecryptionError,
    ProviderUnavailableError,
    StoreError,
    StoreUnavailableError,
)
from variate.testing.waiting import wait_until

TWO = [{"name": "control"}, {"name": "treatment"}]


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return the problem that was answered, of which all have the same members."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told.keys() >= {"type", "title", "status", "detail", "instance", "code", "request_id"}
    assert (told["status"], told["instance"]) == (status, answer.request.url.path)
    assert told["request_id"] == answer.headers["x-request-id"]
    return told


def test_an_unknown_route_is_a_problem(api: httpx.Client) -> None:
    assert problem(api.get("/api/v1/nothing"), 404)["code"] == "not_found"


def test_a_method_that_a_route_does_not_have_is_a_problem_that_names_those_it_has(api: httpx.Client) -> None:
    answer = api.put("/api/v1/experiments", json={})
    assert problem(answer, 405)["code"] == "method_not_allowed"
    assert answer.headers["allow"] == "GET, POST"


def test_an_unknown_id_is_a_problem(api: httpx.Client) -> None:
    assert "'gone'" in problem(api.get("/api/v1/experiments/gone"), 404)["detail"]


def test_a_body_that_is_no_json_is_a_problem(api: httpx.Client) -> None:
    json_type = {"Content-Type": "application/json"}
    for body in (b"{", b'{"name": NaN}', b"[" * 100_000, b'{"name": "\xff"}'):
        answer = api.post("/api/v1/experiments", content=body, headers=json_type)
        assert problem(answer, 400)["code"] == "malformed_body"


def test_a_body_of_another_type_is_a_problem(api: httpx.Client) -> None:
    answer = api.post("/api/v1/experiments", content=b"name=x", headers={"Content-Type": "text/plain"})
    assert problem(answer, 415)["code"] == "unsupported_media_type"


def test_a_body_that_is_too_large_is_a_problem(api: httpx.Client, service: Running) -> None:
    size = service.platform.settings.service.max_body_bytes + 1
    answer = api.post("/api/v1/experiments", content=b" " * size, headers={"Content-Type": "application/json"})
    assert problem(answer, 413)["code"] == "body_too_large"


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        ({"variations": TWO}, "name", "must be given"),
        ({"name": "A", "variations": TWO, "trafic": 5}, "trafic", "is not known"),
        ({"name": "A", "variations": [{"name": "a", "weight": "3"}]}, "variations[0].weight", "must be a valid number"),
        ({"name": "A", "variations": TWO, "plan": {"looks": True}}, "plan.looks", "must be a valid integer"),
        ({"name": "A", "variations": TWO, "id": "a/b"}, "id", "must be printable"),
        ({f"m{number}": 1 for number in range(101)}, "body", "must have at most 100 members"),
        ({"name": "A", "variations": [1] * 1_001}, "body", "must have at most 1000 items in variations"),
        ("a text", "body", "must be an object, not 'a text'"),
        (None, "body", "must be given"),
    ],
)
def test_a_wrong_shape_names_the_field_and_the_rule(api: httpx.Client, body: Any, field: str, rule: str) -> None:
    told = problem(api.post("/api/v1/experiments", json=body), 422)
    assert (told["code"], told["field"]) == ("invalid_input", field)
    assert told["rule"].startswith(rule)
    assert told["errors"][0] == {"field": field, "rule": told["rule"]}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"traffic": 120}, "traffic"),
        ({"name": " "}, "name"),
        ({"audience": {"attribute": "a", "operator": "is"}}, "audience.operator"),
        ({"plan": {"alpha": 7.0}}, "plan.alpha"),
        ({"starts_at": "soon"}, "starts_at"),
        ({"layer": "none", "layer_range": [0, 10]}, "layer"),
    ],
)
def test_a_broken_rule_is_told_in_the_same_shape(api: httpx.Client, change: dict[str, Any], field: str) -> None:
    told = problem(api.post("/api/v1/experiments", json={"name": "A", "variations": TWO, **change}), 422)
    assert (told["code"], told["field"]) == ("invalid_input", field)
    assert told["detail"].endswith(told["rule"])


def test_a_parameter_that_is_not_known_is_refused_rather_than_passed_over(api: httpx.Client) -> None:
    told = problem(api.get("/api/v1/experiments?statsu=active"), 422)
    assert (told["field"], told["rule"]) == ("statsu", "is not known; there is cursor, limit, owner, status, text")


def test_a_parameter_of_a_wrong_form_is_named(api: httpx.Client) -> None:
    assert problem(api.get("/api/v1/experiments?limit=0"), 422)["field"] == "limit"
    assert problem(api.get("/api/v1/experiments?status=gone"), 422)["field"] == "status"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ZeroDivisionError, 500, "internal"),
        (StoreError, 500, "store"),
        (StoreUnavailableError, 503, "store_unavailable"),
        (ConfigurationError, 503, "configuration"),
        (ProviderUnavailableError, 502, "provider_unavailable"),
        (DecryptionError, 500, "decryption"),
    ],
)
def test_what_fails_here_is_a_problem_that_tells_the_inside_to_the_log_alone(
    api: httpx.Client,
    service: Running,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
    status: int,
    code: str,
) -> None:
    def fail(*_: object) -> None:
        raise error("postgresql://db.internal/flags")

    monkeypatch.setattr(service.platform, "get_experiment", fail)
    answer = api.get("/api/v1/experiments/any")
    told = problem(answer, status)
    assert (told["code"], "db.internal" in answer.text) == (code, False)
    (said,) = [each for each in caplog.records if each.name == "variate.server"]
    assert (said.__dict__["request_id"], "db.internal" in caplog.text) == (told["request_id"], True)


def test_who_asks_is_known_before_a_body_is_read(service: Running) -> None:
    with httpx.Client(base_url=service.url) as nobody:
        answer = nobody.post("/api/v1/experiments", content=b"{")
        assert problem(answer, 401)["code"] == "unauthenticated"
        answer = nobody.post("/api/v1/experiments", content=b"{", headers=bearer("read"))
        assert problem(answer, 403)["code"] == "forbidden"


def test_a_body_that_a_route_does_not_take_is_passed_over(api: httpx.Client) -> None:
    assert api.request("GET", "/api/v1/experiments", content=b"{", headers={"Content-Type": "x/y"}).status_code == 200
    assert api.request("POST", "/api/v1/experiments/gone/archive", content=b"{").status_code == 404


def test_who_goes_in_the_middle_of_a_body_is_no_failure(
    api: httpx.Client, service: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="variate.requests")
    host, port = service.url.removeprefix("http://").split(":")
    head = f"POST /api/v1/experiments HTTP/1.1\r\nHost: {host}\r\nX-API-Key: secret-admin\r\nContent-Length: 50\r\n\r\n"
    with socket.create_connection((host, int(port))) as gone:
        gone.sendall(head.encode() + b'{"name": ')
    wait_until(lambda: any(each.name == "variate.requests" for each in caplog.records), what="the request's line")
    assert [each for each in caplog.records if each.levelname == "ERROR"] == []
    assert api.get("/api/v1/experiments").status_code == 200
