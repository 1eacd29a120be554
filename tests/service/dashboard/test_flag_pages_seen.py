"""The pages of flags in a browser: clean in both themes, as wide as a phone, with scripts and without."""

from __future__ import annotations

import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from tests.service.running import Running
from variate.platform import Platform

GERMANS = {"attribute": "country", "operator": "in", "value": ["DE", "AT"]}


@pytest.fixture(scope="module")
def platform(service: Running) -> Platform:
    """A platform with a flag that has some of everything."""
    platform = service.platform
    platform.create_experiment("Prices", variations=[{"name": "on"}, {"name": "off"}], experiment_id="prices")
    platform.create_feature_flag(
        "New checkout",
        flag_id="checkout",
        description="The checkout of this year.\nIt goes when all have it.",
        status="active",
        variations=[{"name": "on", "value": {"steps": 2}}, {"name": "off", "value": {}, "description": "as it was"}],
        schema={"type": "object"},
        rules=[
            {"name": "germans", "condition": GERMANS, "serve": "on"},
            {"name": "test", "serve": {"experiment": "prices"}},
            {"name": "wave", "condition": {"not": {"any": [GERMANS]}}, "serve": {"rollout": {"on": 20, "off": 80}}},
        ],
        default="off",
        off="off",
        owner="ana",
        tags=["shop", "2026"],
        environments={"prod": {"enabled": False, "starts_at": "2030-01-01T00:00:00Z"}},
    )
    platform.create_feature_flag("Banner", flag_id="banner", rules={"min_age": 18})
    platform.create_flag_override("user-9", "checkout", "on", reason="a tester")
    return platform


PATHS = (
    "/flags",
    "/flags?show=stale",
    "/flags/new",
    "/flags/checkout",
    "/flags/checkout/edit",
    "/flags/checkout/rules",
    "/flags/checkout/environments/prod",
    "/flags/checkout/promote?source=dev&target=prod",
    "/flags/checkout/off",
    "/flags/checkout/on",
    "/flags/checkout/archive",
    "/flags/checkout/history",
    "/flags/banner",
    "/flags/banner/edit",
)


@pytest.mark.slow
def test_every_page_is_clean(platform: Platform, opened: Opened) -> None:
    page = opened("/flags")
    for path in PATHS:
        page.goto(path)
        assert_clean(page)


def test_rules_are_built_in_place(platform: Platform, opened: Opened) -> None:
    page = opened("/flags/checkout/rules")
    assert page.get_by_label("Id of the experiment").count() == 3
    assert page.get_by_label("Id of the experiment").first.is_hidden(), "what is of another choice is not there to see"
    page.get_by_role("button", name="Add a rule").click()
    fourth = page.get_by_role("group", name="Rule 4", exact=True)
    fourth.get_by_label("Name").fill("last")
    fourth.get_by_role("button", name="Add an attribute").click()
    added = page.get_by_role("group", name="Rule 4: last", exact=True)
    added.get_by_label("Attribute", exact=True).fill("plan")
    added.get_by_label("Value", exact=True).fill("pro")
    added.get_by_label("shares of several").check()
    added.get_by_role("textbox", name="on", exact=True).fill("30")
    added.get_by_role("textbox", name="off", exact=True).fill("70")
    for place in (3, 2, 1):
        page.get_by_role("button", name=f"Move rule {place + 1} up").click()
        page.get_by_role("group", name=f"Rule {place}: last", exact=True).wait_for()
        assert page.locator("button:focus").get_attribute("aria-label") == f"Move rule {place} up"
    trying = page.get_by_role("group", name="Try it out as it is typed")
    trying.get_by_label("Attributes").fill('{"plan": "pro"}')
    trying.get_by_label("Unit").fill("u-1")
    trying.get_by_label("Unit").press("Enter")
    said = trying.get_by_role("status").inner_text()
    assert "because the draw by weights gives it (rule “last”)" in said
    before = platform.get_feature_flag("checkout")
    assert before is not None
    assert before.revision == 1, "Enter saves nothing"
    assert_clean(page)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/flags/checkout?done=saved")
    flag = platform.get_feature_flag("checkout")
    assert flag is not None
    assert [rule["name"] for rule in flag.rules.value] == ["last", "germans", "test", "wave"]
    assert flag.rules.value[0]["serve"] == {"rollout": [["on", 30], ["off", 70]]}


def test_what_is_wrong_stands_above_a_form_that_goes_on_in_place(platform: Platform, opened: Opened) -> None:
    page = opened("/flags/checkout/rules")
    trying = page.get_by_role("group", name="Try it out as it is typed")
    trying.get_by_label("Unit").fill("u-1")
    trying.get_by_label("Attributes").fill("{")
    trying.get_by_role("button", name="Try it out").click()
    page.get_by_role("alert").get_by_role("link", name="Attributes").wait_for()
    trying.get_by_label("Attributes").fill("{}")
    trying.get_by_role("button", name="Try it out").click()
    trying.get_by_role("status").wait_for()
    assert page.get_by_role("alert").count() == 0


def test_a_flag_is_made_and_switched_off_without_scripts(platform: Platform, opened: Opened) -> None:
    page = opened("/flags/new", java_script_enabled=False)
    page.get_by_label("Name", exact=True).fill("Dark mode")
    page.get_by_label("Id", exact=False).first.fill("dark-mode")
    assert page.get_by_label("JSON schema").is_hidden()
    page.get_by_label("Type of its values").select_option("json")
    assert page.get_by_label("JSON schema").is_visible()
    page.get_by_label("Type of its values").select_option("boolean")
    page.get_by_label("Switch it on at once").check()
    page.get_by_role("button", name="Create the flag").click()
    page.get_by_role("link", name="Edit prod").click()
    page.get_by_label("of its own").check()
    page.get_by_role("button", name="Add a rule").click()
    assert page.get_by_label("of its own").is_checked()
    page.get_by_role("group", name="Rule 1 serves").get_by_label("Variation", exact=True).select_option("on")
    page.get_by_role("button", name="Save").click()
    assert "rule 1: everybody → on" in page.get_by_role("listitem").filter(has_text="prod").first.inner_text()
    page.get_by_role("link", name="Switch off in prod").click()
    assert page.get_by_label("In prod only").is_checked()
    page.get_by_role("button", name="Switch off").click()
    assert platform.evaluate_flag("u", "dark-mode").value is False
    flag = platform.get_feature_flag("dark-mode")
    assert flag is not None
    assert flag.targeting is not None
    assert flag.targeting.value["environments"]["prod"]["enabled"] is False
