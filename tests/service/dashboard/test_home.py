"""Home: what is live on it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.people import Browser, words
from tests.service.running import Running


def test_every_link_of_home_is_one_for_who_only_looks(viewer: Browser) -> None:
    home = viewer.get("/")
    assert "No experiment runs." in words(home)
    links = re.findall(r'<a [^>]*href="(/[^"]*)"', home.text)
    assert {link: viewer.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_a_new_snapshot_is_shown_as_it_comes_into_force(service: Running, opened: Opened) -> None:
    page = opened("/")
    card = page.locator(".card", has=page.get_by_role("heading", name="Snapshot in force"))
    before = card.locator(".big").inner_text()
    service.platform.create_experiment("New", variations=[{"name": "a"}, {"name": "b"}], experiment_id="new-one")
    service.platform.update_experiment_status("new-one", "active")
    expect(card.locator(".big")).not_to_have_text(before, timeout=20_000)
    served = service.platform.snapshot_in_force()
    assert served is not None
    expect(card.locator(".big")).to_have_text(f"{served.publication.sequence:,}", timeout=20_000)
    expect(card).to_contain_text("seen to be in force")
