"""The tail of events: the latest with filters, and what comes in while somebody looks."""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from contextlib import closing
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, signed_in, words
from tests.service.running import Running, bearer
from variate.platform import Platform
from variate.server.dashboard import live
from variate.server.dashboard.events import tail
from variate.server.dashboard.templating import typed_moment

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module", autouse=True)
def recorded(service: Running) -> Platform:
    platform = service.platform
    platform.record_event("ada", "click", {"what": MARKUP}, experiment_id="prices", event_id="e-1")
    platform.record_event("bob", "buy", {"amount": 12.5}, event_id="e-2")
    platform.record_exposure("ada", "prices", "control", event_id="e-3")
    platform.record_event("old", "click", {}, timestamp="2026-01-01T00:00:00Z", event_id="e-0", ttl_days=None)
    return platform


def ids(page: Any) -> list[str]:
    """Return the ids of the events that are shown, in order."""
    return re.findall(r'data-event="([^"]+)"', page.text)


def test_the_latest_stand_on_top(viewer: Browser) -> None:
    page = viewer.get("/events")
    assert ids(page) == ["e-3", "e-2", "e-1"]
    assert 'bob buy - {"amount":12.5}' in words(page)
    assert 'href="/experiments/prices"' in page.text
    assert MARKUP in words(page)
    assert "<img" not in page.text


def test_the_time_of_an_event_leads_to_why_they_got_what_they_got_then(viewer: Browser, recorded: Platform) -> None:
    page = viewer.get("/events", params={"unit": "ada", "event_type": "click"})
    (link,) = (each for each in re.findall(r'href="([^"]+)"', page.text) if "at=" in each)
    (event,) = recorded.get_user_events("ada", event_type="click").items
    assert parse_qs(urlsplit(unescape(link)).query) == {
        "unit": ["ada"],
        "experiment_id": ["prices"],
        "at": [typed_moment(event.at)],
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"experiment_id": "prices"}, ["e-3", "e-1"]),
        ({"event_type": "buy"}, ["e-2"]),
        ({"unit": "ada"}, ["e-3", "e-1"]),
        ({"unit": "ada", "event_type": "click"}, ["e-1"]),
        ({"unit": "bob", "experiment_id": "prices"}, []),
        ({"unit": "old"}, ["e-0"]),
    ],
)
def test_filters_leave_what_they_say(viewer: Browser, asked: dict[str, str], found: list[str]) -> None:
    page = viewer.get("/events", params=asked)
    assert ids(page) == found
    for value in asked.values():
        assert f'value="{value}"' in page.text


def test_a_wrong_filter_is_said_beside_it(viewer: Browser) -> None:
    page = viewer.get("/events", params={"unit": "u" * 1025, "event_type": "kept"})
    assert page.status_code == 422
    assert 'id="f-unit-wrong"' in page.text
    assert 'value="kept"' in page.text
    assert "data-stream" not in page.text
    assert viewer.get("/events/stream", params={"unit": "u" * 1025}).status_code == 422
    assert viewer.get("/events", params={"after": "x"}).status_code == 422


def test_older_events_of_a_unit_are_a_page_on(
    viewer: Browser, recorded: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail, "ROWS", 1)
    page = viewer.get("/events", params={"unit": "ada"})
    assert ids(page) == ["e-3"]
    older = viewer.get(unescape(re.findall(r'href="([^"]+)" rel="next"', page.text)[0]))
    assert ids(older) == ["e-1"]
    assert ("data-stream" in page.text, "data-stream" in older.text) == (True, False)


def told(viewer: Browser, path: str) -> Generator[dict[str, str]]:
    """Yield what the stream tells, until it is closed."""
    with viewer.client.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("data:"):
                yield json.loads(line.removeprefix("data:"))


def test_where_older_ones_were_not_looked_at_it_says_so(viewer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "Only the newest 10,000 events were looked at for these: there may be others that came before."
    asked = "/events?event_type=click&experiment_id=prices"
    assert said not in words(viewer.get(asked))
    monkeypatch.setattr("variate.recording.latest.AMONG", 1)
    page = viewer.get(asked)
    assert (ids(page), said in words(page)) == ([], True)
    with closing(told(viewer, unescape(re.findall(r'data-stream="([^"]+)"', page.text)[0]))) as stream:
        assert next(stream)["bound"] == said


def test_a_stream_ends_with_the_session(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.0)
    with signed_in(service.url, service.platform, role="editor") as browser:
        assert browser.client.head("/events/stream").headers["content-type"].startswith("text/event-stream")
        with closing(told(browser, "/events/stream")) as stream:
            next(stream)
            service.platform.sessions.end(browser.client.cookies["variate-session"])
            assert len([*stream]) < 5
        assert browser.get("/events/stream").headers["location"].startswith("/sign-in")


def test_what_comes_in_is_told_to_who_looks_at_it(viewer: Browser, recorded: Platform) -> None:
    page = viewer.get("/events", params={"event_type": "live", "unit": "o'hara"})
    path = unescape(re.findall(r'data-stream="([^"]+)"', page.text)[0])
    with closing(told(viewer, path)) as stream:
        assert "data-event" not in next(stream)["tail|html"]
        recorded.record_event("o'hara", "another", {}, event_id="e-other")
        recorded.record_event("o'hara", "live", {"what": MARKUP}, event_id="e-live")
        rows = next(each["tail|html"] for each in stream if "data-event" in each["tail|html"])
    assert re.findall(r'data-event="([^"]+)"', rows) == ["e-live"]
    assert MARKUP not in rows


def test_the_page_says_what_the_intake_took(viewer: Browser) -> None:
    page = viewer.get("/events")
    shown = dict(re.findall(r'data-live="(\w+)">([\d,.]+)<', page.text))
    assert shown.keys() == {"accepted", "duplicate", "rejected", "refused", "rate"}
    events = [{"id": f"i-{number}", "user_id": "u", "event_type": "t", "data": {}} for number in range(3)]
    answer = viewer.client.post("/v1/events", json={"events": [*events, events[0], {}]}, headers=bearer("ingest"))
    assert answer.status_code == 202, answer.text
    with closing(told(viewer, "/events/stream")) as stream:
        found = next(each for each in stream if each["accepted"] != shown["accepted"])
    assert [int(found[name]) - int(shown[name]) for name in ("accepted", "duplicate", "rejected")] == [3, 1, 1]


def test_the_tail_in_a_browser_does_not_move_what_somebody_reads(opened: Opened, recorded: Platform) -> None:
    recorded.record_event("u", "tail", {}, event_id="t-0")
    page = opened("/events?event_type=tail")
    assert_clean(page)
    page.mouse.move(0, 0)
    page.locator('[data-event="t-0"]').wait_for()
    recorded.record_event("u", "tail", {}, event_id="t-1")
    page.locator('[data-event="t-1"]').wait_for()
    first = page.locator("[data-tail] tbody tr").first
    page.locator("[data-tail]").hover()
    recorded.record_event("u", "tail", {}, event_id="t-2")
    page.get_by_role("button", name="1 new event").wait_for()
    assert first.get_attribute("data-event") == "t-1"
    page.mouse.move(0, 0)
    page.locator('[data-event="t-2"]').wait_for()
    page.get_by_role("button", name="Pause").click()
    for number in (3, 4):
        recorded.record_event("u", "tail", {}, event_id=f"t-{number}")
    page.get_by_role("button", name="2 new events").wait_for()
    assert first.get_attribute("data-event") == "t-2"
    assert_clean(page)
    page.get_by_role("button", name="2 new events").click()
    assert first.get_attribute("data-event") == "t-4"
    assert page.get_by_role("button", name="Pause").evaluate("each => each === document.activeElement")
