"""Pages of several processes: who is signed in at one is at the other, what came in is told together, and all end."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.engines.redis import fresh_database
from tests.engines.session import Session
from tests.service.dashboard import experiments
from tests.service.dashboard.people import PASSWORD, TOKEN, words
from tests.service.serving import Serving, serving
from variate.platform import Platform
from variate.settings import Settings
from variate.testing.waiting import wait_until

pytestmark = pytest.mark.slow  # each process takes a second or more of a core to start

EMAIL = "ana@example.com"
SHUTDOWN_SECONDS = 15.0


class Both:
    """Somebody's browser, whose every request goes over a connection of its own, and so to either process."""

    def __init__(self, url: str) -> None:
        self.url = url
        with httpx.Client(base_url=url) as client:
            answer = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            self.cookies = dict(client.cookies)

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        return httpx.request(method, self.url + path, cookies=self.cookies, timeout=60, **given)

    def by_process(self, path: str, *, seconds: float = 30) -> dict[str, httpx.Response]:
        """Return what each of the two answers."""
        found: dict[str, httpx.Response] = {}

        def have_both() -> bool:
            answer = self.ask("GET", path)
            found[answer.headers["x-request-id"].rpartition("-")[0]] = answer
            return len(found) == 2

        wait_until(have_both, seconds=seconds, what="answers of both")
        return found

    def until(self, path: str, holds: Callable[[httpx.Response], bool], *, what: str) -> None:
        """Wait until it holds for what each of the two answers."""
        wait_until(lambda: all(map(holds, self.by_process(path).values())), seconds=60, what=what)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a file in which an experiment runs, and somebody administers."""
    with Platform.open(Settings(home=tmp_path)) as platform:
        platform.migrate()
        platform.add_person(EMAIL, role="admin", name="Ana", password=PASSWORD)
        experiments.running(platform, "checkout", units=20)
    return tmp_path


class Looking:
    """Some who look at what is live, each over a connection of their own."""

    def __init__(self, both: Both, paths: list[str]) -> None:
        self.said: dict[str, list[bytes]] = defaultdict(list)
        self.ended: list[str] = []
        self.broken: list[str] = []
        self.threads = [threading.Thread(target=self._look, args=(both, path), daemon=True) for path in paths]
        for thread in self.threads:
            thread.start()

    def all_see(self, words: bytes) -> bool:
        return sum(words in b"".join(said) for said in list(self.said.values())) == len(self.threads)

    def _look(self, both: Both, path: str) -> None:
        try:
            with httpx.stream("GET", both.url + path, cookies=both.cookies, timeout=None) as stream:
                for chunk in stream.iter_raw():
                    self.said[path].append(chunk)
        except httpx.HTTPError as error:
            self.broken.append(f"{path}: {error!r}")
        else:
            self.ended.append(path)


def test_two_processes_are_as_one_to_who_looks_at_pages(home: Path, engines: Session) -> None:
    with fresh_database(engines) as redis, serving(home, "--processes", "2", VARIATE_REDIS_URL=redis) as served:
        both = Both(served.url)
        assert [each.status_code for each in both.by_process("/").values()] == [200, 200]
        looking = Looking(both, [f"/events/stream?unit=zoe&experiment_id=e{number}" for number in range(8)])
        secret = _key(home)
        events = [{"id": f"e-{number}", "user_id": "zoe", "event_type": "came", "data": {}} for number in range(30)]
        for event in events:
            sent = httpx.post(f"{both.url}/v1/events", json={"events": [event]}, headers={"Authorization": secret})
            assert sent.status_code == 202
        wait_until(lambda: looking.all_see(b'"accepted":"30"'), seconds=30, what="the sum of both, live")
        both.until("/events", lambda page: "accepted 30 " in words(page), what="the sum of both")
        token = TOKEN.search(both.ask("GET", "/account").text)
        assert token is not None
        asked = both.ask("POST", "/experiments/checkout/results", data={"csrf_token": token[1]})
        where = asked.headers["location"]
        said = ("is being made", "was asked for", "Verdict")
        assert all(any(each in words(page) for each in said) for page in both.by_process(where).values())
        both.until(where, lambda page: "verdict" in words(page).lower() and "asked for" not in words(page), what="it")
        both.ask("POST", "/sign-out", data={"csrf_token": token[1]})
        both.until("/flags", lambda page: page.status_code == 303, what="the end of the session at both")
        _ends_in_time(served, looking)


def test_it_stops_in_time_though_pages_look_on_and_a_report_is_made(home: Path) -> None:
    with serving(home, VARIATE_SHUTDOWN_SECONDS=str(SHUTDOWN_SECONDS)) as served:
        both = Both(served.url)
        paths = ["/live/home", "/experiments/checkout/live?revision=1", "/experiments/checkout/results/live"]
        looking = Looking(both, [*paths, *(f"/events/stream?unit=u{number}" for number in range(20))])
        wait_until(lambda: looking.all_see(b"data: {"), seconds=30, what="what is live")
        token = TOKEN.search(both.ask("GET", "/account").text)
        assert token is not None
        asked = both.ask("POST", "/experiments/checkout/results", data={"csrf_token": token[1]})
        assert asked.status_code == 303
        _ends_in_time(served, looking)


def _ends_in_time(served: Serving, looking: Looking) -> None:
    began = time.monotonic()
    served.stop()
    assert served.ended() == 0
    assert time.monotonic() - began < SHUTDOWN_SECONDS
    for thread in looking.threads:
        thread.join(10)
    assert looking.broken == []
    assert len(looking.ended) == len(looking.threads)


def _key(home: Path) -> str:
    with Platform.open(Settings(home=home)) as platform:
        return f"Bearer {platform.create_api_key('sender', scopes=['ingest']).secret}"
