"""The life of an experiment in pages: every move is confirmed, guarded by what the page showed, and for editors."""

from __future__ import annotations

import re

import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.experiments import draft, revision, running, status
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, words
from tests.service.running import Running

MOVES = ["launch", "resume", "pause", "stop-intake", "take-in", "archive"]


def _confirm(browser: Browser, service: Running, name: str, move: str) -> str:
    """Say yes on the page of the move; return what is said then."""
    page = browser.get(f"/experiments/{name}/{move}")
    assert page.status_code == 200
    found = re.search(r'name="revision" value="(\d+)"', page.text)
    assert found is not None
    sent = browser.send(f"/experiments/{name}/{move}", {"revision": found[1]})
    assert sent.status_code == 200, words(sent)
    assert sent.url.path == f"/experiments/{name}"
    return words(sent)


def test_an_experiment_goes_through_its_life(service: Running, editor: Browser) -> None:
    platform = service.platform
    draft(platform, "lived")
    assert "Launched" in _confirm(editor, service, "lived", "launch")
    assert status(platform, "lived") == "active"
    assert "Paused" in _confirm(editor, service, "lived", "pause")
    assert status(platform, "lived") == "paused"
    assert "Resumed" in _confirm(editor, service, "lived", "resume")
    assert "intake is stopped" in _confirm(editor, service, "lived", "stop-intake")
    found = platform.get_experiment("lived")
    assert found is not None
    assert not found.design.takes_new_units
    assert "taken in again" in _confirm(editor, service, "lived", "take-in")
    fields = {
        "revision": revision(platform, "lived"),
        "conclusion.decision": "ship",
        "conclusion.variation": "blue",
        "conclusion.note": "It sells more",
    }
    completed = editor.send("/experiments/lived/complete", fields)
    assert "What was decided Ship blue It sells more" in words(completed)
    assert status(platform, "lived") == "completed"
    assert "Archived." in _confirm(editor, service, "lived", "archive")
    actors = {entry.actor for entry in platform.audit_log(entity_id="lived")[:-2]}
    assert actors == {"person:editor@example.com"}


def test_the_page_says_what_will_happen_in_units(service: Running, editor: Browser) -> None:
    running(service.platform, "counted", units=5)
    before = words(editor.get("/experiments/counted/pause"))
    assert "No report has counted the units in it yet. Whoever is in it gets no variation while it is paused." in before
    service.platform.report_experiment("counted")
    assert "5 units are in it by the report of" in words(editor.get("/experiments/counted/pause"))
    assert "5 units are in it by the report of" in words(editor.get("/experiments/counted/complete"))
    launching = words(editor.get("/experiments/counted/launch"))
    assert "This cannot be done with an experiment that is active" in launching


def test_a_launch_that_is_blocked_is_refused_with_what_blocks_it(service: Running, editor: Browser) -> None:
    draft(service.platform, "blocked", traffic=0)
    page = editor.get("/experiments/blocked/launch")
    assert "refused until what blocks it is mended" in words(page)
    assert not re.search(r"<button[^>]*>Launch<", page.text)
    sent = editor.send("/experiments/blocked/launch", {"revision": revision(service.platform, "blocked")})
    assert sent.status_code == 422
    assert "cannot become active: traffic: 0 % of the audience are enrolled" in words(sent)
    assert status(service.platform, "blocked") == "draft"


@pytest.mark.parametrize("move", ["pause", "stop-intake", "complete", "hand-over", "change", "new-version"])
def test_nothing_is_done_on_what_was_not_seen(service: Running, editor: Browser, move: str) -> None:
    name = f"unseen-{move}"
    running(service.platform, name)
    seen = revision(service.platform, name)
    form = {
        "revision": seen,
        "conclusion.decision": "keep",
        "owner": "grace",
        "variations[0].weight": "1",
        "variations[1].weight": "1",
        "traffic": "50",
        "takes_new_units": "yes",
        "reason": "why not",
        "previewed": '{"traffic": 50}',
    }
    service.platform.update_experiment(name, description="changed by somebody else")
    before = service.platform.get_experiment(name)
    sent = editor.send(f"/experiments/{name}/{move}", form)
    assert sent.status_code == 409
    assert "load the page anew" in words(sent)
    assert service.platform.get_experiment(name) == before


@pytest.mark.parametrize("move", [*MOVES, "complete", "conclude", "hand-over", "change", "new-version"])
def test_who_only_looks_may_not(service: Running, viewer: Browser, move: str) -> None:
    name = f"viewed-{move}"
    running(service.platform, name)
    before = service.platform.get_experiment(name)
    assert viewer.get(f"/experiments/{name}/{move}").status_code == 403
    sent = viewer.send(f"/experiments/{name}/{move}", {"revision": revision(service.platform, name)})
    assert sent.status_code == 403
    assert service.platform.get_experiment(name) == before


def test_a_decision_that_is_refused_keeps_what_was_typed(service: Running, editor: Browser) -> None:
    running(service.platform, "undecided")
    fields = {"revision": revision(service.platform, "undecided"), "conclusion.note": "Blue <b>sells</b>\nmore"}
    refused = editor.send("/experiments/undecided/complete", fields)
    assert refused.status_code == 422
    assert "Conclusion, decision must be chosen" in words(refused)
    assert "Blue &lt;b&gt;sells&lt;/b&gt;\nmore</textarea>" in refused.text
    control = {**fields, "conclusion.decision": "ship"}
    assert 'id="f-conclusion-variation-wrong"' in editor.send("/experiments/undecided/complete", control).text
    assert status(service.platform, "undecided") == "active"


def test_a_decision_is_corrected_and_names_its_report(service: Running, editor: Browser) -> None:
    platform = service.platform
    running(platform, "corrected", units=3)
    report = platform.report_experiment("corrected")
    platform.update_experiment_status("corrected", "completed")
    page = editor.get("/experiments/corrected/conclude")
    assert f'<option value="{report.id}" selected>' in page.text
    older = editor.get("/experiments/corrected/conclude?report=an-older-one")
    assert '<option value="an-older-one" selected>' in older.text
    fields = {
        "revision": revision(platform, "corrected"),
        "conclusion.decision": "inconclusive",
        "conclusion.note": "Too few",
        "conclusion.report_id": report.id,
    }
    told = editor.send("/experiments/corrected/conclude", fields)
    assert "Inconclusive: keep control Too few" in words(told)
    assert f"/experiments/corrected/results/{report.id}" in told.text
    again = {**fields, "revision": revision(platform, "corrected"), "conclusion.decision": "keep"}
    assert "Keep control Too few" in words(editor.send("/experiments/corrected/conclude", again))


def test_an_experiment_is_handed_over(service: Running, editor: Browser) -> None:
    draft(service.platform, "given")
    fields = {"revision": revision(service.platform, "given")}
    refused = editor.send("/experiments/given/hand-over", {**fields, "owner": " "})
    assert refused.status_code == 422
    assert 'id="f-owner-wrong"' in refused.text
    assert "Owner grace" in words(editor.send("/experiments/given/hand-over", {**fields, "owner": "grace"}))


@pytest.mark.slow
def test_the_pages_of_its_life_are_clean_and_work_with_scripts(service: Running, opened: Opened) -> None:
    draft(service.platform, "clicked")
    page = opened("/experiments/clicked")
    page.get_by_role("link", name="Launch", exact=True).click()
    assert_clean(page)
    page.get_by_role("button", name="Launch").click()
    page.get_by_text("Launched: units are given variations").wait_for()
    page.get_by_role("link", name="Pause").click()
    assert_clean(page)
    page.get_by_role("link", name="No, go back").click()
    page.get_by_role("link", name="Complete and decide").click()
    assert_clean(page)
    page.get_by_label("Decision").select_option("keep")
    page.get_by_label("Why").fill("Nothing was found")
    page.get_by_role("button", name="Complete the experiment").click()
    page.get_by_text("Keep control").wait_for()
