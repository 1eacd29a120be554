"""Results: the newest stored report and older ones, a new one in the background, and files."""

from __future__ import annotations

import csv
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from playwright.sync_api import expect

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.experiments import running
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, words
from tests.service.running import Running
from variate.analysis.report import Report
from variate.analysis.report_record import report_from_record
from variate.errors import StoreUnavailableError
from variate.platform import Platform
from variate.testing.waiting import wait_until

ONE = "/experiments/one/results"
UNITS = 60
HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module", autouse=True)
def _experiments(service: Running) -> None:
    platform = service.platform
    platform.create_metric("purchases", kind="proportion", name=HOSTILE, measure="purchase")
    platform.create_metric("refunds", kind="proportion", measure="refund", direction="decrease")
    for experiment_id, plan in (("one", {"units": 1_000, "looks": 7}), ("other", {})):
        platform.create_experiment(
            f"Experiment {experiment_id}",
            variations=[{"name": "a"}, {"name": HOSTILE}],
            experiment_id=experiment_id,
            metrics=[
                {"metric": "purchases", "role": "goal"},
                {"metric": "refunds", "role": "guardrail", "margin": 0.1},
            ],
            plan=plan,
        )
    platform.create_experiment("A draft", variations=[{"name": "a"}, {"name": "b"}], experiment_id="draft")
    for experiment_id in ("one", "other"):
        platform.update_experiment_status(experiment_id, "active")
        record(platform, experiment_id)


def record(platform: Platform, experiment_id: str) -> None:
    for number in range(UNITS):
        unit = f"u-{number}"
        shown = platform.assign(unit, experiment_id).variation
        assert shown is not None
        platform.record_exposure(unit, experiment_id, shown, dimensions={"country": "US" if number % 2 else "CA"})
        if number % 3 == 0:
            platform.record_event(unit, "purchase", {})
        if number % 5 == 0:
            platform.record_event(unit, "refund", {})


@pytest.fixture
def report(service: Running) -> Report:
    return service.platform.report_experiment("one", dimensions=["country"])


@contextmanager
def held(
    service: Running, monkeypatch: pytest.MonkeyPatch, error: Exception | None = None
) -> Iterator[threading.Event]:
    """Have the next report wait until the block ends, or raise; the event is set when somebody makes it."""
    making = service.service.dashboard.making
    make, begun, go_on = making._report, threading.Event(), threading.Event()

    def waits(*given: object, **named: object) -> Report:
        begun.set()
        assert go_on.wait(timeout=30)
        if error is not None:
            raise error
        return make(*given, **named)  # type: ignore[arg-type]  # as they were given

    monkeypatch.setattr(making, "_report", waits)
    try:
        yield begun
    finally:
        go_on.set()
        wait_until(lambda: all(work.is_over for work in making._works.values()), what="the reports")


def heads(platform: Platform, experiment_id: str) -> list[str]:
    return [head.id for head in platform.list_reports(experiment_id)]


def test_without_a_report_the_page_offers_one_and_a_draft_none(viewer: Browser, editor: Browser) -> None:
    assert "No report was made yet." in words(editor.get("/experiments/other/results"))
    assert "Make a report" in words(editor.get("/experiments/other/results"))
    assert "Make a report" not in words(viewer.get("/experiments/other/results"))
    draft = editor.get("/experiments/draft/results")
    assert "not launched" in words(draft)
    assert "Make a report" not in words(draft)


def test_the_newest_report_is_shown_verdict_first(viewer: Browser, report: Report) -> None:
    page = viewer.get(ONE)
    told = words(page)
    parts = ("verdict", "trust", "lifts", "metrics", "units", "plan", "computed")
    places = [page.text.index(f'<h2 id="{part}">') for part in parts]
    assert places == sorted(places)
    assert "By country" in told
    assert report.id in told
    assert " style=" not in page.text
    assert HOSTILE not in page.text
    assert HOSTILE in told


def test_showing_a_report_neither_computes_nor_reads_it_again(
    service: Running, viewer: Browser, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer.get(ONE)

    def fails(*_: object, **__: object) -> Report:
        raise AssertionError

    monkeypatch.setattr(service.service.dashboard.making, "_report", fails)
    monkeypatch.setattr(service.platform, "get_report", fails)
    before = heads(service.platform, "one")
    assert report.id in words(viewer.get(ONE))
    assert heads(service.platform, "one") == before


def test_older_reports_are_listed_and_shown_as_they_were(service: Running, viewer: Browser, report: Report) -> None:
    newer = service.platform.report_experiment("one")
    page = viewer.get(f"{ONE}/{report.id}")
    assert report.id in words(page)
    assert f"/results/{newer.id}" in page.text
    assert "A newer report is here" in words(page)
    assert "A newer report is here" not in words(viewer.get(ONE))
    listed = viewer.get("/experiments/one/reports").text
    assert listed.index(newer.id) < listed.index(report.id)


def test_every_report_is_listed_page_by_page(service: Running, viewer: Browser) -> None:
    for _ in range(51):
        service.platform.report_experiment("other")
    found: list[str] = []
    path = "/experiments/other/reports"
    while path and len(found) < 200:
        page = viewer.get(path).text
        found += re.findall(r"/experiments/other/results/([0-9a-f-]{36})", page)
        more = re.search(r'href="([^"]+)" rel="next"', page)
        path = more[1] if more else ""
    assert found == heads(service.platform, "other")


def test_a_report_of_another_experiment_is_not_here(viewer: Browser, report: Report) -> None:
    for path in ("", "/csv", "/json", "/html", "/metrics/1"):
        assert viewer.get(f"{ONE}/{report.id}{path}").status_code == 200
        assert viewer.get(f"/experiments/other/results/{report.id}{path}").status_code == 404
    assert viewer.get(f"{ONE}/gone").status_code == 404
    assert viewer.get(f"{ONE}/{report.id}/metrics/3").status_code == 404
    assert viewer.get(f"{ONE}/{report.id}/metrics/0").status_code == 404
    assert viewer.get("/experiments/gone/results").status_code == 404


def test_files_have_names_kinds_and_all_the_numbers(viewer: Browser, report: Report) -> None:
    name = f'attachment; filename="one-{report.at:%Y-%m-%dT%H%M}.%s"'
    table = viewer.get(f"{ONE}/{report.id}/csv")
    assert (table.headers["content-type"], table.headers["content-disposition"]) == (
        "text/csv; charset=utf-8",
        name % "csv",
    )
    rows = list(csv.DictReader(StringIO(table.text, newline="")))
    assert {row["value"] for row in rows} == {"", "US", "CA"}
    data = viewer.get(f"{ONE}/{report.id}/json")
    assert (data.headers["content-type"], data.headers["content-disposition"]) == ("application/json", name % "json")
    assert report_from_record(json.loads(data.text)) == report
    page = viewer.get(f"{ONE}/{report.id}/html")
    assert page.headers["content-disposition"] == name % "html"
    assert page.headers["content-security-policy"] in page.text


def test_a_report_is_made_in_the_background_one_at_a_time(
    service: Running, editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = heads(service.platform, "one")
    with held(service, monkeypatch) as begun:
        page = editor.send(ONE, {"dimensions": "country\r\n\r\nplan "})
        assert page.status_code == 200
        assert "A report is being made" in words(page)
        (before_it, *_) = before or ["none"]
        assert f'href="{ONE}?after={before_it}">Load the page again</a>' in page.text
        assert begun.wait(timeout=30)
        assert "A report is being made" in words(editor.send(ONE, {"dimensions": "os"}))
        assert heads(service.platform, "one") == before
    assert len(heads(service.platform, "one")) == len(before) + 1
    page = editor.get(ONE)
    assert "A report is being made" not in words(page)
    made = service.platform.get_report(heads(service.platform, "one")[0])
    assert made.reproduction.dimensions == ("country", "plan")
    assert "country\nplan</textarea>" in page.text  # the next one has the same, unless somebody says otherwise


def test_a_report_that_fails_is_told_until_there_is_another(
    service: Running, editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(service, monkeypatch, StoreUnavailableError("the events are away")):
        editor.send(ONE, {"dimensions": ""})
    assert "was not made: the events are away" in words(editor.get(ONE))
    service.platform.report_experiment("one")
    assert "was not made" not in words(editor.get(ONE))


def test_what_is_wrong_with_dimensions_is_told_beside_them(service: Running, editor: Browser, report: Report) -> None:
    before = heads(service.platform, "one")
    for typed, rule in (("a\na", "must have different names"), ("\n".join("abcdefghijk"), "must be at most 10")):
        page = editor.send(ONE, {"dimensions": typed})
        assert page.status_code == 422
        assert f"{typed}</textarea>" in page.text
        assert 'aria-invalid="true"' in page.text
        assert rule in words(page)
        assert report.id in words(page)
    assert heads(service.platform, "one") == before


def test_who_only_looks_can_make_no_report(service: Running, viewer: Browser, report: Report) -> None:
    before = heads(service.platform, "one")
    assert viewer.send(ONE, {"dimensions": ""}).status_code == 403
    page = viewer.get(ONE)
    assert "Make a report" not in words(page)
    assert "/complete" not in page.text
    assert heads(service.platform, "one") == before


def test_where_a_plan_spends_error_the_form_says_so(editor: Browser, report: Report) -> None:
    assert "shows its goals and decides nothing. The plan counts on 7 looks" in words(editor.get(ONE))
    assert "takes of the plan's error" not in words(editor.get("/experiments/other/results"))


def test_a_decision_goes_on_from_the_report_of_the_present_version(
    service: Running, editor: Browser, report: Report
) -> None:
    assert f'href="/experiments/one/complete?report={report.id}"' in editor.get(ONE).text
    service.platform.create_experiment("Again", variations=[{"name": "a"}, {"name": "b"}], experiment_id="again")
    service.platform.update_experiment_status("again", "active")
    service.platform.report_experiment("again")
    service.platform.start_new_version("again")
    page = editor.get("/experiments/again/results")
    assert "This report is of version 1; the experiment is at version 2 now." in words(page)
    assert "/complete" not in page.text


def test_results_of_what_has_ended_ask_for_its_decision_and_then_tell_it(
    service: Running, editor: Browser, viewer: Browser
) -> None:
    platform = service.platform
    running(platform, "ended", units=4)
    report = platform.report_experiment("ended")
    there = "/experiments/ended/results"
    assert '<a class="button" href="/experiments/ended/complete?' in editor.get(there).text  # it says to hold
    platform.update_experiment_status("ended", "completed")
    asked = f'href="/experiments/ended/conclude?report={report.id}">Say what was decided'
    assert asked in editor.get(there).text
    assert "/conclude" not in viewer.get(there).text
    platform.conclude_experiment("ended", {"decision": "keep"})
    told = viewer.get(there)
    assert "Decided: Keep control" in words(told)
    assert 'href="/experiments/ended#decision"' in told.text
    assert "/conclude" not in editor.get(there).text


def test_a_report_that_another_process_makes_is_waited_for(service: Running, editor: Browser, report: Report) -> None:
    service.service.dashboard.making._works.clear()
    assert "A report was asked for" in words(editor.get(f"{ONE}?after={report.id}"))
    newer = service.platform.report_experiment("one")
    page = words(editor.get(f"{ONE}?after={report.id}"))
    assert "A report was asked for" not in page
    assert newer.id in page


def test_a_newer_report_is_told_to_who_looks_without_a_jump(service: Running, opened: Opened, report: Report) -> None:
    page = opened(ONE)
    where = "document.getElementById('trust').getBoundingClientRect().top"
    before = page.evaluate(where)
    newer = service.platform.report_experiment("one")
    page.get_by_text("A newer report is here").wait_for()
    assert page.evaluate(where) == before
    assert newer.id not in page.content()
    assert page.get_by_text(report.id).count() == 1
    page.get_by_text(f"Coming in: {UNITS} exposures in the last 10 minutes").wait_for()
    page.get_by_role("link", name="Show it").click()
    page.get_by_text(newer.id).first.wait_for()


def test_charts_say_their_numbers_to_pointer_finger_and_keys(opened: Opened, report: Report) -> None:
    page = opened(ONE)
    bubble = page.locator(".bubble")
    row = page.locator(".drawing svg.chart g.unclear, .drawing svg.chart g.better").first
    row.scroll_into_view_if_needed()
    row.hover()
    assert HOSTILE in bubble.inner_text()
    page.keyboard.press("Escape")
    assert bubble.inner_text() == ""
    row.hover(position={"x": 20, "y": 12})
    said = bubble.inner_text()
    assert HOSTILE in said
    page.evaluate("window.scrollBy(0, 400)")
    expect(bubble).not_to_contain_text(said)
    region = page.get_by_role("region", name="Lifts of all metrics. Arrow keys")
    page.locator("summary", has_text="Make a report").focus()
    region.focus()
    page.keyboard.press("ArrowRight")
    assert "%" in bubble.inner_text()
    box = bubble.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    page.keyboard.press("Escape")
    assert bubble.inner_text() == ""


@pytest.mark.slow
def test_results_are_clean_with_scripts_and_without(service: Running, opened: Opened, report: Report) -> None:
    service.service.dashboard.making._works.clear()
    page = opened(f"{ONE}?after={report.id}")
    page.get_by_text("A report was asked for").wait_for()
    page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
    assert_clean(page)
    page.goto(f"{ONE}/{report.id}/metrics/1")
    assert_clean(page)
    page.goto("/experiments/one/reports")
    assert_clean(page)
    plain = opened(ONE, java_script_enabled=False)
    assert plain.locator("svg.chart title").first.text_content()
    plain.get_by_text("Make a report now").click()
    plain.get_by_role("button", name="Make a report").click()
    assert plain.url.endswith(f"/experiments/one/results?after={report.id}")
