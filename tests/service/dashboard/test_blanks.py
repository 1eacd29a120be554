"""Blanks: those in what people wrote and typed, which count, and those between the words of a page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from tests.service.dashboard.people import Browser, words
from variate.platform import Platform

NAME = "two  blanks"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def hidden(page: str) -> dict[str, str]:
    """Return the fields of a page that nobody sees."""
    return {name: unescape(value) for name, value in _HIDDEN.findall(page)}


@pytest.fixture(scope="module", autouse=True)
def experiment(platform: Platform) -> None:
    variations = [{"name": "control"}, {"name": NAME}]
    platform.create_experiment("Blanks", variations=variations, experiment_id=NAME, actor="ana")
    platform.update_experiment_status(NAME, "active")


def test_a_change_that_was_previewed_is_the_one_that_is_made(platform: Platform, editor: Browser) -> None:
    path = "/experiments/two%20%20blanks/change"
    weights = {"variations[0].weight": "1", "variations[1].weight": "3"}
    typed = {**weights, "traffic": "100", "takes_new_units": "yes"}
    previewed = editor.send(path, {**typed, "revision": "2"})
    made = editor.send(path, {**typed, **hidden(previewed.text), "csrf_token": editor.token})
    assert "Saved." in words(made)
    found = platform.get_experiment(NAME)
    assert found is not None
    assert [each.weight for each in found.variations] == [1, 3]


def test_what_was_typed_is_sent_once_more_as_it_was(editor: Browser) -> None:
    typed = {"reason": " as  typed \n  below\u202e", "csrf_token": "of another session"}
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    page = editor.client.post("/overrides/new", data=typed, headers=headers)
    assert page.status_code == 403
    assert hidden(page.text)["reason"] == typed["reason"]


def test_an_override_of_what_has_blanks_in_its_id_is_added_and_explained(platform: Platform, editor: Browser) -> None:
    page = editor.get("/overrides/new", params={"experiment_id": NAME})
    given = {**hidden(page.text), "unit": "u", "variation": NAME, "reason": "to look", "lasts": "day"}
    assert "Saved." in words(editor.send("/overrides/new", {**given, "csrf_token": editor.token}))
    override = platform.get_override("u", NAME)
    assert override is not None
    assert override.value == NAME
    asked = {"unit": "u", "attributes": '{"plan": "a  b"}'}
    assert hidden(editor.get("/explain", params=asked).text)["attributes"] == '{"plan": "a  b"}'


def test_an_entry_of_the_audit_log_is_indented(platform: Platform, viewer: Browser) -> None:
    entry = platform.audit_log(entity_id=NAME, action="created")[0]
    page = viewer.get(f"/audit/{entry.id}").text
    assert re.search(r"\n {4,}&#34;name&#34;: &#34;two  blanks&#34;", page)


def test_words_are_apart(platform: Platform, viewer: Browser) -> None:
    platform.create_layer("idle")
    platform.create_audience("idle", condition={"attribute": "plan", "operator": "exists"})
    assert "Nothing uses it that has not ended." in words(viewer.get("/audiences/idle/uses"))
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    platform.create_feature_flag("Timed", flag_id="timed", default="off", starts_at=begin, ends_at=end)
    for page in ("/flags/timed", "/flags/timed/promote"):
        assert "From 2026-01-01 00:00 UTC until 2099-01-01 00:00 UTC" in words(viewer.get(page))
    for number in (1, 2):
        platform.create_feature_flag(f"Alike {number}", flag_id=f"alike-{number}", default="off")
    assert re.search(r"Did you mean Alike \d , Alike \d \?", words(viewer.get("/explain?unit=u&flag_id=alike")))
