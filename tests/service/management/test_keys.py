"""Keys over HTTP: the secret is shown once, and the platform knows the key at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.service.running import Running, bearer, running
from variate.platform import Platform
from variate.settings import Settings


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that goes by the platform's own keys."""
    home = tmp_path_factory.mktemp("keys")
    settings = Settings(home=home, environments=("dev", "prod"))
    with Platform.open(settings) as platform, running(platform, keyring=platform.keyring) as served:
        yield served


@pytest.fixture(scope="module")
def api(service: Running) -> Iterator[httpx.Client]:
    """A client that shows the first key, which somebody made on the command line."""
    first = service.platform.create_api_key("first", scopes=["admin"])
    with httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {first.secret}"}) as client:
        yield client


def made(api: httpx.Client, **fields: Any) -> httpx.Response:
    return api.post("/api/v1/keys", json={"name": "made", "scopes": ["read"], **fields})


def asked(service: Running, secret: str, path: str = "/api/v1/experiments") -> int:
    """Return with what status somebody with the secret is answered."""
    return httpx.get(service.url + path, headers={"X-API-Key": secret}).status_code


def test_a_key_is_made_and_its_secret_shown_once(api: httpx.Client, service: Running) -> None:
    created = made(api, name="reader", environments=["dev"])
    assert (created.status_code, created.headers["cache-control"]) == (201, "no-store")
    secret = created.json()["secret"]
    assert secret.startswith(created.json()["hint"])
    assert asked(service, secret) == 200
    read = api.get(created.headers["location"])
    assert (read.headers["etag"], "secret" in read.json()) == ('"1"', False)
    assert read.json() | {"secret": secret, "last_used_at": None} == created.json()
    assert secret not in api.get("/api/v1/keys").text
    assert secret not in api.get("/api/v1/audit?entity_type=key").text


def test_the_same_request_again_makes_no_second_key_and_shows_no_secret(api: httpx.Client, service: Running) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    body = {"name": "once", "scopes": ["read"]}
    first = api.post("/api/v1/keys", json=body, headers=headers)
    again = api.post("/api/v1/keys", json=body, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "secret_shown_before")
    assert again.headers["location"] == first.headers["location"]
    assert first.json()["secret"] not in again.text
    assert [each["name"] for each in api.get("/api/v1/keys").json()["items"]].count("once") == 1
    database = (service.platform.settings.home / "variate.db").read_bytes()
    assert first.json()["secret"].encode() not in database


def test_a_key_is_changed_rotated_and_revoked(api: httpx.Client, service: Running) -> None:
    key = made(api).json()
    where = f"/api/v1/keys/{key['id']}"
    changed = api.patch(where, json={"scopes": ["evaluate"]}, headers={"If-Match": '"1"'})
    assert (changed.json()["scopes"], changed.headers["etag"]) == (["evaluate"], '"2"')
    assert asked(service, key["secret"]) == 403
    assert api.patch(where, json={"name": "x"}, headers={"If-Match": '"1"'}).status_code == 412
    assert api.patch(where, json={"name": "x"}).status_code == 428
    api.patch(where, json={"scopes": ["read"]}, headers={"If-Match": "*"})
    rotated = api.post(f"{where}/rotate", json={"grace_hours": 0})
    assert rotated.status_code == 201
    assert (asked(service, key["secret"]), asked(service, rotated.json()["secret"])) == (401, 200)
    assert api.get(where).json()["replaced_by"] == rotated.json()["id"]
    revoked = api.post(f"/api/v1/keys/{rotated.json()['id']}/revoke")
    assert revoked.json()["revoked_at"] is not None
    assert asked(service, rotated.json()["secret"]) == 401


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["fly"]}, "scopes[0]"),
        ({"environments": ["moon"]}, "environments"),
        ({"name": " "}, "name"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_what_breaks_a_rule_is_named(api: httpx.Client, fields: dict[str, Any], field: str) -> None:
    answer = made(api, **fields)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize("hours", [-1, 1e9, 1e300])
def test_a_grace_has_its_limits(api: httpx.Client, hours: float) -> None:
    key = made(api).json()
    answer = api.post(f"/api/v1/keys/{key['id']}/rotate", json={"grace_hours": hours})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


def test_a_key_that_is_not_there_is_not_found(api: httpx.Client) -> None:
    assert api.get("/api/v1/keys/gone").status_code == 404
    assert api.post("/api/v1/keys/gone/revoke").status_code == 404


def test_a_key_of_one_environment_changes_that_one_alone(
    api: httpx.Client, service: Running, caplog: pytest.LogCaptureFixture
) -> None:
    flag = {"id": "shared", "name": "A", "status": "active", "type": "boolean", "default": "off"}
    assert api.post("/api/v1/flags", json=flag).status_code == 201
    key = made(api, scopes=["write", "admin"], environments=["dev"]).json()
    with httpx.Client(base_url=service.url, headers={"X-API-Key": key["secret"]}) as of_dev:
        here = of_dev.patch("/api/v1/flags/shared/environments/dev", json={}, headers={"If-Match": "*"})
        assert here.status_code == 200
        assert of_dev.post("/api/v1/publications", json={}).status_code == 201
        for own in ("flags/shared", "publications?environment=dev", "snapshots/problems?environment=dev"):
            assert of_dev.get(f"/api/v1/{own}").status_code == 200
        answers = [
            of_dev.patch("/api/v1/flags/shared/environments/prod", json={}, headers={"If-Match": "*"}),
            of_dev.post("/api/v1/flags/shared/promote", json={"source": "dev", "target": "prod"}),
            of_dev.get("/api/v1/publications", params={"environment": "prod"}),
            of_dev.get("/api/v1/snapshots/problems", params={"environment": "prod"}),
            of_dev.post("/api/v1/publications", json={"environment": "prod"}),
            of_dev.post("/api/v1/publications/rollback", json={"environment": "prod", "to": 1}),
            of_dev.patch("/api/v1/flags/shared", json={"name": "B"}, headers={"If-Match": "*"}),
            of_dev.post("/api/v1/flags", json=flag),
            of_dev.get("/api/v1/keys"),
            of_dev.post("/api/v1/keys", json={"name": "more", "scopes": ["admin"], "environments": ["*"]}),
        ]
    for refused in answers:
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    said = [record.__dict__ for record in caplog.records if record.name == "variate.access"]
    assert {line["code"] for line in said} == {"forbidden"}
    assert [line["request_id"] for line in said] == [refused.headers["x-request-id"] for refused in answers]


def test_a_key_of_another_environment_is_not_let_in(api: httpx.Client, service: Running) -> None:
    key = made(api, scopes=["admin"], environments=["prod"]).json()
    assert asked(service, key["secret"]) == 403


def test_keys_take_the_scope_to_administer(api: httpx.Client, service: Running) -> None:
    key = made(api, scopes=["write"]).json()
    assert asked(service, key["secret"], "/api/v1/keys") == 403
    assert asked(service, key["secret"], "/api/v1/people") == 403
    assert httpx.get(f"{service.url}/api/v1/keys", headers=bearer("unknown")).status_code == 401
