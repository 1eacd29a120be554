"""People over HTTP, their sessions, and what keeps other sites from acting in their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.service.running import Running, bearer, running
from variate.platform import Platform
from variate.service_settings import ServiceSettings
from variate.settings import Settings

PASSWORD = "correct horse battery staple"
ADA = {"email": "ada@example.com", "role": "admin", "password": PASSWORD}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service at which tests may sign in as often as they like."""
    settings = Settings(
        home=tmp_path_factory.mktemp("people"),
        environments=("dev", "prod"),
        service=ServiceSettings(sign_ins_per_minute=1_000),
    )
    with Platform.open(settings) as platform, running(platform) as served:
        assert httpx.post(f"{served.url}/api/v1/people", json=ADA, headers=bearer("admin")).status_code == 201
        yield served


SignedIn = Callable[..., tuple[httpx.Client, dict[str, str]]]


@pytest.fixture
def signed_in(service: Running) -> Iterator[SignedIn]:
    """Makes a browser that is signed in, and the header by which its pages change something."""
    with ExitStack() as stack:

        def sign_in(email: str = "ada@example.com") -> tuple[httpx.Client, dict[str, str]]:
            browser = stack.enter_context(httpx.Client(base_url=service.url))
            answer = browser.post("/api/v1/auth/sign-in", json={"email": email, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            return browser, {"X-CSRF-Token": answer.json()["csrf_token"]}

        yield sign_in


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str | None]]:
    """Return whose request for what was refused why, as the log has it."""
    said = [record.__dict__ for record in caplog.records if record.name == "variate.access" and "code" in vars(record)]
    assert all(line["address"] == "127.0.0.1" and line["request_id"] for line in said)
    return [(line["code"], line["path"], line["actor"]) for line in said]


def test_a_person_is_added_read_changed_and_listed(api: httpx.Client) -> None:
    added = api.post("/api/v1/people", json={"email": "Grace@Example.com", "name": "Grace", "role": "viewer"})
    assert (added.status_code, added.json()["email"], added.json()["has_password"]) == (201, "grace@example.com", False)
    assert api.get("/api/v1/people/grace@example.com").json() == api.get(added.headers["location"]).json()
    changed = api.patch(added.headers["location"], json={"role": "editor"}, headers={"If-Match": '"1"'})
    assert (changed.json()["role"], changed.headers["etag"]) == ("editor", '"2"')
    assert api.patch(added.headers["location"], json={"role": "viewer"}, headers={"If-Match": '"1"'}).status_code == 412
    given = api.post(f"{added.headers['location']}/password", json={"password": PASSWORD})
    assert given.json()["has_password"]
    assert "argon2" not in given.text
    listed = [each["email"] for each in api.get("/api/v1/people").json()["items"]]
    assert listed == sorted(listed)
    assert api.get("/api/v1/people/nobody@example.com").status_code == 404


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"role": "king"}, "role"),
        ({"password": "short"}, "password"),
        ({"password_hash": "x"}, "password_hash"),
    ],
)
def test_what_breaks_a_rule_is_named(api: httpx.Client, fields: dict[str, Any], field: str) -> None:
    answer = api.post("/api/v1/people", json={"email": "new@example.com", "role": "viewer", **fields})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_the_last_who_administers_stays_one(api: httpx.Client) -> None:
    refused = api.patch("/api/v1/people/ada@example.com", json={"disabled": True}, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (422, "last_admin")


def test_who_signs_in_is_known_by_a_cookie_out_of_scripts_reach(service: Running, signed_in: SignedIn) -> None:
    browser, _ = signed_in()
    me = browser.get("/api/v1/auth/me").json()
    assert (me["kind"], me["actor"], me["environments"]) == ("person", "person:ada@example.com", ["*"])
    again = httpx.post(
        f"{service.url}/api/v1/auth/sign-in",
        json={"email": "ada@example.com", "password": PASSWORD},
        cookies={"variate-session": browser.cookies["variate-session"]},
    )
    assert again.cookies["variate-session"] != browser.cookies["variate-session"]  # what a browser brings is not kept
    cookie = again.headers["set-cookie"]
    assert cookie.startswith("variate-session=")
    assert all(part in cookie for part in ("HttpOnly", "Path=/", "SameSite=lax"))
    assert again.cookies["variate-session"] not in again.text
    assert again.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("given", [{"password": "wrong wrong wrong"}, {"email": "nobody@example.com"}])
def test_a_wrong_password_and_an_unknown_person_are_answered_alike(
    service: Running, given: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD, **given}
    answer = httpx.post(f"{service.url}/api/v1/auth/sign-in", json=body)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert answer.json()["detail"] == "the e-mail address or the password is wrong, or this person may not sign in"
    assert "set-cookie" not in answer.headers
    assert logged(caplog) == [("unauthenticated", "/api/v1/auth/sign-in", None)]


def test_a_session_changes_something_only_with_its_own_token(
    service: Running, signed_in: SignedIn, caplog: pytest.LogCaptureFixture
) -> None:
    browser, token = signed_in()
    _, of_another = signed_in()
    flag = {"id": "by-ada", "name": "A"}
    for headers in ({}, {"X-CSRF-Token": "x"}, of_another):
        refused = browser.post("/api/v1/flags", json=flag, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert browser.post("/api/v1/auth/sign-out").status_code == 403
    said = logged(caplog)
    assert said == [("forbidden", "/api/v1/flags", "person:ada@example.com")] * 3 + [
        ("forbidden", "/api/v1/auth/sign-out", None)
    ]
    assert browser.get("/api/v1/flags").status_code == 200
    assert browser.post("/api/v1/flags", json=flag, headers=token).status_code == 201
    (entry,) = service.platform.audit_log(entity_id="by-ada")
    assert entry.actor == "person:ada@example.com"


def test_what_another_site_could_send_by_a_form_is_no_sign_in(service: Running) -> None:
    body = f'{{"email": "ada@example.com", "password": "{PASSWORD}"}}'
    answer = httpx.post(f"{service.url}/api/v1/auth/sign-in", content=body, headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


@pytest.mark.parametrize("forged", ["x", "é" * 40, "a" * 4_000, "0" * 43])
def test_a_forged_session_is_refused_and_logged(
    service: Running, forged: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = httpx.get(f"{service.url}/api/v1/flags", headers={b"Cookie": b"variate-session=" + forged.encode()})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert logged(caplog) == [("unauthenticated", "/api/v1/flags", None)]
    assert forged * 2 not in caplog.text


def test_a_role_is_what_a_person_may(api: httpx.Client, signed_in: SignedIn) -> None:
    body = {"email": "vic@example.com", "role": "viewer", "password": PASSWORD}
    assert api.post("/api/v1/people", json=body).status_code == 201
    browser, token = signed_in("vic@example.com")
    assert browser.get("/api/v1/flags").status_code == 200
    assert browser.post("/api/v1/flags", json={"name": "A"}, headers=token).status_code == 403
    assert browser.get("/api/v1/people").status_code == 403


def test_a_session_ends_at_sign_out_and_with_the_person(
    service: Running, api: httpx.Client, signed_in: SignedIn, caplog: pytest.LogCaptureFixture
) -> None:
    body = {"email": "eve@example.com", "role": "editor", "password": PASSWORD}
    assert api.post("/api/v1/people", json=body).status_code == 201
    browser, token = signed_in("eve@example.com")
    assert browser.post("/api/v1/auth/sign-out").status_code == 403
    kept = dict(browser.cookies)
    left = browser.post("/api/v1/auth/sign-out", headers=token)
    assert (left.status_code, dict(browser.cookies)) == (204, {})
    assert httpx.get(f"{service.url}/api/v1/auth/me", cookies=kept).status_code == 401
    assert browser.post("/api/v1/auth/sign-out").status_code == 204
    browser, _ = signed_in("eve@example.com")
    api.patch("/api/v1/people/eve@example.com", json={"disabled": True}, headers={"If-Match": "*"})
    assert browser.get("/api/v1/auth/me").status_code == 401
    assert logged(caplog)[1:] == [("unauthenticated", "/api/v1/auth/me", None)] * 2  # after the sign-out without token


def test_a_key_is_told_who_it_is(api: httpx.Client) -> None:
    me = api.get("/api/v1/auth/me").json()
    assert (me["kind"], me["actor"], me["csrf_token"]) == ("key", "key:admin", None)


def test_who_shows_a_key_is_let_in_by_that_alone(signed_in: SignedIn) -> None:
    browser, _ = signed_in()
    assert browser.get("/api/v1/flags", headers=bearer("unknown")).status_code == 401
    assert browser.get("/api/v1/people", headers=bearer("read")).status_code == 403


def test_attempts_are_counted(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = Settings(home=tmp_path_factory.mktemp("counted"), service=ServiceSettings(sign_ins_per_minute=2))
    with Platform.open(settings) as platform, running(platform) as served:
        body = {"email": "ada@example.com", "password": PASSWORD}
        answers = [httpx.post(f"{served.url}/api/v1/auth/sign-in", json=body) for _ in range(3)]
    assert [each.status_code for each in answers] == [401, 401, 429]
    assert int(answers[2].headers["retry-after"]) > 0


def test_reached_by_https_the_cookie_is_bound_to_the_host(tmp_path_factory: pytest.TempPathFactory) -> None:
    service = ServiceSettings(public_url="https://variate.example.com")
    settings = Settings(home=tmp_path_factory.mktemp("https"), service=service)
    with Platform.open(settings) as platform, running(platform) as served:
        platform.add_person("ada@example.com", role="admin", password=PASSWORD)
        body = {"email": "ada@example.com", "password": PASSWORD}
        answer = httpx.post(f"{served.url}/api/v1/auth/sign-in", json=body)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-variate-session=")
        assert all(part in cookie for part in ("HttpOnly", "Path=/", "SameSite=lax", "Secure"))
        assert "domain" not in cookie.lower()
        token = cookie.partition("=")[2].partition(";")[0]
        for name, status in (("__Host-variate-session", 200), ("variate-session", 401)):
            asked = httpx.get(f"{served.url}/api/v1/auth/me", headers={"Cookie": f"{name}={token}"})
            assert asked.status_code == status
