"""Overrides: forced with a reason and an end, listed with who made them, removed after a look."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, words
from tests.service.definitions import define_experiment, define_flag
from tests.service.running import Running
from variate.model import Override
from variate.platform import Platform

MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module", autouse=True)
def defined(service: Running) -> Platform:
    define_experiment(service.platform, "prices")
    define_flag(service.platform, "banner")
    service.platform.create_feature_flag("free", flag_id="free", rules=[{"country": "NL"}])
    return service.platform


def forced(browser: Browser, unit: str, **other: str) -> httpx.Response:
    """Send the form that forces a variation."""
    fields = {"unit": unit, "variation": "treatment", "reason": "a look", "lasts": "week", **other}
    if "flag_id" not in fields:
        fields.setdefault("experiment_id", "prices")
    return browser.send("/overrides/new", fields)


def test_a_variation_of_an_experiment_is_forced_from_link_to_list(editor: Browser, defined: Platform) -> None:
    first = editor.get("/overrides/new", params={"unit": "u-1"})
    assert "Of what?" in words(first)
    form = editor.get("/overrides/new", params={"unit": "u-1", "experiment_id": "prices"})
    assert re.findall(r'<option value="(\w+)"( selected)?', form.text)[:2] == [("control", ""), ("treatment", "")]
    assert '<option value="week" selected>' in form.text
    page = forced(editor, "u-1")
    assert (page.status_code, page.url.path, page.url.params["unit"]) == (200, "/overrides", "u-1")
    assert "Saved." in words(page)
    assert "treatment a look person:editor@example.com" in words(page)
    made = override_of(defined, "u-1")
    assert made.expires_at is not None
    assert timedelta(days=7) <= made.expires_at - made.created_at <= timedelta(days=7, seconds=1)


def test_a_flag_is_forced_until_a_moment_or_without_end(editor: Browser, defined: Platform) -> None:
    ends = (datetime.now(UTC) + timedelta(days=2)).replace(microsecond=0, second=0)
    typed = ends.strftime("%Y-%m-%dT%H:%M")
    page = forced(editor, "u-2", flag_id="banner", variation="other", lasts="moment", expires_at=typed)
    assert page.status_code == 200
    made = defined.get_flag_override("u-2", "banner")
    assert made is not None
    assert (made.value, made.expires_at) == ("other", ends)
    forced(editor, "u-2", flag_id="banner", variation="chosen", lasts="never")
    again = defined.get_flag_override("u-2", "banner")
    assert again is not None
    assert (again.value, again.expires_at) == ("chosen", None)


def test_what_stands_is_shown_before_it_is_replaced(editor: Browser, defined: Platform) -> None:
    forced(editor, "u-3", reason="the first one")
    page = editor.get("/overrides/new", params={"unit": "u-3", "experiment_id": "prices"})
    assert "treatment is forced for u-3 now, by person:editor@example.com, until" in words(page)
    assert "the first one" in words(page)
    assert '<option value="treatment" selected>' in page.text


@pytest.mark.parametrize(
    ("given", "field", "rule"),
    [
        ({"reason": " "}, "reason", "must be given, for whoever wonders later"),
        ({"variation": "red"}, "variation", "must be one of control, treatment, not 'red'"),
        ({"unit": ""}, "unit", "must not be empty"),
        ({"lasts": "moment"}, "expires_at", "must be a moment to come, in UTC"),
        ({"lasts": "moment", "expires_at": "2001-01-01T00:00"}, "expires_at", "must be a moment to come, in UTC"),
        ({"expires_at": "2991-01-01T00:00"}, "expires_at", "must be empty unless"),
        ({"expires_at": "soon"}, "expires_at", "must be a moment such as"),
        ({"lasts": "year"}, "lasts", "must be one of hour, day, week, month, moment, never"),
        ({"experiment_id": "none such"}, "experiment_id", "must be of an experiment, not 'none such'"),
        ({"experiment_id": "", "flag_id": "free"}, "flag_id", "is of a flag with free-form rules"),
        ({"flag_id": "banner"}, "flag_id", "must be empty where an experiment is given"),
        ({"experiment_id": ""}, "experiment_id", "must be given, or a flag"),
    ],
)
def test_what_is_refused_is_said_beside_what_was_typed(
    editor: Browser, given: dict[str, str], field: str, rule: str
) -> None:
    fields = {"unit": "u-4", "experiment_id": "prices", "variation": "treatment", "reason": "typed", "lasts": "week"}
    page = editor.send("/overrides/new", fields | given)
    assert page.status_code == 422
    assert f'<p class="wrong" id="f-{field}-wrong">' in page.text
    assert rule in words(page)
    assert (fields | given)["unit"] in page.text
    if "experiment_id" not in given and "flag_id" not in given and "reason" not in given:
        assert ">\ntyped</textarea>" in page.text


def test_an_override_is_removed_after_a_look(editor: Browser, defined: Platform) -> None:
    forced(editor, "u-5")
    page = editor.get("/overrides", params={"unit": "u-5"})
    confirm = editor.get(unescape(re.findall(r'href="(/overrides/remove[^"]+)"', page.text)[0]))
    assert "Remove this override?" in words(confirm)
    assert override_of(defined, "u-5") is not None
    fields = dict(re.findall(r'name="(unit|experiment_id)" value="([^"]+)"', confirm.text))
    assert fields == {"unit": "u-5", "experiment_id": "prices"}
    assert "Removed." in words(editor.send("/overrides/remove", fields))
    assert defined.get_override("u-5", "prices") is None
    entry = defined.audit_log(action="override_removed", limit=1)[0]
    assert entry.actor == "person:editor@example.com"
    assert editor.send("/overrides/remove", fields).status_code == 404
    assert editor.get("/overrides/remove", params=fields).status_code == 404


def test_overrides_are_listed_by_kind_by_what_they_are_of_and_by_unit(editor: Browser, defined: Platform) -> None:
    for unit in ("list-1", "list-2"):
        forced(editor, unit, reason=f"of {unit}")
    forced(editor, "list-1", flag_id="banner", variation="other", reason="of the banner")

    def listed(**asked: str) -> set[str]:
        read = words(editor.get("/overrides", params=asked))
        return {name for name in ("of list-1", "of list-2", "of the banner") if name in read}

    assert listed() == {"of list-1", "of list-2", "of the banner"}
    assert listed(type="experiment") == {"of list-1", "of list-2"}
    assert listed(type="flag") == {"of the banner"}
    assert listed(unit="list-1") == {"of list-1", "of the banner"}
    assert listed(unit="list-1", experiment_id="prices") == {"of list-1"}
    assert listed(unit="list-2", flag_id="banner") == set()
    assert listed(experiment_id="prices") == {"of list-1", "of list-2"}
    assert listed(flag_id="banner") == {"of the banner"}
    refused = editor.get("/overrides", params={"type": "metric"})
    assert (refused.status_code, "must be one of experiment, flag" in words(refused)) == (422, True)
    both = editor.get("/overrides", params={"experiment_id": "prices", "flag_id": "banner"})
    assert (both.status_code, 'value="banner"' in both.text) == (422, True)


def test_without_a_filter_each_kind_goes_on_by_itself(viewer: Browser, defined: Platform) -> None:
    define_flag(defined, "on-and-on")
    for number in range(27):
        defined.create_flag_override(f"o-{number:02}", "on-and-on", "other", reason="many")
    page = viewer.get("/overrides")
    assert "Overrides in force in experiments" in words(page)
    assert "Overrides in force in flags" in words(page)
    onward = [unescape(path) for path, kind in re.findall(r'href="([^"]+)" rel="next">More in (\w+)<', page.text)]
    assert len(onward) == 1, "experiments have no more"
    following = viewer.get(onward[0])
    assert "Overrides in force in flags" in words(following)
    assert "in experiments" not in words(following).partition("Filter")[2]
    shown = set(re.findall(r">(o-\d\d)</a>", page.text + following.text))
    assert len(shown) == 27


def test_many_are_shown_a_page_at_a_time(viewer: Browser, defined: Platform) -> None:
    define_flag(defined, "many")
    for number in range(27):
        defined.create_flag_override(f"m-{number:02}", "many", "other", reason="many")
    page = viewer.get("/overrides", params={"flag_id": "many"})
    assert (page.text.count("<tr><th"), "m-24" in page.text, "m-25" in page.text) == (25, True, False)
    following = unescape(re.findall(r'href="([^"]+)" rel="next"', page.text)[0])
    page = viewer.get(following)
    assert (page.text.count("<tr><th"), "m-26" in page.text) == (2, True)
    assert 'rel="next"' not in page.text


def test_who_only_looks_is_offered_no_change_and_let_in_to_none(viewer: Browser, defined: Platform) -> None:
    defined.create_override("u-6", "prices", "control", reason="a look")
    page = viewer.get("/overrides", params={"unit": "u-6"})
    assert "a look" in words(page)
    assert "/overrides/new" not in page.text
    assert "/overrides/remove" not in page.text
    assert viewer.get("/overrides/new").status_code == 403
    assert forced(viewer, "u-6").status_code == 403
    fields = {"unit": "u-6", "experiment_id": "prices"}
    assert viewer.get("/overrides/remove", params=fields).status_code == 403
    assert viewer.send("/overrides/remove", fields).status_code == 403
    assert override_of(defined, "u-6").value == "control"


def test_a_form_without_the_token_changes_nothing(editor: Browser, defined: Platform) -> None:
    fields = {"unit": "u-7", "experiment_id": "prices", "variation": "control", "reason": "r", "lasts": "day"}
    assert editor.send("/overrides/new", fields | {"csrf_token": "another"}).status_code == 403
    assert defined.get_override("u-7", "prices") is None
    defined.create_override("u-7", "prices", "control")
    assert editor.send("/overrides/remove", fields | {"csrf_token": ""}).status_code == 403
    assert override_of(defined, "u-7").value == "control"


def test_what_people_wrote_is_text(editor: Browser, defined: Platform) -> None:
    defined.create_experiment(MARKUP, experiment_id=MARKUP, variations=[{"name": MARKUP}, {"name": "b"}])
    asked = {"unit": MARKUP, "experiment_id": MARKUP}
    pages = [
        editor.get("/overrides/new", params=asked),
        forced(editor, experiment_id=MARKUP, variation=MARKUP, reason=MARKUP, unit=MARKUP),
        editor.get("/overrides/new", params=asked),
        editor.get("/overrides/remove", params=asked),
        editor.get("/overrides", params={"experiment_id": MARKUP}),
    ]
    assert [page.status_code for page in pages] == [200] * len(pages)
    assert [MARKUP in page.text for page in pages] == [False] * len(pages)
    assert [MARKUP in words(page) for page in pages] == [True] * len(pages)


@pytest.mark.slow
def test_forcing_in_a_browser(opened: Opened) -> None:
    page = opened("/overrides")
    assert_clean(page)
    page.get_by_role("link", name="Force a variation").click()
    assert_clean(page)
    page.get_by_label("Unit").fill("u-8")
    page.get_by_label("Experiment").fill("prices")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Why").fill("to see it")
    assert_clean(page)
    page.get_by_role("button", name="Force it").click()
    page.wait_for_url("**/overrides?unit=u-8&done=saved")
    assert_clean(page)
    page.get_by_role("link", name="Remove what is forced for u-8 in prices").click()
    assert_clean(page)
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_url("**/overrides?done=removed")


def override_of(platform: Platform, unit: str) -> Override:
    """Return the unit's override on the experiment."""
    found = platform.get_override(unit, "prices")
    assert found is not None
    return found
