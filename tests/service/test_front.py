"""The front: what every answer has, and which requests are refused before anybody looks at them."""

from __future__ import annotations

import logging

import pytest

from tests.service.asking import http
from tests.service.raw import answered, connected, read_to_end
from tests.service.running import Running, bearer

FLAG = "/ofrep/v1/evaluate/flags/none"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", FLAG, "/api/v1/experiments", "/nowhere"])
def test_every_answer_keeps_browsers_from_mischief(service: Running, path: str) -> None:
    headers = http.get(service.url + path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"]
    assert "strict-transport-security" not in headers
    assert "server" not in headers


def test_requests_have_ids_of_their_own(service: Running) -> None:
    ids = [http.get(f"{service.url}/healthz").headers["x-request-id"] for _ in range(3)]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("given", "taken"),
    [("0af7651916cd43dd8448eb211c80319c", True), ("a.b_c:d-1", True), ("short", False), ("x" * 129, False)],
)
def test_a_sane_id_of_the_callers_is_taken_over(service: Running, given: str, *, taken: bool) -> None:
    answer = http.get(f"{service.url}/api/v1/experiments", headers={"X-Request-Id": given})
    assert (answer.headers["x-request-id"] == given) is taken


def test_what_breaks_lines_is_no_id(service: Running) -> None:
    status, text = answered(service.url, "GET /healthz HTTP/1.1", "X-Request-Id: abcdefgh%0d%0aSet-Cookie: a=b")
    assert status == 200
    assert "Set-Cookie" not in text


@pytest.mark.parametrize(
    "target",
    [
        "//api/v1/experiments",
        "/api/v1//experiments",
        "/api/v1/../v1/experiments",
        "/api/v1/%2e%2e/v1/experiments",
        "/api%2Fv1/experiments",
        "/api/v1/experiments/",
        "/API/v1/experiments",
        "/api/v1/experiments%00",
        "/api/v1/..%5cexperiments",
        "/OFREP/v1/evaluate/flags/x",
        "/ofrep/v1/evaluate//flags/x",
        "/ofrep/v1/evaluate/../evaluate/flags/x",
        "/%61pi/v1/experiments",
        "/%6detrics",
        "/v1/snap%73hot",
        "/ofrep/v1/evaluate/%66lags/x",
        "http://elsewhere.example//api/v1/experiments",
    ],
)
def test_a_path_has_no_other_spelling_and_who_tries_one_is_logged(
    service: Running, target: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    method = "POST" if "flags" in target else "GET"
    status, _ = answered(
        service.url, f"{method} {target} HTTP/1.1", "Authorization: Bearer secret-admin", "X-Request-Id: trick-0001"
    )
    assert status == 404
    said = [record.__dict__ for record in caplog.records if getattr(record, "request_id", None) == "trick-0001"]
    codes = [line["code"] for line in said if line["name"] == "variate.access"]
    # Of another case it is another path, and no trick: it has the line that all requests have.
    assert codes == ([] if "API" in target or "OFREP" in target else ["no_such_path"])
    assert [(line["status"], line["address"]) for line in said if line["name"] == "variate.requests"] == [
        (404, "127.0.0.1")
    ]


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_a_header_does_not_change_the_method(service: Running, name: str) -> None:
    answer = http.get(service.url + FLAG, headers={name: "POST", **bearer("evaluate")})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "headers",
    [
        ["Authorization: Bearer secret-evaluate", "Authorization: Bearer secret-admin"],
        ["X-API-Key: secret-evaluate", "x-api-key: secret-admin"],
        ["Authorization: Bearer secret-evaluate", "Content-Type: a/b", "Content-Type: application/json"],
    ],
)
def test_a_header_that_may_be_given_once_is_not_chosen_from(
    service: Running, headers: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    status, text = answered(service.url, f"POST {FLAG} HTTP/1.1", *headers)
    assert (status, "repeated_header" in text) == (400, True)
    assert "repeated_header" in {record.__dict__.get("code") for record in caplog.records}
    assert "secret-" not in caplog.text


def test_two_lengths_are_refused(service: Running) -> None:
    status, _ = answered(service.url, "POST /api/v1/experiments HTTP/1.1", "Content-Length: 5")
    assert status == 400


def test_a_huge_number_of_headers_is_refused(service: Running) -> None:
    few = [f"X-Some-{number}: 1" for number in range(200)]
    assert answered(service.url, "GET /healthz HTTP/1.1", *few)[0] == 431
    many = [f"X-Some-{number}: {'1' * 100}" for number in range(5_000)]
    with connected(service.url) as connection:
        try:
            connection.sendall(("\r\n".join(["GET /healthz HTTP/1.1", *many])).encode())
            text = read_to_end(connection)
        except ConnectionError:
            text = b""  # it was ended while this side still sent
    assert text[:12] in (b"", b"HTTP/1.1 431")
    assert http.get(f"{service.url}/healthz").status_code == 200


def test_another_method_is_told_which_there_is(service: Running) -> None:
    answer = http.delete(f"{service.url}/healthz")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_got_can_be_asked_for_its_head(service: Running) -> None:
    answer = http.head(f"{service.url}/healthz")
    assert (answer.status_code, answer.content, int(answer.headers["content-length"]) > 0) == (200, b"", True)


def test_management_has_a_line_in_the_log_and_evaluation_has_none(
    service: Running, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    http.post(service.url + FLAG, json={"context": {"targetingKey": "u"}}, headers=bearer("evaluate"))
    assert [record for record in caplog.records if record.name.startswith("variate.")] == []
    http.get(f"{service.url}/api/v1/nothing-there", headers=bearer("read"))
    lines = [record.__dict__ for record in caplog.records if record.name == "variate.requests"]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [("GET", "unmatched", 404)]
    assert lines[0]["ms"] > 0
