"""Keys, people and one's own account, as somebody works on them in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import PASSWORD, Browser, words
from tests.service.running import Running
from variate.model.access import ApiKey, Person
from variate.rendering.words import moment_words
from variate.server.dashboard.access.scopes import SCOPES
from variate.server.dashboard.field_names import label_of

NASTY = "<script>alert(1)</script>"


def _key(name: str, /, **fields: str | list[str]) -> dict[str, str | list[str]]:
    given: dict[str, str | list[str]] = {
        "name": name,
        "scopes": ["evaluate", "ingest"],
        "environments": ["*"],
        "new_id": str(uuid4()),
    }
    return given | fields


def _newest(service: Running) -> ApiKey:
    return service.platform.list_api_keys(limit=1).items[0]


def _added(service: Running, email: str) -> Person:
    return service.platform.add_person(email, role="viewer", password=PASSWORD)


@contextmanager
def _session(service: Running, email: str, password: str = PASSWORD) -> Iterator[Browser]:
    with httpx.Client(base_url=service.url) as client:
        assert client.post("/sign-in", data={"email": email, "password": password}).status_code == 303
        yield Browser(client)


def test_a_key_is_created_and_its_secret_shown_once(service: Running, admin: Browser) -> None:
    given = _key(NASTY, expires_at="2099-01-31T09:30")
    page = admin.send("/keys/new", given)
    assert page.status_code == 200
    secret = re.search(r'value="(vk_[^"]+)"', page.text)
    assert secret is not None
    key = _newest(service)
    assert (key.name, key.created_by) == (NASTY, "person:admin@example.com")
    assert (sorted(key.scopes), sorted(key.environments)) == (["evaluate", "ingest"], ["*"])
    assert str(key.expires_at) == "2099-01-31 09:30:00+00:00"

    again = admin.send("/keys/new", given)
    assert again.status_code == 409
    assert "its secret was shown then" in words(again)
    assert _newest(service) == key
    for path in ("/keys", f"/keys/{key.id}"):
        shown = admin.get(path)
        assert secret[1] not in shown.text
        assert NASTY not in shown.text
        assert NASTY in words(shown)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": ""}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["fly"]}, "scopes"),
        ({"environments": []}, "environments"),
        ({"environments": ["nowhere"]}, "environments"),
        ({"expires_at": "yesterday"}, "expires_at"),
        ({"expires_at": "2001-01-31T09:30"}, "expires_at"),
    ],
)
def test_a_key_that_cannot_be_keeps_what_was_typed(
    service: Running, admin: Browser, fields: dict[str, str | list[str]], field: str
) -> None:
    before = _newest(service) if service.platform.list_api_keys().items else None
    page = admin.send("/keys/new", _key("typed here", **fields))
    assert page.status_code == 422
    assert f'<a href="#f-{field}">{label_of(field)}</a>' in page.text
    assert field == "name" or 'value="typed here"' in page.text
    assert 'value="ingest" checked' in page.text or field == "scopes"
    assert (_newest(service) if before else None) == before


def test_a_key_is_changed_rotated_and_revoked(service: Running, admin: Browser) -> None:
    old = service.platform.create_api_key("nightly", scopes=["read"]).key
    stale = admin.send(f"/keys/{old.id}", _key("stale", revision="7"))
    assert (stale.status_code, service.platform.get_api_key(old.id)) == (409, old)
    changed = admin.send(f"/keys/{old.id}", _key("renamed", scopes=["read", "write"], revision="1"))
    assert "Saved." in words(changed)
    assert 'value="write" checked' in changed.text

    refused = admin.send(f"/keys/{old.id}/rotate", {"grace_hours": "-1", "revision": "2", "new_id": str(uuid4())})
    assert (refused.status_code, "#f-grace_hours" in refused.text) == (422, True)
    assert 'name="name" type="text" value="renamed"' in refused.text
    assert 'value="write" checked' in refused.text
    rotated = admin.send(f"/keys/{old.id}/rotate", {"grace_hours": "2", "revision": "2", "new_id": str(uuid4())})
    assert "vk_" in rotated.text
    ending = service.platform.get_api_key(old.id)
    assert ending is not None
    assert ending.expires_at is not None
    assert f"The old key goes on counting until {moment_words(ending.expires_at)}" in words(rotated)
    assert "replaced" in words(admin.get(f"/keys/{old.id}"))

    new = _newest(service)
    assert new.id != old.id
    assert "Revoke renamed?" in words(admin.get(f"/keys/{new.id}/revoke"))
    revoked = admin.send(f"/keys/{new.id}/revoke", {"revision": str(new.revision)})
    assert "Revoked" in words(revoked)
    assert "Rotate it" not in words(revoked)
    found = service.platform.get_api_key(new.id)
    assert found is not None
    assert found.revoked_at is not None


def test_somebody_is_added_changed_and_disabled(service: Running, admin: Browser) -> None:
    typed = {"email": "grace@example.com", "name": NASTY, "role": "viewer", "password": "short"}
    refused = admin.send("/people/new", typed)
    assert (refused.status_code, "at least 12 characters" in words(refused)) == (422, True)
    assert 'value="grace@example.com"' in refused.text
    assert "short" not in refused.text
    added = admin.send("/people/new", typed | {"password": PASSWORD})
    assert "Created." in words(added)
    assert NASTY not in added.text
    assert admin.send("/people/new", typed | {"password": PASSWORD}).status_code == 409

    person = service.platform.get_person("grace@example.com")
    assert person is not None
    with _session(service, person.email) as browser:
        path = f"/people/{person.id}"
        saved = admin.send(path, {"name": "Grace", "role": "editor", "disabled": "yes", "revision": "1"})
        assert "disabled" in words(saved)
        assert browser.get("/").status_code == 303
    after = service.platform.get_person(person.id)
    assert after is not None
    assert (after.name, after.role.value, after.disabled) == ("Grace", "editor", True)
    stale = admin.send(path, {"name": "Stale", "role": "viewer", "revision": "1"})
    assert (stale.status_code, 'value="Stale"' in stale.text) == (409, True)


def test_the_last_who_administers_stays_one(service: Running, admin: Browser) -> None:
    person = service.platform.get_person("admin@example.com")
    assert person is not None
    fields = {"name": person.name, "role": "viewer", "revision": str(person.revision)}
    refused = admin.send(f"/people/{person.id}", fields)
    assert refused.status_code == 422
    assert "the last one who administers" in words(refused)
    assert 'id="f-role-wrong"' in refused.text
    disabled = admin.send(f"/people/{person.id}", {**fields, "role": "admin", "disabled": "yes"})
    assert 'id="f-disabled-wrong"' in disabled.text


def test_a_password_is_given_and_taken_away(service: Running, admin: Browser) -> None:
    person = _added(service, "linus@example.com")
    with _session(service, person.email) as browser:
        admin.send(f"/people/{person.id}/password", {"password": f"{PASSWORD} new", "revision": "1"})
        assert browser.get("/").status_code == 303
    with _session(service, person.email, f"{PASSWORD} new") as browser:
        assert browser.get("/").status_code == 200
    taken = admin.send(f"/people/{person.id}/remove-password", {"revision": "2"})
    assert "The password is gone" in words(taken)
    assert "nothing yet" in words(admin.get("/people"))


def test_a_password_that_is_refused_leaves_what_they_are_as_it_stands(service: Running, admin: Browser) -> None:
    person = service.platform.add_person("edsger@example.com", name="Edsger", role="editor", password=PASSWORD)
    service.platform.update_person(person.id, disabled=True)
    for path, typed in (("password", {"password": "short", "revision": "2"}), ("remove-password", {"revision": "1"})):
        refused = admin.send(f"/people/{person.id}/{path}", typed)
        assert refused.status_code in (409, 422)
        assert 'name="name" type="text" value="Edsger"' in refused.text
        assert '<option value="editor" selected>' in refused.text
        assert 'name="disabled" type="checkbox" value="yes" checked' in refused.text


def test_a_key_that_is_renamed_counts_to_the_second_it_did(service: Running, admin: Browser) -> None:
    until = datetime(2099, 1, 31, 9, 30, 59, 123456, tzinfo=UTC)
    key = service.platform.create_api_key("timed", scopes=["read"], expires_at=until).key
    given = _key("renamed", scopes=["read"], revision="1", expires_at="2099-01-31T09:30")
    assert "Saved." in words(admin.send(f"/keys/{key.id}", given))
    found = service.platform.get_api_key(key.id)
    assert found is not None
    assert (found.name, found.expires_at) == ("renamed", until)


def test_somebody_changes_their_own_password_by_the_present_one(service: Running) -> None:
    person = _added(service, "ada@example.com")
    new = f"{PASSWORD} new"
    with _session(service, person.email) as here, _session(service, person.email) as elsewhere:
        for given, field in (
            ({"present": "wrong one", "password": new, "password_again": new}, "present"),
            ({"present": PASSWORD, "password": new, "password_again": "other"}, "password_again"),
            ({"present": PASSWORD, "password": "short", "password_again": "short"}, "password"),
        ):
            refused = here.send("/account/password", given)
            assert (refused.status_code, f"#f-{field}" in refused.text) == (422, True), field
            assert new not in refused.text
        given = {"present": PASSWORD, "password": new, "password_again": new}
        assert "Your password is changed" in words(here.send("/account/password", given))
        assert here.get("/account").status_code == 200
        assert elsewhere.get("/account").status_code == 303
    entry = service.platform.audit_log(entity_id=person.id, limit=1).items[0]
    assert (entry.action, entry.actor) == ("password_set", "person:ada@example.com")


@pytest.mark.parametrize("path", ["/keys", "/keys/new", "/people", "/people/new"])
def test_keys_and_people_are_for_who_administers(editor: Browser, path: str) -> None:
    assert editor.get(path).status_code == 403
    assert f'href="{path.removesuffix("/new")}"' not in editor.get("/").text


@pytest.mark.slow
def test_the_pages_of_access_are_clean(service: Running, opened: Opened) -> None:
    key = service.platform.create_api_key("clean", scopes=["read"]).key
    person = _added(service, "clean@example.com")
    page = opened("/keys")
    paths = (
        "/keys",
        "/keys/new",
        f"/keys/{key.id}",
        f"/keys/{key.id}/revoke",
        "/people",
        "/people/new",
        f"/people/{person.id}",
        "/account",
    )
    for path in paths:
        page.goto(path)
        assert_clean(page)


@pytest.mark.parametrize(
    ("role", "permitted"),
    [
        ("viewer", ["Read: definitions, reports and the audit log"]),
        (
            "editor",
            ["Read: definitions, reports and the audit log", "Write: change definitions and overrides"],
        ),
        ("admin", [*SCOPES.values()]),
    ],
)
def test_an_account_says_in_words_what_one_may_do(role: str, permitted: list[str], request: Any) -> None:
    browser: Browser = request.getfixturevalue(role)
    page = browser.get("/account").text
    assert re.findall(r"<li>(.+)</li>", page.partition("You may")[2].partition("</ul>")[0]) == permitted


def test_the_list_of_keys_says_what_each_scope_permits(admin: Browser) -> None:
    admin.send("/keys/new", _key("says what it may"))
    told = words(admin.get("/keys"))
    assert all(said in told for said in SCOPES.values())
