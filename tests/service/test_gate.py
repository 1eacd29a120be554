"""The gate: who is let in, and what is said and logged of who is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.service.asking import http
from tests.service.running import KEYS, Running, api_key, bearer, keyring_of, running
from variate.model.access import Scope
from variate.platform import Platform
from variate.server.management.application import RESOURCES
from variate.server.management.locations import PREFIX
from variate.settings import Settings

FLAG = "/ofrep/v1/evaluate/flags/none"
PAST = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service in dev, to which keys of all kinds were made."""
    home: Path = tmp_path_factory.mktemp("service")
    keys = (
        *KEYS,
        api_key("expired", Scope.EVALUATE, expires_at=PAST),
        api_key("revoked", Scope.EVALUATE, revoked_at=PAST),
        api_key("prod", Scope.EVALUATE, environments=("prod",)),
        api_key("dev", Scope.ADMIN, environments=("dev",)),
    )
    with Platform.open(Settings(home=home)) as platform, running(platform, keyring=keyring_of(keys)) as served:
        yield served


def asked(service: Running, headers: dict[str, str]) -> httpx.Response:
    return http.post(service.url + FLAG, json={"context": {"targetingKey": "u"}}, headers=headers)


@pytest.mark.parametrize("headers", [bearer("evaluate"), {"X-API-Key": "secret-evaluate"}, bearer("admin")])
def test_a_key_with_the_scope_is_let_in(guarded: Running, headers: dict[str, str]) -> None:
    assert asked(guarded, headers).status_code == 404  # there is no such flag


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "unauthenticated"),
        ({"Authorization": "Bearer"}, 401, "unauthenticated"),
        ({"Authorization": "Basic c2VjcmV0LWFkbWluOg=="}, 401, "unauthenticated"),
        ({"Authorization": "secret-evaluate"}, 401, "unauthenticated"),
        ({"X-API-Key": ""}, 401, "unauthenticated"),
        (bearer("nobody"), 401, "unauthenticated"),
        (bearer("expired"), 401, "unauthenticated"),
        (bearer("revoked"), 401, "unauthenticated"),
        ({**bearer("evaluate"), "X-API-Key": "secret-admin"}, 401, "unauthenticated"),
        ({"Authorization": "Basic x", "X-API-Key": "secret-admin"}, 401, "unauthenticated"),
        ({"Cookie": "session=secret-admin"}, 401, "unauthenticated"),
        (bearer("read"), 403, "forbidden"),
        (bearer("ingest"), 403, "forbidden"),
        (bearer("prod"), 403, "forbidden"),
    ],
)
def test_others_are_refused_and_logged_without_their_secret(
    guarded: Running, caplog: pytest.LogCaptureFixture, headers: dict[str, str], status: int, code: str
) -> None:
    answer = asked(guarded, {"X-Request-Id": "refused-1", **headers})
    assert answer.status_code == status
    assert ("www-authenticate" in answer.headers) is (status == 401)
    (said,) = [record.__dict__ for record in caplog.records if record.name == "variate.access"]
    assert (said["code"], said["address"], said["request_id"], said["path"]) == (code, "127.0.0.1", "refused-1", FLAG)
    assert (said["actor"] is not None) is (status == 403)
    assert "secret-" not in str([record.__dict__ for record in caplog.records])
    assert "secret-" not in answer.text


LACKING = {
    Scope.EVALUATE: "write",
    Scope.INGEST: "write",
    Scope.READ: "ingest",
    Scope.WRITE: "read",
    Scope.ADMIN: "write",
}


def test_every_route_of_both_planes_takes_its_scope_and_logs_who_lacks_it(
    guarded: Running, caplog: pytest.LogCaptureFixture
) -> None:
    def status(method: str, path: str, headers: dict[str, str]) -> int:
        caplog.clear()
        answer = http.request(method, guarded.url + path, headers=headers, json={})
        codes = [record.__dict__["code"] for record in caplog.records if record.name == "variate.access"]
        assert codes == {401: ["unauthenticated"], 403: ["forbidden"]}.get(answer.status_code, []), (method, path)
        return answer.status_code

    of_management = [
        (each.method, PREFIX + re.sub(r"{environment}", "dev", each.path), each.needs.scope, each.needs.everywhere)
        for routes in RESOURCES
        for each in routes.declared
        if each.needs is not None
    ]
    of_data = [
        # Asked for its head, a stream ends.
        ("HEAD" if each.name == "stream" else each.method, each.path, each.scope or Scope.EVALUATE, False)
        for each in guarded.service.routes
        if each.name != "openapi"
    ]
    assert len(of_management) > 70
    assert len(of_data) == 7
    for method, template, scope, everywhere in (*of_management, *of_data):
        path = re.sub(r"{\w+}|(?<=/)$", "none", template)
        assert status(method, path, {}) == 401, (method, path)
        assert status(method, path, bearer(LACKING[scope])) == 403, (method, path)
        assert status(method, path, bearer(scope)) not in (401, 403), (method, path)
        assert (status(method, path, bearer("dev")) == 403) is everywhere, (method, path)


def test_a_key_of_no_text_is_refused_in_peace(guarded: Running) -> None:
    answer = http.post(guarded.url + FLAG, json={}, headers={b"Authorization": b"Bearer \xff\xfe\xed"})
    assert answer.status_code == 401
