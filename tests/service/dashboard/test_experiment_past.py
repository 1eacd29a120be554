"""What was changed of an experiment, and who is in it, by pages."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.experiments import draft, running
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, words
from tests.service.running import Running


def _next(text: str) -> str:
    found = re.search(r'class="button" href="([^"]+)" rel="next"', text)
    assert found is not None
    return unescape(found[1])


def test_the_history_says_who_changed_what_the_most_recent_first(service: Running, viewer: Browser) -> None:
    platform = service.platform
    draft(platform, "past")
    platform.update_experiment("past", traffic=50, description="<script>x</script>", actor="ana")
    platform.update_experiment_status("past", "active", actor="ben")
    platform.create_override("unit-1", "past", "blue", reason="to look", actor="cara")
    page = viewer.get("/experiments/past/history")
    told = words(page)
    places = [
        told.index(each)
        for each in (
            "Override added cara",
            "Unit: unit-1",
            "Variation value - blue",
            "Status changed ben",
            "Status draft active",
            "Changed ana",
            "Description",
            "Traffic in percent traffic 100 50",
            "Created",
            "Variation blue, weight variations[blue].weight - 1",
        )
    ]
    assert places == sorted(places)
    assert "<script>x" not in page.text
    assert 'href="/explain?unit=unit-1&amp;experiment_id=past"' in page.text


def test_a_long_history_goes_on_by_pages(service: Running, viewer: Browser) -> None:
    draft(service.platform, "long")
    for traffic in range(1, 31):
        service.platform.update_experiment("long", traffic=traffic)
    first = viewer.get("/experiments/long/history")
    assert first.text.count("<h2>") == 25
    second = viewer.get(_next(first.text))
    assert second.text.count("<h2>") == 6
    assert "Created" in words(second)
    assert 'rel="next"' not in second.text
    assert viewer.get("/experiments/long/history?after=nonsense").status_code == 422


def test_a_unit_is_looked_up_and_explained(service: Running, viewer: Browser) -> None:
    running(service.platform, "peopled", units=3)
    given = service.platform.get_user_assignment("unit-1", "peopled")
    assert given is not None
    page = viewer.get("/experiments/peopled/units?unit=unit-1")
    assert f"It has {given.variation} since" in words(page)
    assert 'href="/explain?unit=unit-1&amp;experiment_id=peopled"' in page.text
    nobody = viewer.get("/experiments/peopled/units?unit=%3Cb%3E")
    assert "<b> It has no assignment in version 1" in words(nobody)
    wrong = viewer.get(f"/experiments/peopled/units?unit={'x' * 2_000}")
    assert wrong.status_code == 422
    assert 'id="f-unit-wrong"' in wrong.text


def test_who_is_in_it_goes_on_by_pages(service: Running, viewer: Browser) -> None:
    running(service.platform, "crowded", units=60)
    first = viewer.get("/experiments/crowded/units")
    second = viewer.get(_next(first.text))
    found = {unit for page in (first, second) for unit in re.findall(r'<th scope="row">(unit-\d+)</th>', page.text)}
    assert found == {f"unit-{number}" for number in range(60)}
    assert first.text.count('<th scope="row">') == 50
    draft(service.platform, "empty")
    assert "Nobody yet." in words(viewer.get("/experiments/empty/units"))


@pytest.mark.slow
def test_history_and_units_are_clean(service: Running, opened: Opened) -> None:
    running(service.platform, "clean-past", units=3)
    assert_clean(opened("/experiments/clean-past/history"))
    assert_clean(opened("/experiments/clean-past/units?unit=unit-1"))
