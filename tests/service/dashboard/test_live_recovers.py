"""What is live on a page says so when it is not, and is live again by itself."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.service.dashboard.conftest import Opened
from tests.service.running import Running
from variate.errors import StoreUnavailableError

STREAM = "**/events/stream*"
_PATIENCE = 30_000.0
_QUICKLY = "{ const real = setTimeout; window.setTimeout = (what, after) => real(what, after / 20); }"
"""A script by which the page waits for a twentieth of the time before it says or tries something."""


def test_a_page_whose_stream_is_refused_says_so_and_asks_again(opened: Opened, service: Running) -> None:
    page = opened("/account")

    def refuse(route: Route) -> None:
        route.fulfill(status=204)  # which ends a stream for good, as every answer that is none does

    page.add_init_script(_QUICKLY)
    page.route(STREAM, refuse)
    page.goto("/events")
    said = page.locator("[data-live-lost]")
    expect(said).to_contain_text("Not live at present", timeout=_PATIENCE)
    page.unroute(STREAM)
    expect(said).to_be_empty(timeout=_PATIENCE)
    service.platform.record_event("zoe", "came", {}, event_id="e-back")
    expect(page.locator('[data-event="e-back"]')).to_be_visible(timeout=_PATIENCE)


def test_a_page_whose_stream_cannot_be_read_says_so_until_it_can(
    opened: Opened, service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened("/events")

    def away(**_: Any) -> None:
        raise StoreUnavailableError

    said = page.locator("[data-live-lost]")
    with monkeypatch.context() as context:
        context.setattr(service.platform, "latest_events", away)
        expect(said).to_contain_text("Not live at present", timeout=_PATIENCE)
    expect(said).to_be_empty(timeout=_PATIENCE)
