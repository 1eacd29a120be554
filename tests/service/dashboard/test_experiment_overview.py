"""The page of one experiment: what it is, how it stands, and what is to be done next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.experiments import draft, running
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, words
from tests.service.running import Running
from variate.clock import utc_now
from variate.platform import Platform
from variate.server.dashboard.experiments.checklist import ANCHORS


def test_a_draft_says_what_it_is_and_what_blocks_it(service: Running, editor: Browser) -> None:
    platform = service.platform
    platform.create_layer("checkout")
    platform.create_metric("orders", kind="proportion", measure="order")
    platform.create_metric("errors", name="Errors seen", kind="proportion", measure="error", direction="decrease")
    draft(
        platform,
        "whole",
        description="Both buttons",
        audience={"attribute": "country", "operator": "in", "value": ["DE", "<b>"]},
        traffic=0,
        layer="checkout",
        layer_range=[0, 50],
        metrics=[{"metric": "orders"}, {"metric": "errors", "role": "guardrail", "margin": 0.01}],
        plan={"units": 2_000, "looks": 4},
        control="blue",
    )
    page = editor.get("/experiments/whole")
    assert page.status_code == 200
    told = words(page)
    for each in (
        "Blue is seen sooner",
        "Both buttons",
        "ada@example.com",
        'country in ["DE", "<b>"]',
        "0 % of it",
        "checkout , 0 to 50 %",
        "orders goal -",
        "Errors seen errors guardrail 1 percentage point",
        "2,000 units in all, about 4 looks, alpha 0.05",
        "blue (control)",
        "50.00 %",
        '{"price":12}',
        "1 point of the checklist blocks the launch.",
        "blocks the launch Traffic : 0 % of the audience are enrolled Mend it : Traffic",
    ):
        assert each in told, each
    assert "<b>" not in page.text.split('<section aria-labelledby="who">')[1].split("</dd>")[0]
    assert 'href="/experiments/whole/edit#f-traffic"' in page.text
    form = editor.get("/experiments/whole/edit").text
    for anchor in ANCHORS.values():
        assert f'id="{anchor.removeprefix("#")}"' in form


def _paused(platform: Platform, name: str) -> None:
    running(platform, name)
    platform.update_experiment_status(name, "paused")


def _completed(platform: Platform, name: str) -> None:
    running(platform, name)
    platform.update_experiment_status(name, "completed")


def _decided(platform: Platform, name: str) -> None:
    running(platform, name)
    conclusion = {"decision": "ship", "variation": "blue", "note": "It sells more <i>"}
    platform.update_experiment_status(name, "completed", conclusion=conclusion)  # type: ignore[arg-type]  # as it is


def _archived(platform: Platform, name: str) -> None:
    draft(platform, name)
    platform.archive_experiment(name)


def _not_begun(platform: Platform, name: str) -> None:
    running(platform, name, starts_at=utc_now() + timedelta(days=2))


def _over(platform: Platform, name: str) -> None:
    running(platform, name)
    platform.update_experiment(name, ends_at=utc_now())


@pytest.mark.parametrize(
    ("made", "said", "link"),
    [
        (draft, "It can be launched.", "launch"),
        (running, "No report of it was made yet.", "results"),
        (_not_begun, "It is launched, and begins at", None),
        (_over, "Its end is over: nobody is given a variation any more. Decide, and complete it.", "complete"),
        (_paused, "It is paused: nobody is given a variation.", "resume"),
        (_completed, "It has ended. Say what was decided, so that others find it here.", "conclude"),
        (_decided, "It is decided.", "archive"),
        (_archived, "It is archived: it is kept, and no longer changes.", None),
    ],
)
def test_what_is_next_stands_first(
    service: Running, editor: Browser, made: Callable[[Platform, str], None], said: str, link: str | None
) -> None:
    name = f"next {made.__name__}"
    made(service.platform, name)
    page = editor.get(f"/experiments/{name}")
    assert said in words(page)
    if link is not None:
        assert f'<a class="button first" href="/experiments/{name.replace(" ", "%20")}/{link}">' in page.text


def test_the_newest_report_says_units_verdict_and_health(service: Running, editor: Browser) -> None:
    platform = service.platform
    platform.create_metric("sales", kind="proportion", measure="sale")
    running(platform, "reported", units=12, metrics=[{"metric": "sales"}], plan={"units": 10, "looks": 1})
    before = words(editor.get("/experiments/reported"))
    assert "10 units planned, not counted yet" in before
    platform.report_experiment("reported")
    page = editor.get("/experiments/reported")
    told = words(page)
    assert "Units 12 of 10 planned units" in told
    assert "The planned end is reached. Decide, and complete it." in told
    assert "Newest report Hold" in told
    assert 'href="/experiments/reported/results">Hold' in page.text


def test_a_report_of_an_earlier_version_is_not_the_newest(service: Running, editor: Browser) -> None:
    platform = service.platform
    running(platform, "redrawn", units=4)
    platform.report_experiment("redrawn")
    platform.start_new_version("redrawn")
    assert "none of version 2 yet" in words(editor.get("/experiments/redrawn"))


def test_what_was_decided_is_told(service: Running, viewer: Browser) -> None:
    _decided(service.platform, "told")
    told = words(viewer.get("/experiments/told"))
    assert "What was decided Ship blue It sells more <i>" in told
    report = service.platform.report_experiment("told")
    assert f"Newest report {report.verdict.kind.value.title()}" in words(viewer.get("/experiments/told"))


@pytest.mark.parametrize(
    ("made", "said", "end"),
    [
        (draft, "takes new units in once it is launched", "when somebody ends it"),
        (running, "takes new units in", "when somebody ends it"),
        (_paused, "paused: nobody comes in before it is resumed", "when somebody ends it"),
        (_completed, "ended: nobody comes in any more", "it runs no more: the history tells since when"),
    ],
)
def test_whether_units_come_in_and_until_when_is_told_as_it_stands(
    service: Running, viewer: Browser, made: Callable[[Platform, str], None], said: str, end: str
) -> None:
    name = f"intake {made.__name__}"
    made(service.platform, name)
    told = words(viewer.get(f"/experiments/{name}"))
    assert f"Intake {said} Unit user" in told
    assert f"Ends {end} Plan" in told


_SHOWN_ANEW = """() => new Promise((done) => {
  addEventListener("variate:live", () => done(document.querySelectorAll(".changed").length), { once: true });
  dispatchEvent(new Event("pagehide"));
  dispatchEvent(new Event("pageshow"));
})"""
"""How much of the page was written anew by what came first: what stands there already is left alone."""


def test_who_only_looks_sees_no_forms(service: Running, viewer: Browser) -> None:
    draft(service.platform, "looked at")
    page = viewer.get("/experiments/looked at")
    assert page.status_code == 200
    assert "What can be done" not in page.text
    assert "/edit" not in page.text
    assert "/launch" not in page.text
    running(service.platform, "looked on")
    assert 'class="button first" href="/experiments/looked%20on/results"' in viewer.get("/experiments/looked on").text


def test_an_unknown_experiment_is_said_to_be_none(viewer: Browser) -> None:
    assert viewer.get("/experiments/no-such-one").status_code == 404


def test_status_and_units_change_on_the_page_as_they_come(service: Running, opened: Opened) -> None:
    platform = service.platform
    running(platform, "live", units=3)
    page = opened("/experiments/live")
    page.get_by_text("not counted yet").wait_for()
    assert page.evaluate(_SHOWN_ANEW) == 0
    platform.report_experiment("live")
    platform.update_experiment_status("live", "paused")
    page.locator('[data-live="status"]', has_text="changed since").wait_for()
    page.locator('[data-live="standing"]', has_text="3").wait_for()
    page.get_by_role("link", name="Resume").wait_for()
    assert page.locator('[data-live="status"] .badge').inner_text().endswith("paused")
    assert page.locator(".card .big").first.inner_text() == "3"


def test_what_has_the_focus_stays_as_it_is_and_follows_once_that_is_elsewhere(service: Running, opened: Opened) -> None:
    running(service.platform, "held")
    page = opened("/experiments/held")
    results = page.get_by_role("link", name="Look at the results")
    results.focus()
    service.platform.update_experiment_status("held", "paused")
    page.locator('[data-live="status"]', has_text="changed since").wait_for()
    assert results.evaluate("it => it === document.activeElement")
    page.get_by_role("link", name="Overview").focus()
    page.get_by_role("link", name="Resume").wait_for()


def test_the_stream_tells_how_it_stands(service: Running, viewer: Browser) -> None:
    running(service.platform, "streamed", units=2)
    service.platform.report_experiment("streamed")
    with viewer.client.stream("GET", "/experiments/streamed/live?revision=2") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        data = _first_event(answer)
    assert "Newest report" in data
    assert "nothing is decided yet" in data
    assert "changed since" not in data
    with viewer.client.stream("GET", "/experiments/streamed/live?revision=1") as answer:
        assert "changed since" in _first_event(answer)


@pytest.mark.slow
def test_the_overview_is_clean(service: Running, opened: Opened) -> None:
    draft(service.platform, "clean-draft", traffic=0)
    assert_clean(opened("/experiments/clean-draft"))
    running(service.platform, "clean-running", units=4)
    service.platform.report_experiment("clean-running")
    assert_clean(opened("/experiments/clean-running"))


def _first_event(answer: httpx.Response) -> str:
    return next(line for line in answer.iter_lines() if line.startswith("data:"))
