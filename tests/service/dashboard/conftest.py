"""A service over one SQLite file, somebody of each role who is signed in, and Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from tests.service.dashboard.browsers import chromium_path, started
from tests.service.dashboard.people import PASSWORD, Browser, signed_in
from tests.service.running import Running, running
from variate.platform import Platform
from variate.server.dashboard.events import tail
from variate.server.dashboard.experiments import overview, results_live
from variate.server.dashboard.home import pages as home_pages
from variate.service_settings import ServiceSettings
from variate.settings import Settings


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One running service for the tests of a file, at which they may sign in as often as they like."""
    home: Path = tmp_path_factory.mktemp("dashboard")
    settings = Settings(home=home, environments=("dev", "prod"), service=ServiceSettings(sign_ins_per_minute=10_000))
    with Platform.open(settings) as platform, running(platform) as served:
        yield served


@pytest.fixture(scope="module")
def platform(service: Running) -> Platform:
    """The platform that the service answers for."""
    return service.platform


@pytest.fixture(scope="module")
def admin(service: Running) -> Iterator[Browser]:
    """A browser without scripts of somebody who administers."""
    with signed_in(service.url, service.platform, role="admin") as browser:
        yield browser


@pytest.fixture(scope="module")
def editor(service: Running) -> Iterator[Browser]:
    """A browser without scripts of somebody who changes definitions."""
    with signed_in(service.url, service.platform, role="editor") as browser:
        yield browser


@pytest.fixture(scope="module")
def viewer(service: Running) -> Iterator[Browser]:
    """A browser without scripts of somebody who only looks."""
    with signed_in(service.url, service.platform, role="viewer") as browser:
        yield browser


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """The system's Chromium. A test that needs it is skipped where there is none, but for CI.

    It is of a file: while Playwright runs, no other test of the process can run an event loop.
    """
    found = chromium_path()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium on PATH")
        pytest.skip("there is no Chromium on PATH")
    with started(found) as browser:
        yield browser


@pytest.fixture(scope="module", autouse=True)
def live_at_once() -> Iterator[None]:
    """Have what is live on pages read many times a second: else most of a test is a wait for its turn."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (home_pages, overview, results_live, tail):
            name = "LIVE_SECONDS" if module is overview else "_EVERY_SECONDS"
            patch.setattr(module, name, 0.2)
        yield


Opened = Callable[..., Page]


def _is_wrong(said: ConsoleMessage) -> bool:
    told = ("responded with a status of 401", "responded with a status of 422")
    return said.type == "error" and not any(each in said.text for each in told)


@pytest.fixture
def opened(chromium: Chromium, service: Running, admin: Browser) -> Iterator[Opened]:
    """Opens a page in Chromium, signed in as the administrator; ``options`` are the context's.

    At the end no page may have logged an error, as of what the policy forbids, or raised one; that a form is refused
    (422), or a session has ended (401), is logged, too, and no error of the page.
    """
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_page(path: str = "/", **options: object) -> Page:
        context = chromium.new_context(base_url=service.url, **options)  # type: ignore[arg-type]  # they are the test's
        contexts.append(context)
        context.set_default_timeout(20_000)
        cookies = [{"name": name, "value": value, "url": service.url} for name, value in admin.client.cookies.items()]
        context.add_cookies(cookies)  # type: ignore[arg-type]  # as it documents them
        page = context.new_page()
        page.on("console", lambda said: wrong.append(said.text) if _is_wrong(said) else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


__all__ = ["PASSWORD"]
