"""The form of a metric in Chromium: its fields follow the kind with scripts, and come by a button without."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from variate.model.metric import MetricKind
from variate.platform import Platform

_BUTTON = "Show the fields of this kind"


def _choose(page: Page, kind: str) -> None:
    page.get_by_label("Kind").focus()
    page.get_by_label("Kind").select_option(kind)


def test_with_scripts_the_fields_follow_the_kind_and_keep_what_was_typed(opened: Opened, platform: Platform) -> None:
    page = opened("/metric-catalog/new")
    expect(page.get_by_role("button", name=_BUTTON)).to_be_hidden()
    page.get_by_label("Id", exact=True).fill("value-of-orders")
    page.get_by_label("Event type").fill("order")
    _choose(page, "ratio")
    below = page.get_by_role("group", name="Below the line")
    expect(below).to_be_visible()
    expect(page.get_by_label("Kind")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Below are the fields of this kind now: Ratio.")
    expect(page.get_by_label("Id", exact=True)).to_have_value("value-of-orders")
    assert_clean(page)
    below.get_by_label("Event type").fill("visit")
    _choose(page, "funnel")
    expect(page.get_by_label("Steps")).to_be_visible()
    expect(page.get_by_label("Event type")).to_have_count(0)
    _choose(page, "ratio")
    expect(below.get_by_label("Event type")).to_have_value("visit")
    expect(page.get_by_role("group", name="Above the line").get_by_label("Event type")).to_have_value("order")
    page.get_by_role("button", name="Create the metric").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("value-of-orders")
    made = platform.get_metric("value-of-orders")
    assert made is not None
    assert made.kind is MetricKind.RATIO
    assert made.denominator is not None
    assert made.denominator.event_type == "visit"


def _answer_another_page(route: Route) -> None:
    if route.request.method == "POST":
        route.fulfill(content_type="text/html", body="<p>Sign in first</p>")
    else:
        route.continue_()


def test_where_the_fields_cannot_be_had_the_button_is_there(opened: Opened) -> None:
    page = opened("/metric-catalog/new")
    page.route("**/metric-catalog/new", _answer_another_page)
    _choose(page, "funnel")
    expect(page.get_by_role("status")).to_contain_text("press the button")
    page.unroute("**/metric-catalog/new")
    page.get_by_role("button", name=_BUTTON).click()
    expect(page.get_by_label("Steps")).to_be_visible()


def test_without_scripts_the_fields_come_by_the_button(opened: Opened) -> None:
    page = opened("/metric-catalog/new", java_script_enabled=False)
    page.get_by_label("Event type").fill("order")
    page.get_by_label("Kind").select_option("ratio")
    page.get_by_role("button", name=_BUTTON).click()
    expect(page.get_by_role("group", name="Below the line")).to_be_visible()
    expect(page.get_by_label("Event type").first).to_have_value("order")
