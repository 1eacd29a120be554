"""The condition builder on a page: counted without scripts by its button, and with them while somebody types."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, words
from tests.service.running import Running
from tests.unit.server.filling import fields_of

GROUP = {
    "any": [
        {"attribute": "plan", "operator": "in", "value": ["pro", "team"]},
        {"all": [{"attribute": "since", "operator": "after", "value": "2026-01-31T09:30:00Z"}, {"audience": "staff"}]},
        {"percentage": 20, "salt": "wave-1"},
    ]
}


@pytest.fixture(scope="module", autouse=True)
def exposures(service: Running) -> None:
    """Four units that met a variation just now."""
    platform = service.platform
    platform.create_audience("staff", condition={"attribute": "plan", "operator": "equals", "value": "staff"})
    platform.create_audience("grouped", condition=GROUP)
    platform.create_audience("deep", condition={"not": {"not": {"not": {"attribute": "a", "operator": "exists"}}}})
    for place, plan in enumerate(("pro", "pro", "free", "staff")):
        platform.record_exposure(f"u{place}", "e", "a", dimensions={"plan": plan})


def typed(page: str, **changed: str) -> dict[str, str]:
    return dict(fields_of(page)) | changed


def test_the_button_counts_the_units_that_met_a_variation_lately(editor: Browser) -> None:
    fields = {
        "condition.items[0]": "comparison",
        "condition.items[0].attribute": "plan",
        "condition.items[0].operator": "equals",
        "condition.items[0].value": "pro",
    }
    page = editor.send("/audiences/new", {**fields, "id": "kept", "do": "show:condition.count"})
    assert page.status_code == 200
    assert "2 of 4 units of the last 7 days match (50 %)" in words(page)
    assert "This is a sample" in words(page)
    assert '<option value="plan">' in page.text
    assert typed(page.text).items() >= {**fields, "id": "kept"}.items()
    fields["condition.items[0].value"] = ""
    page = editor.send("/audiences/new", {**fields, "do": "show:condition.count"})
    assert "Complete the rows" in words(page)
    assert "must be given" not in words(page), "nothing was sent yet"


def test_a_pasted_sample_is_counted_instead(editor: Browser) -> None:
    page = editor.get("/audiences/grouped").text
    fields = typed(page) | {"condition.sample": "plan\npro\nfree\nteam\n", "do": "show:condition.count"}
    assert "3 units that you pasted match" in words(editor.send("/audiences/grouped", fields))
    fields["condition.sample"] = '{"plan": }'
    assert "The sample: line 1 must be JSON" in words(editor.send("/audiences/grouped", fields))


def test_the_builder_alone_is_for_who_may_change(editor: Browser, viewer: Browser) -> None:
    path = "/conditions/builder?prefix=when"
    sent = {"when.items[0]": "comparison", "when.items[0].operator": "in", "do": "show:when.count"}
    found = editor.send(path, sent)
    assert 'name="when.items[0].value" rows' in found.text
    assert viewer.send(path, sent).status_code == 403


def test_with_scripts_the_fields_follow_the_operator_and_the_count_what_is_typed(opened: Opened) -> None:
    page = opened("/audiences/new")
    page.get_by_label("Id", exact=True).fill("typed")
    page.get_by_role("button", name="Add an attribute").click()
    expect(page.get_by_label("Attribute", exact=True)).to_be_focused()
    expect(page.get_by_role("button", name="Count the units")).to_be_hidden()
    page.get_by_label("Attribute", exact=True).fill("plan")
    page.get_by_label("Comparison").focus()
    page.get_by_label("Comparison").select_option("in")
    values = page.get_by_label("Values")
    expect(values).to_be_visible()
    expect(page.get_by_label("Comparison")).to_be_focused()
    values.fill("pro\nstaff")
    expect(page.get_by_role("status")).to_contain_text("3 of 4 units of the last 7 days match (75 %)")
    assert_clean(page)
    page.get_by_role("button", name="Edit as JSON").click()
    expect(page.get_by_label("Condition as JSON")).to_have_value(
        '{\n "attribute": "plan",\n "operator": "in",\n "value": [\n  "pro",\n  "staff"\n ]\n}'
    )
    page.get_by_role("button", name="Create the audience").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("typed")


def rows_of(page: Page) -> list[str]:
    return [str(row.get_attribute("aria-label")) for row in page.locator(".condition").all()]


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/audiences/grouped", "/audiences/deep", "/audiences", "/audiences/staff/uses"])
def test_pages_of_audiences_are_clean(path: str, opened: Opened) -> None:
    assert_clean(opened(path))


def test_what_is_saved_unchanged_in_a_browser_stays_what_it_was(opened: Opened, service: Running) -> None:
    before = service.platform.get_audience("grouped")
    page = opened("/audiences/grouped")
    assert rows_of(page) == ["Row 1", "Row 1 of the group", "Row 2 of the group", "Row 3"]
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert service.platform.get_audience("grouped") == before


def test_without_scripts_rows_are_made_by_buttons(opened: Opened, service: Running) -> None:
    page = opened("/audiences/new", java_script_enabled=False)
    page.get_by_label("Id", exact=True).fill("plain")
    page.get_by_role("button", name="Add an attribute").click()
    page.get_by_label("Attribute", exact=True).fill("since")
    page.get_by_label("Comparison").select_option("after")
    page.get_by_role("button", name="Show its fields").click()
    page.get_by_label("Time (UTC)").fill("2026-01-31T09:30")
    page.get_by_role("button", name="Count the units").click()
    expect(page.get_by_text("0 of 4 units")).to_be_visible()
    page.get_by_role("button", name="Create the audience").click()
    made = service.platform.get_audience("plain")
    assert made is not None
    assert getattr(made.condition, "value", None) == "2026-01-31T09:30:00Z"


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    ["/metric-catalog", "/metric-catalog/new?kind=mean", "/metric-catalog/m", "/layers/l", "/layers", "/holdouts/h"],
)
def test_pages_of_what_experiments_are_made_with_are_clean(path: str, opened: Opened, service: Running) -> None:
    platform = service.platform
    if platform.get_layer("l") is None:
        platform.create_metric("m", kind="funnel", steps=["a", "b"])
        platform.create_layer("l")
        platform.create_holdout("h", percentage=2.5)
        platform.create_experiment(
            "Held", variations=[{"name": "a"}, {"name": "b"}], layer="l", layer_range=(10.0, 40.0)
        )
    assert_clean(opened(path))
