"""What all pages have in common: who is let in, what they may load, how they look."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import PASSWORD, Browser, words
from tests.service.running import Running
from variate.rendering.environment import style
from variate.server.dashboard import templating, visit
from variate.server.dashboard.assets import asset


def test_who_is_not_signed_in_is_sent_to_do_so_and_comes_back(service: Running, viewer: Browser) -> None:
    with httpx.Client(base_url=service.url) as client:
        sent = client.get("/?done=saved", headers={"Accept": "text/html"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/sign-in?next=%2F%3Fdone%3Dsaved")
        fields = {"email": "viewer@example.com", "password": PASSWORD, "next": "/?done=saved"}
        signed_in = client.post("/sign-in", data=fields)
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/?done=saved")
        assert "Saved." in client.get("/?done=saved").text
        assert client.get("/sign-in").headers["location"] == "/"


def test_a_wrong_password_is_told_beside_what_was_typed(service: Running, viewer: Browser) -> None:
    fields = {"email": "viewer@example.com", "password": "not this one"}
    answer = httpx.post(f"{service.url}/sign-in", data=fields)
    assert answer.status_code == 401
    assert "The e-mail address or the password is wrong" in words(answer)
    assert 'value="viewer@example.com"' in answer.text
    assert "not this one" not in answer.text


def test_signing_in_again_leaves_no_session_behind(service: Running, viewer: Browser) -> None:
    given = {"email": "viewer@example.com", "password": PASSWORD}
    with httpx.Client(base_url=service.url) as client:
        client.post("/sign-in", data=given)
        before = client.cookies["variate-session"]
        assert client.post("/sign-in", data={**given, "password": "not this one"}).status_code == 401
        assert client.get("/").status_code == 200
        client.post("/sign-in", data=given)
        assert client.get("/").status_code == 200
    left = httpx.get(f"{service.url}/", cookies={"variate-session": before}, headers={"Accept": "text/html"})
    assert left.status_code == 303


def test_signing_out_ends_the_session(service: Running, viewer: Browser) -> None:
    with httpx.Client(base_url=service.url) as client:
        client.post("/sign-in", data={"email": "viewer@example.com", "password": PASSWORD})
        token = client.cookies["variate-session"]
        browser = Browser(client)
        assert browser.send("/sign-out", follow=False).headers["location"] == "/sign-in"
        client.cookies.set("variate-session", token)
        assert client.get("/").status_code == 303


def test_pages_may_load_nothing_but_our_own_files(viewer: Browser) -> None:
    page = viewer.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["cache-control"] == "no-store"
    loaded = re.findall(r'<(?:link|script)[^>]+(?:href|src)="([^"]+)"', page.text)
    assert loaded
    for path in loaded:
        file = viewer.client.get(path)
        assert (file.status_code, file.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


def test_a_missing_page_is_a_page_for_people_and_a_problem_for_programs(viewer: Browser) -> None:
    missing = viewer.get("/no-such-page")
    assert (missing.status_code, missing.headers["content-type"]) == (404, "text/html; charset=utf-8")
    told = viewer.client.get("/no-such-page")
    assert (told.status_code, told.headers["content-type"]) == (404, "application/problem+json")


def test_a_file_that_is_no_more_is_missing_and_no_failure(viewer: Browser) -> None:
    assert viewer.get("/static/of-an-older-release/gone.css").status_code == 404


@pytest.mark.parametrize("path", ["/nothing", "/sign-in?next=elsewhere", "/flags/none", "/overrides/remove?unit=u"])
def test_no_page_is_rendered_where_decisions_are_made(
    viewer: Browser, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_on_loop: list[bool] = []

    def render(template: str, context: Mapping[str, Any]) -> str:
        with suppress(RuntimeError):
            is_on_loop.append(asyncio.get_running_loop() is not None)
        return templating.render(template, context)

    monkeypatch.setattr(visit, "render", render)
    assert viewer.get(path).status_code >= 400
    assert is_on_loop == []


def test_sign_in_and_home_are_clean(opened: Opened) -> None:
    page = opened("/")
    assert_clean(page)
    page.context.clear_cookies()
    page.goto("/")
    assert page.url.endswith("/sign-in?next=%2F")
    assert_clean(page)


def test_pages_have_the_palette_of_reports_in_the_theme_that_was_chosen(opened: Opened, viewer: Browser) -> None:
    assert viewer.client.get(asset("palette.css")).text == style("palette.css")
    page = opened("/", color_scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    grounds = [page.evaluate(ground)]
    for _ in range(3):
        page.get_by_role("button", name="Theme").click()
        page.wait_for_load_state()
        grounds.append(page.evaluate(ground))
    light, dark = "rgb(255, 255, 255)", "rgb(20, 23, 27)"
    assert grounds == [light, dark, light, light], "the system's, dark, light, the system's"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == dark
