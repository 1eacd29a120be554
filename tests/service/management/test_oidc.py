"""Sign-in through an OpenID provider, as a browser goes through it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.engines.openid import openid_provider
from tests.engines.session import Session
from tests.service.running import Running, running
from variate.model.access import Role
from variate.platform import Platform
from variate.service_settings import ServiceSettings
from variate.settings import Settings

START = "/api/v1/auth/oidc/start"


@pytest.fixture(scope="module")
def service(engines: Session, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with a provider, which is a fake: see ``tests.engines.openid``."""
    with openid_provider(engines) as issuer:
        settings = Settings(
            home=tmp_path_factory.mktemp("oidc"),
            service=ServiceSettings(
                oidc_issuer=issuer,
                oidc_client_id="variate",
                oidc_client_secret="secret",
                oidc_default_role=Role.VIEWER,
                sign_ins_per_minute=1_000,
            ),
        )
        with Platform.open(settings) as platform, running(platform) as served:
            yield served


@pytest.fixture
def browser(service: Running) -> Iterator[httpx.Client]:
    """A browser that has not signed in."""
    with httpx.Client(base_url=service.url) as client:
        yield client


def sent_back(browser: httpx.Client, service: Running, *, to: str | None = None) -> str:
    """Begin here, sign in at the provider, and return the URL to which that sends the browser back."""
    begun = browser.get(START, params={} if to is None else {"next": to})
    assert begun.status_code == 303, begun.text
    issuer = service.platform.settings.service.oidc_issuer
    person = {"email": "ada@example.com", "email_verified": True, "name": "Ada"}
    httpx.put(f"{issuer}/users/ada", json=person).raise_for_status()
    location: str = httpx.post(begun.headers["location"], data={"sub": "ada"}).headers["location"]
    return location


def test_who_comes_back_is_signed_in_and_goes_where_they_were_going(browser: httpx.Client, service: Running) -> None:
    back = sent_back(browser, service, to="/experiments?status=active")
    assert back.startswith(f"{service.url}/api/v1/auth/oidc/callback?")
    landed = browser.get(back)
    assert (landed.status_code, landed.headers["location"]) == (303, "/experiments?status=active")
    assert browser.get("/api/v1/auth/me").json()["actor"] == "person:ada@example.com"
    assert [each.name for each in browser.cookies.jar] == ["variate-session"]


def test_without_anywhere_to_go_they_go_home(browser: httpx.Client, service: Running) -> None:
    assert browser.get(sent_back(browser, service)).headers["location"] == "/"


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "evil",
        "",
        "/a\nb",
        "javascript:x",
    ],
)
def test_nobody_is_led_elsewhere(browser: httpx.Client, elsewhere: str) -> None:
    refused = browser.get(START, params={"next": elsewhere})
    assert (refused.status_code, refused.json()["field"]) == (422, "next")
    assert "set-cookie" not in refused.headers


def test_an_answer_counts_once_and_in_the_browser_that_began(browser: httpx.Client, service: Running) -> None:
    back = sent_back(browser, service)
    stolen = httpx.get(back)
    assert (stolen.status_code, "set-cookie" in stolen.headers) == (401, False)
    kept = dict(browser.cookies)
    assert browser.get(back).status_code == 303
    assert httpx.get(back, cookies=kept).status_code == 401


@pytest.mark.parametrize("query", ["", "?code=x&state=y", "?error=access_denied&state=z"])
def test_a_forged_answer_is_refused_and_logged(
    browser: httpx.Client, service: Running, query: str, caplog: pytest.LogCaptureFixture
) -> None:
    sent_back(browser, service)
    refused = browser.get(f"/api/v1/auth/oidc/callback{query}")
    assert refused.status_code == 401
    said = [record.__dict__ for record in caplog.records if "code" in vars(record)]
    assert [(line["code"], line["request_id"]) for line in said] == [
        ("unauthenticated", refused.headers["x-request-id"])
    ]


def test_what_the_cookie_holds_leads_nobody_elsewhere(browser: httpx.Client, service: Running) -> None:
    back = sent_back(browser, service)
    binding = browser.cookies["variate-oidc"].partition(".")[0]
    # The text is "//evil.example", in base64.
    forged = {"Cookie": f"variate-oidc={binding}.Ly9ldmlsLmV4YW1wbGU"}
    refused = httpx.get(back, headers=forged)
    assert (refused.status_code, "location" in refused.headers) == (422, False)
