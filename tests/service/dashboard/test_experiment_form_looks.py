"""The form and the list of experiments in Chromium: clean in both themes and on a phone, and better with scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Route, expect

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from tests.service.running import Running


def test_the_form_goes_on_in_place_with_the_calculators_plan(service: Running, opened: Opened) -> None:
    service.platform.create_metric("sign-ups", kind="proportion", measure={"event_type": "sign-up"})
    service.platform.create_holdout("long-term", percentage=5)
    page = opened("/experiments/new")
    assert_clean(page)
    page.get_by_label("Name", exact=True).first.fill("Short form")
    page.get_by_label("Hypothesis").fill("Fewer fields, more sign-ups")
    page.get_by_label("Weight").nth(0).fill("1")
    page.get_by_label("Weight").nth(1).fill("3")
    expect(page.locator("[data-share]").nth(1)).to_have_text("75.00 %")
    page.get_by_role("button", name="Add a variation").click()
    third = page.get_by_role("group", name="Variation 3")
    expect(third.get_by_label("Name")).to_be_focused()
    third.get_by_label("Name").fill("none")
    third.get_by_label("Weight").fill("4")
    expect(page.locator("[data-share]").nth(1)).to_have_text("37.50 %")
    page.get_by_role("group", name="Metric 1").get_by_label("Metric").fill("sign-ups")
    page.get_by_label("Baseline: what it is today").fill("10")
    page.get_by_label("Smallest effect to tell").fill("10")
    page.get_by_label("Units a day").fill("5000")
    page.get_by_role("button", name="Reckon").click()
    expect(page.get_by_role("heading", name="What it takes")).to_be_visible()
    assert_clean(page)
    page.get_by_role("button", name="Use this plan").click()
    expect(page.get_by_label("Units in all variations")).not_to_have_value("")
    expect(page.get_by_label("Hypothesis")).to_have_value("Fewer fields, more sign-ups")
    expect(page.get_by_label("Ends (UTC)")).not_to_have_value("")
    page.get_by_role("button", name="Create the draft").last.click()
    page.wait_for_url("**/experiments/*?done=created")
    (made,) = service.platform.list_experiments(text="Short form")
    assert [each.weight for each in made.variations] == [1, 3, 4]
    assert made.design.plan.units is not None
    assert made.design.ends_at is not None


def test_what_is_typed_and_opened_while_a_row_comes_is_kept(opened: Opened) -> None:
    page = opened("/experiments/new")
    page.locator("summary", has_text="For engineers").click()
    hypothesis = page.get_by_label("Hypothesis")

    def type_first(route: Route) -> None:
        hypothesis.press_sequentially("Typed meanwhile")
        route.continue_()

    page.route("**/experiments/new", type_first)
    page.get_by_role("button", name="Add a metric").click()
    expect(page.get_by_role("group", name="Metric 2")).to_be_visible()
    expect(hypothesis).to_have_value("Typed meanwhile")
    expect(hypothesis).to_be_focused()
    expect(page.get_by_label("Id (optional)", exact=True)).to_be_visible()


def test_the_focus_stays_where_a_row_was_removed(opened: Opened) -> None:
    page = opened("/experiments/new")
    page.get_by_role("button", name="Add a metric").click()
    page.get_by_role("button", name="Remove metric 2").press("Enter")
    expect(page.get_by_role("group", name="Metric 2")).to_have_count(0)
    expect(page.get_by_role("button", name="Add a metric")).to_be_focused()


def test_a_row_of_who_is_signed_out_meanwhile_says_so_on_a_page(opened: Opened) -> None:
    page = opened("/experiments/new")
    page.get_by_label("Hypothesis").fill("Kept")
    page.context.clear_cookies()
    page.get_by_role("button", name="Add a metric").click()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    expect(page.get_by_text("Kept", exact=True)).to_be_visible()


@pytest.mark.slow
def test_a_refusal_and_a_running_experiment_are_clean(service: Running, opened: Opened) -> None:
    page = opened("/experiments/new")
    page.get_by_label("Name", exact=True).first.fill("Refused")
    page.get_by_label("Traffic in percent").fill("200")
    page.get_by_role("button", name="Create the draft").click()
    expect(page.get_by_role("alert")).to_be_focused()
    assert_clean(page)


def test_a_preview_is_shown_in_place(service: Running, opened: Opened) -> None:
    variations = [{"name": "a"}, {"name": "b"}]
    service.platform.create_experiment("Runs", experiment_id="runs", variations=variations, metrics=[])
    service.platform.update_experiment_status("runs", "active")
    page = opened("/experiments/runs/edit")
    assert_clean(page)
    page.get_by_label("Traffic in percent").fill("20")
    page.get_by_role("button", name="Preview what this would move").click()
    expect(page.get_by_role("heading", name="What this change would move")).to_be_visible()
    expect(page.get_by_label("Traffic in percent")).to_have_value("20")
    assert_clean(page)
    page.goto("/experiments/runs/redesign")
    assert_clean(page)
    page.goto("/experiments")
    assert_clean(page)
    page.goto("/experiments?text=nothing-of-the-kind")
    assert_clean(page)
