"""The list of experiments: found by words, owner and status, with how each is and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.service.dashboard.people import Browser, signed_in, words
from tests.service.running import Running, running
from variate.platform import Platform
from variate.service_settings import ServiceSettings
from variate.settings import Settings
from variate.testing.report_builders import build_report

SIDES = [{"name": "a"}, {"name": "b"}]


@pytest.fixture(scope="module")
def platform(service: Running) -> Platform:
    """One experiment in each place that a list tells apart."""
    found = service.platform
    soon, past = datetime.now(UTC) + timedelta(days=12, hours=1), datetime.now(UTC) - timedelta(days=3, hours=1)

    def made(name: str, *statuses: str, **given: Any) -> None:
        found.create_experiment(name, experiment_id=name.lower(), variations=SIDES, **{"owner": "ana", **given})
        for status in statuses:
            found.update_experiment_status(name.lower(), status)

    made("Drafted", hypothesis="Blue is seen sooner", owner="editor@example.com")
    made("Ending", "active", ends_at=soon, plan={"units": 20_000})
    made("Paced", "active", plan={"units": 20_000})
    made("Filled", "active", plan={"units": 100})
    made("Broken", "active", "paused")
    made("Endless", "active")
    made("Ended", "active", "completed")
    reports = found._backends.reports
    reported: dict[str, dict[str, Any]] = {
        "ending": {"health": "ok", "units": 12_000, "verdict": "hold"},
        "paced": {"health": "ok", "units": 12_000, "units_per_day": 2_000.0, "at": datetime.now(UTC)},
        "filled": {
            "health": "warning",
            "concern": "late_data",
            "units": 150,
            "verdict": "ship",
            "variation": "b",
            "at": past,
        },
        "broken": {"health": "failed", "concern": "sample_ratio", "units": 7, "verdict": "invalid"},
        "ended": {"health": "ok", "units": 7, "verdict": "stop", "version": 2},
    }
    for name, given in reported.items():
        reports.add(build_report(experiment_id=name, **given))
    return found


def row(said: str, name: str) -> str:
    """Return what the list says from the name on."""
    return said.partition(f"{name} {name.lower()} ")[2].partition(" ago")[0]


def test_each_is_shown_with_its_health_verdict_and_time(platform: Platform, viewer: Browser) -> None:
    said = words(viewer.get("/experiments"))
    assert row(said, "Drafted").startswith("○ draft - - - editor@example.com")
    assert row(said, "Ending").startswith("● active ✓ no check failed Hold ● 12 days left 12,000 of 20,000 units ana")
    assert row(said, "Paced").startswith("● active ✓ no check failed Hold ● 4 days left 12,000 of 20,000 units ana")
    assert row(said, "Filled").startswith("● active ! Late data Ship: b ! overdue by 3 days 150 of 100 units ana")
    assert row(said, "Broken").startswith("! paused ✕ Sample ratio Invalid ○ no end planned ana")
    assert row(said, "Endless").startswith("● active ○ no report yet - ○ no end planned ana")
    # What was reported of another version says nothing of this one.
    assert row(said, "Ended").startswith("✓ completed ○ no report yet - ✓ ended ana")


def test_what_was_decided_takes_the_verdicts_place(platform: Platform, viewer: Browser) -> None:
    platform.create_experiment("Decided", experiment_id="decided", variations=SIDES, owner="ana")
    platform.update_experiment_status("decided", "active")
    platform.update_experiment_status("decided", "completed")
    platform.conclude_experiment("decided", {"decision": "ship", "variation": "b"})
    assert row(words(viewer.get("/experiments")), "Decided").startswith("✓ completed ○ no report yet Ship b ✓ ended")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("?text=SEEN sooner", {"Drafted"}),
        ("?text=end&status=active", {"Ending", "Endless"}),
        ("?status=paused", {"Broken"}),
        ("?status=completed&owner=ana", {"Ended"}),
        ("?owner=editor@example.com", {"Drafted"}),
        ("?owner=nobody", set()),
    ],
)
def test_it_is_searched_and_filtered(platform: Platform, editor: Browser, asked: str, found: set[str]) -> None:
    said = words(editor.get(f"/experiments{asked}"))
    names = ("Drafted", "Ending", "Paced", "Filled", "Broken", "Endless", "Ended")
    assert {name for name in names if row(said, name)} == found
    assert ("No experiment is of this kind." in said) is not bool(found)


def test_what_was_asked_stays_in_the_form_and_the_tabs(platform: Platform, editor: Browser) -> None:
    page = editor.get("/experiments?text=end&owner=ana&status=active")
    assert 'value="end"' in page.text
    assert '<input type="hidden" name="status" value="active">' in page.text
    assert 'href="/experiments?status=draft&amp;text=end&amp;owner=ana"' in page.text
    assert 'href="/experiments?status=active&amp;text=end&amp;owner=editor%40example.com">Mine' in page.text
    assert editor.get("/experiments?status=none").status_code == 422
    assert editor.get("/experiments?after=forged").status_code == 422


def test_only_who_may_change_is_offered_to(platform: Platform, viewer: Browser, editor: Browser) -> None:
    assert "New experiment" in words(editor.get("/experiments"))
    page = viewer.get("/experiments").text
    assert "/experiments/new" not in page
    assert "/edit" not in page


@pytest.fixture
def many(tmp_path: Path) -> Iterator[Running]:
    """A service with nothing in it yet."""
    settings = Settings(home=tmp_path, service=ServiceSettings(sign_ins_per_minute=10_000))
    with Platform.open(settings) as opened, running(opened) as served:
        yield served


def test_a_list_begins_empty_and_goes_on_page_by_page(many: Running) -> None:
    with (
        signed_in(many.url, many.platform, role="editor") as browser,
        signed_in(many.url, many.platform, role="viewer") as other,
    ):
        assert "There are no experiments yet. Make the first one" in words(browser.get("/experiments"))
        assert "Make the first one" not in words(other.get("/experiments"))
        for number in range(51):
            many.platform.create_experiment(f"E{number}", experiment_id=f"e{number}", variations=SIDES, owner="ana")
        first = browser.get("/experiments?owner=ana")
        more = (
            first.text.partition('<p class="more">')[2].partition('href="')[2].partition('"')[0].replace("&amp;", "&")
        )
        second = words(browser.get(more))
        assert row(words(first), "E50")
        assert not row(words(first), "E0")
        assert row(second, "E0")
        assert not row(second, "E50")


def test_names_are_text(platform: Platform, editor: Browser) -> None:
    name = '<b onmouseover="alert(1)">&'
    platform.create_experiment(name, experiment_id=f"id{name}", variations=SIDES, owner=name)
    page = editor.get("/experiments", params={"text": name})
    assert "<b onmouseover" not in page.text
    assert name in words(page)


def test_a_search_that_cannot_be_keeps_what_was_typed(viewer: Browser) -> None:
    page = viewer.get("/experiments", params={"owner": "o" * 2_000, "text": "checkout"})
    assert (page.status_code, 'id="f-owner-wrong"' in page.text) == (422, True)
    assert 'value="checkout"' in page.text
    assert "No experiment is" not in words(page)
