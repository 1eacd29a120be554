"""Pages while a store hangs: what they say, what becomes of what was typed, and that programs notice nothing."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from re import findall
from typing import Any

import httpx
import pytest

from tests.engines.postgres import private_postgres
from tests.engines.private import PrivateEngine
from tests.engines.redis import PrivateRedis
from tests.engines.session import Session
from tests.service.dashboard.people import PASSWORD, Browser, signed_in, words
from tests.service.running import Running, bearer, running
from variate.errors import StoreUnavailableError
from variate.platform import Platform
from variate.settings import Settings
from variate.testing.waiting import wait_until

pytestmark = pytest.mark.slow  # how long a store hangs is the case

BROWSER = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
TYPED = {"unit": "ada", "flag_id": "banner", "variation": "on", "lasts": "never", "reason": "She tries it."}


@dataclass(frozen=True)
class World:
    """A service over PostgreSQL and Redis of its own, and somebody who is signed in there."""

    served: Running
    browser: Browser
    postgres: PrivateEngine
    redis: PrivateRedis

    def get(self, path: str) -> httpx.Response:
        return self.browser.client.get(path, headers=BROWSER)

    def post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        return self.browser.client.post(path, data=fields, headers=BROWSER)

    def answers(self) -> bool:
        return self.get("/flags").status_code == 200


@pytest.fixture(scope="module")
def world(engines: Session) -> Iterator[World]:
    postgres, url = private_postgres(engines)
    redis = PrivateRedis(engines)
    settings = {"VARIATE_PROFILE": "postgres", "VARIATE_DATABASE_URL": url, "VARIATE_REDIS_URL": redis.url}
    try:
        with Platform.open(Settings.from_environment(settings)) as platform:
            platform.migrate()
            variations = [{"name": "on", "value": True}, {"name": "off", "value": False}]
            platform.create_feature_flag(
                "Banner", flag_id="banner", status="active", variations=variations, off="off", default="off"
            )
            with running(platform) as served, signed_in(served.url, platform) as browser:
                yield World(served, browser, postgres, redis)
    finally:
        postgres.stop()
        redis.stop()


def hidden(page: httpx.Response) -> dict[str, str]:
    """Return what a page keeps, to be sent once more."""
    form = page.text.partition("<main")[2]
    return {
        unescape(name): unescape(value)
        for name, value in findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form)
    }


def test_while_redis_hangs_nobody_is_sent_to_sign_in_and_what_was_typed_can_be_sent_again(world: World) -> None:
    token = world.browser.token
    world.redis.pause()
    try:
        page = world.get("/flags?text=ban")
        assert (page.status_code, "A store is away" in page.text) == (503, True)
        assert '<a class="button first" href="/flags?text=ban">Try again</a>' in page.text
        kept = world.post("/overrides/new", {"csrf_token": token, **TYPED})
        assert (kept.status_code, "nothing was done yet" in kept.text) == (503, True)
        assert hidden(kept).items() >= {**TYPED, "csrf_token": token}.items()
        assert world.post("/sign-in", {"email": "admin@example.com", "password": PASSWORD}).status_code == 503
    finally:
        world.redis.resume()
    wait_until(world.answers, seconds=30, what="a page")
    sent = world.post("/overrides/new", hidden(kept))
    assert sent.status_code == 303, words(sent)
    assert reasons(world, "ada") == [TYPED["reason"]]


def reasons(world: World, unit: str) -> list[str]:
    """Return for which reasons variations are forced for the unit."""
    return [each.reason for each in world.served.platform.get_user_overrides(unit)]


@pytest.mark.parametrize("path", ["/overrides?unit=ada", "/events?unit=ada", "/audit", "/explain?unit=ada", "/flags"])
def test_a_list_that_cannot_be_read_is_not_said_to_be_empty(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailableError

    for name in ("get_user_overrides", "get_user_events", "audit_log", "list_feature_flags"):
        monkeypatch.setattr(world.served.platform, name, away)
    page = world.get(path)
    assert (page.status_code, "<h1>A store is away</h1>" in page.text) == (503, True)
    assert f'href="{path}">Try again</a>' in page.text


class Looking:
    """So many who each look at something else live."""

    def __init__(self, world: World, count: int) -> None:
        self.said: dict[int, list[bytes]] = defaultdict(list)
        self._count = count
        self._world = world
        for number in range(count):
            threading.Thread(target=self._look, args=(number,), daemon=True).start()

    def have(self, words: bytes) -> bool:
        return sum(any(words in chunk for chunk in list(said)) for said in list(self.said.values())) == self._count

    def close(self) -> None:
        self._world.served.service.dashboard.live.close()

    def _look(self, number: int) -> None:
        asked: Any = {"cookies": self._world.browser.client.cookies, "timeout": None}
        with httpx.stream("GET", f"{self._world.served.url}/events/stream?unit=unit-{number}", **asked) as stream:
            for chunk in stream.iter_raw():
                self.said[number].append(chunk)


def test_while_postgresql_hangs_pages_say_so_soon_and_programs_are_answered_as_before(world: World) -> None:
    token, url = world.browser.token, world.served.url
    looking = Looking(world, 12)
    wait_until(lambda: looking.have(b"data: {"), seconds=30, what="what is live")
    world.postgres.pause()
    try:
        with ThreadPoolExecutor(2) as pool:
            began = time.monotonic()
            home = pool.submit(world.get, "/")
            kept = pool.submit(world.post, "/overrides/new", {"csrf_token": token, **TYPED, "unit": "bea"})
            wait_until(lambda: looking.have(b"event: away"), seconds=60, what="that it is told")
            slowest = 0.0
            while not kept.done():
                slowest = max(slowest, _seconds(url, "/v1/logs", {"resourceLogs": []}, key="ingest"))
                flag = "/ofrep/v1/evaluate/flags/banner"
                slowest = max(slowest, _seconds(url, flag, {"context": {"targetingKey": "u"}}, key="evaluate"))
            assert slowest < 2.0
            assert home.result().status_code == 200
            assert "This cannot be read at present" in home.result().text
            assert kept.result().status_code == 503
            assert hidden(kept.result()).items() >= {**TYPED, "unit": "bea", "csrf_token": token}.items()
            assert "send it again in a moment" in words(kept.result()).lower()
            assert time.monotonic() - began < 45
    finally:
        world.postgres.resume()
    wait_until(world.answers, seconds=30, what="a page")
    wait_until(lambda: looking.have(b"event: back"), seconds=30, what="that it is live again")
    assert world.post("/overrides/new", hidden(kept.result())).status_code == 303
    assert reasons(world, "bea") == [TYPED["reason"]]
    looking.close()


def _seconds(url: str, path: str, body: dict[str, object], *, key: str) -> float:
    began = time.monotonic()
    assert httpx.post(f"{url}{path}", json=body, headers=bearer(key), timeout=30).status_code == 200
    return time.monotonic() - began
