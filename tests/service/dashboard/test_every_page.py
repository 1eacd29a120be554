"""Who is let in to each page there is: nobody without a session, without its token, from another site or by less."""

from __future__ import annotations

import gzip
import re

import httpx
import pytest

from tests.service.dashboard.people import Browser
from tests.service.running import Running
from variate.model.access import Role
from variate.server.dashboard.application import PARTS
from variate.server.dashboard.pages import Page

PAGES = [page for part in PARTS for page in part.declared]
_ASKS_FOR_PAGES = {"Accept": "text/html"}


def _path(page: Page) -> str:
    """Return a path of the page: of things that are not there."""
    return re.sub(r"\{[^}]*\}", lambda found: "1" if found[0].endswith(":int}") else "x", page.path)


def _name(page: Page) -> str:
    return f"{page.method} {page.path}"


def _logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        vars(record)["code"] for record in caplog.records if record.name == "variate.access" and "code" in vars(record)
    ]


GUARDED = [page for page in PAGES if page.needs is not None]
LESS = [
    (page, role)
    for page in GUARDED
    for role in (Role.VIEWER, Role.EDITOR)
    if page.needs is not None and page.needs.scope not in role.scopes
]
FORMS = [page for page in PAGES if page.method == "POST"]


def test_only_signing_in_is_for_everybody() -> None:
    assert {page.path for page in PAGES if page.needs is None} == {"/sign-in"}
    changing = [page for page in FORMS if page.needs is not None and not page.needs.changes]
    # What a viewer may send: it changes nothing that anybody else sees.
    assert {page.path for page in changing} <= {
        "/sign-out",
        "/theme",
        "/account/password",
        "/audit/verify",
        "/conditions/builder",
    }


@pytest.mark.parametrize("page", GUARDED, ids=_name)
def test_without_a_session_nobody_is_let_in(page: Page, service: Running, caplog: pytest.LogCaptureFixture) -> None:
    with httpx.Client(base_url=service.url, headers=_ASKS_FOR_PAGES) as nobody:
        answer = nobody.request(page.method, _path(page), data={} if page.method == "POST" else None)
        assert _logged(caplog) == ["unauthenticated"]
        if page.method == "POST":
            assert answer.status_code == 401
        else:
            assert (answer.status_code, answer.headers["location"].partition("=")[0]) == (303, "/sign-in?next")


@pytest.mark.parametrize("page", [page for page in FORMS if page.needs is not None], ids=_name)
def test_a_form_without_the_sessions_token_is_refused(
    page: Page, service: Running, admin: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    for token in ({"name": "x"}, {"csrf_token": ""}, {"csrf_token": "guessed"}):
        answer = admin.client.post(_path(page), data=token, headers=_ASKS_FOR_PAGES)
        assert answer.status_code == 403
    assert _logged(caplog) == ["forbidden"] * 3
    assert admin.get("/").status_code == 200


@pytest.mark.parametrize("page", FORMS, ids=_name)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},  # of a frame that is walled off
        {"Origin": "http://["},
    ],
)
def test_a_form_of_another_site_is_refused(
    page: Page, headers: dict[str, str], admin: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    token = {"csrf_token": admin.token}
    answer = admin.client.post(_path(page), data=token, headers=_ASKS_FOR_PAGES | headers)
    assert answer.status_code == 403
    assert _logged(caplog) == ["forbidden"]
    assert admin.get("/").status_code == 200


def test_what_was_typed_outlives_the_session(service: Running, admin: Browser) -> None:
    ours = _ASKS_FOR_PAGES | {"Sec-Fetch-Site": "same-origin"}
    typed = {"csrf_token": "ended", "name": "<b>typed</b>", "scopes": ["read", "write"], "password": "a secret"}
    with httpx.Client(base_url=service.url, headers=ours) as nobody:
        kept = nobody.post("/keys/new", data=typed)
    assert kept.status_code == 401
    assert 'name="name" value="&lt;b&gt;typed&lt;/b&gt;"' in kept.text
    assert 'name="scopes" value="write"' in kept.text
    assert "a secret" not in kept.text
    assert 'name="csrf_token"' not in kept.text
    # Signed in again, the form shows an old token: it is sent once more with the present one.
    again = admin.client.post("/keys/new", data=typed, headers=ours)
    assert again.status_code == 403
    assert f'name="csrf_token" value="{admin.token}"' in again.text
    assert 'action="/keys/new"' in again.text
    # What does not say that it is of a page of ours is given no token, and nobody has to keep much for a stranger.
    assert admin.client.post("/keys/new", data=typed, headers=_ASKS_FOR_PAGES).text.count(admin.token) == 2
    large = httpx.post(f"{service.url}/keys/new", data={"name": "x" * 70_000}, headers=ours)
    assert (large.status_code, len(large.text) < 10_000) == (401, True)


def test_a_stranger_has_us_read_no_more_than_signing_in_takes(service: Running) -> None:
    ours = _ASKS_FOR_PAGES | {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    packed = gzip.compress(b"name=" + b"%0A" * 500_000)
    lost = httpx.post(f"{service.url}/keys/new", content=packed, headers=ours | {"Content-Encoding": "gzip"})
    assert (lost.status_code, len(lost.text) < 10_000) == (401, True)
    for headers, body in ((ours, b"email=" + b"x" * 20_000), (ours | {"Content-Encoding": "gzip"}, packed)):
        refused = httpx.post(f"{service.url}/sign-in", content=body, headers=headers)
        assert refused.status_code == 413
        assert "at most 16,384 bytes" in refused.text


@pytest.mark.parametrize(("page", "role"), LESS, ids=[f"{role} {_name(page)}" for page, role in LESS])
def test_who_may_less_than_a_page_takes_is_refused(
    page: Page, role: Role, viewer: Browser, editor: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    browser = {Role.VIEWER: viewer, Role.EDITOR: editor}[role]
    answer = browser.get(_path(page)) if page.method == "GET" else browser.send(_path(page))
    assert answer.status_code == 403
    assert _logged(caplog) == ["forbidden"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "evil",
        "/\tevil",
        "/" * 2_000,
    ],
)
def test_nobody_is_led_elsewhere(service: Running, viewer: Browser, elsewhere: str) -> None:
    fields = {"email": "viewer@example.com", "password": "correct horse battery staple", "next": elsewhere}
    answers = [
        httpx.get(f"{service.url}/sign-in", params={"next": elsewhere}),
        viewer.client.get("/sign-in", params={"next": elsewhere}),
        httpx.post(f"{service.url}/sign-in", data=fields),
        viewer.send("/theme", {"theme": "dark", "next": elsewhere}, follow=False),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert "location" not in answer.headers
