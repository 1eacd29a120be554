"""What the page of a decision says of the newest report: a suggestion, and none where its data are at fault."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.experiments import revision, running
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, words
from variate.platform import Platform
from variate.testing.report_builders import build_report

SUGGESTED = "That is chosen below as a suggestion"


def _reported(platform: Platform, name: str, *, given: dict[str, Any] | None = None, **says: Any) -> str:
    """Have an experiment run of which the newest report says this; return the report's id."""
    running(platform, name, **given or {})
    report = build_report(f"report-of-{name}", experiment_id=name, at=datetime.now(UTC), **says)
    platform._backends.reports.add(report)
    return report.head.id


def _chosen(page: str, field: str) -> str:
    found = re.search(rf'<select id="f-conclusion-{field}".*?</select>', page, re.DOTALL)
    assert found is not None
    chosen = re.search(r'value="([^"]*)" selected', found[0])
    return chosen[1] if chosen else ""


OVER = {"plan": {"units": 100, "looks": 1}}
CASES: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, str]]] = [
    ("ship", {}, {"verdict": "ship", "variation": "blue", "health": "ok"}, ("ship", "blue")),
    ("ship-gone", {}, {"verdict": "ship", "variation": "red", "health": "ok"}, ("", "")),
    ("stop", {}, {"verdict": "stop", "variation": "blue", "health": "ok"}, ("keep", "")),
    ("hold", {}, {"verdict": "hold", "health": "ok"}, ("", "")),
    ("over", OVER, {"verdict": "hold", "health": "ok", "units": 100}, ("inconclusive", "")),
    ("faulty", {}, {"verdict": "invalid", "health": "failed", "concern": "sample_ratio"}, ("", "")),
    (
        "slanted",
        {},
        {"verdict": "ship", "variation": "blue", "health": "failed", "concern": "sample_ratio_by_dimension"},
        ("", ""),
    ),
    (
        "warned",
        {},
        {"verdict": "ship", "variation": "blue", "health": "warning", "concern": "late_data"},
        ("ship", "blue"),
    ),
    ("of-old", {}, {"verdict": "ship", "variation": "blue", "health": "ok", "version": 7}, ("", "")),
]


@pytest.mark.parametrize(("name", "given", "says", "follows"), CASES, ids=[case[0] for case in CASES])
def test_what_follows_from_the_newest_report_is_chosen_and_said_to_be_a_suggestion(
    name: str,
    given: dict[str, Any],
    says: dict[str, Any],
    follows: tuple[str, str],
    platform: Platform,
    editor: Browser,
) -> None:
    _reported(platform, name, given=given, **says)
    page = editor.get(f"/experiments/{name}/complete")
    assert (_chosen(page.text, "decision"), _chosen(page.text, "variation")) == follows
    assert (SUGGESTED in page.text) is (follows != ("", ""))


def test_what_the_report_says_stands_in_words(platform: Platform, editor: Browser) -> None:
    report_id = _reported(platform, "in-words", verdict="ship", variation="blue", health="warning", concern="late_data")
    page = editor.get("/experiments/in-words/complete")
    told = words(page)
    assert "Ship: blue A goal is better, none is worse, and every guardrail is safe. Look at this first: Late" in told
    assert "From it follows Ship: everybody gets the variation blue" in told
    assert f'href="/experiments/in-words/results/{report_id}"' in page.text
    assert _chosen(page.text, "report_id") == report_id
    _reported(platform, "in-doubt", verdict="invalid", health="failed", concern="sample_ratio")
    told = words(editor.get("/experiments/in-doubt/complete"))
    assert "Invalid The data cannot be trusted." in told
    assert "This failed: Sample ratio. Nothing follows from such data." in told
    running(platform, "in-the-dark")
    page = editor.get("/experiments/in-the-dark/complete")
    assert "nothing is known to decide on" in words(page)
    assert 'href="/experiments/in-the-dark/results">Have one made' in page.text


def test_who_decides_on_another_report_or_decided_already_is_not_told_what_follows(
    platform: Platform, editor: Browser
) -> None:
    _reported(platform, "elsewhere", verdict="ship", variation="blue", health="ok")
    older = build_report("older", experiment_id="elsewhere", at=datetime.now(UTC) - timedelta(days=1))
    platform._backends.reports.add(older)
    page = editor.get("/experiments/elsewhere/complete?report=older")
    assert (_chosen(page.text, "report_id"), _chosen(page.text, "decision")) == ("older", "")
    assert SUGGESTED not in page.text
    fields = {"revision": revision(platform, "elsewhere"), "conclusion.decision": "keep", "conclusion.note": "No."}
    editor.send("/experiments/elsewhere/complete", fields)
    page = editor.get("/experiments/elsewhere/conclude")
    assert _chosen(page.text, "decision") == "keep"
    assert SUGGESTED not in page.text


def test_what_was_chosen_instead_is_kept_when_it_is_refused(platform: Platform, editor: Browser) -> None:
    _reported(platform, "refused", verdict="ship", variation="blue", health="ok")
    fields = {"revision": revision(platform, "refused"), "conclusion.decision": "", "conclusion.variation": ""}
    page = editor.send("/experiments/refused/complete", fields)
    assert (page.status_code, _chosen(page.text, "decision")) == (422, "")


def test_the_page_of_a_decision_is_clean(platform: Platform, opened: Opened) -> None:
    _reported(platform, "clean-decision", verdict="ship", variation="blue", health="ok")
    assert_clean(opened("/experiments/clean-decision/complete"))
