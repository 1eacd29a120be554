"""Changes while an experiment runs: what they would move is seen first."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
import pytest

from tests.service.dashboard.conftest import Opened
from tests.service.dashboard.experiments import revision, running
from tests.service.dashboard.looking import assert_clean
from tests.service.dashboard.people import Browser, words
from tests.service.previews import all_turns_taken
from tests.service.running import Running

UNITS = 40


def _typed(service: Running, name: str, **other: str) -> dict[str, str]:
    return {
        "revision": revision(service.platform, name),
        "variations[0].weight": "1",
        "variations[1].weight": "1",
        "traffic": "100",
        "takes_new_units": "yes",
        **other,
    }


def _previewed(page: httpx.Response) -> dict[str, str]:
    found = re.search(r'name="previewed" value="([^"]*)"', page.text)
    assert found is not None, words(page)
    return {"previewed": unescape(found[1])}


def _design(service: Running, name: str) -> Any:
    found = service.platform.get_experiment(name)
    assert found is not None
    return found


def test_a_change_is_previewed_and_then_made(service: Running, editor: Browser) -> None:
    running(service.platform, "changed", units=UNITS)
    typed = _typed(service, "changed", **{"variations[1].weight": "3", "traffic": "50"})
    shown = editor.send("/experiments/changed/change", {**typed, "do": "preview"})
    assert shown.status_code == 200
    told = words(shown)
    assert f"{UNITS} units" in told
    assert "Would get another variation, or none 0 units" in told
    assert _design(service, "changed").design.traffic == 100
    made = editor.send("/experiments/changed/change", {**typed, **_previewed(shown)})
    assert made.url.path == "/experiments/changed"
    after = _design(service, "changed")
    assert (after.design.traffic, [each.weight for each in after.variations]) == (50, [1, 3])


def test_of_many_units_it_says_that_it_is_an_estimate_and_how_good(
    service: Running, editor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variate.platform.previewing.LOOKED_AT", 5)
    monkeypatch.setattr("variate.platform.previewing.COUNTED", 8)
    running(service.platform, "many", units=9)
    told = words(editor.send("/experiments/many/change", _typed(service, "many", traffic="0", do="preview")))
    assert "Have an assignment 8 units" in told
    # Of five in five: 0.025 ** (1 / 5) = 47.8 % at least.
    assert "Estimated from 5 units, chosen by chance: 3 to 8 units are drawn otherwise" in told
    assert "Only the newest assignments were counted: older ones are left out." in told


def test_where_too_many_previews_are_being_made_what_was_typed_stays(service: Running, editor: Browser) -> None:
    running(service.platform, "busy", units=3)
    with all_turns_taken(service.platform):
        refused = editor.send("/experiments/busy/change", _typed(service, "busy", traffic="43", do="preview"))
    assert refused.status_code == 429
    assert "Too many previews are being made here: try again" in words(refused)
    assert 'value="43"' in refused.text


def test_other_shares_are_warned_of_and_other_traffic_is_not(service: Running, editor: Browser) -> None:
    running(service.platform, "reweighed", units=3)
    warning = "begin a new version"
    same = {"variations[0].weight": "2", "variations[1].weight": "2", "traffic": "50"}
    other = {"variations[1].weight": "3"}
    for change, is_warned in ((same, False), (other, True)):
        typed = _typed(service, "reweighed", **change, do="preview")
        assert (warning in words(editor.send("/experiments/reweighed/change", typed))) is is_warned


def test_what_was_not_previewed_is_shown_first(service: Running, editor: Browser) -> None:
    running(service.platform, "sneaky", units=3)
    typed = _typed(service, "sneaky", traffic="50")
    shown = editor.send("/experiments/sneaky/change", typed)
    assert "Make this change" in words(shown)
    other = editor.send("/experiments/sneaky/change", {**typed, **_previewed(shown), "traffic": "0"})
    assert "Make this change" in words(other)
    assert 'name="traffic" type="text" value="0"' in other.text
    assert _design(service, "sneaky").design.traffic == 100


def test_the_intake_is_stopped_with_a_change(service: Running, editor: Browser) -> None:
    running(service.platform, "stopped", units=3)
    typed = _typed(service, "stopped")
    del typed["takes_new_units"]
    shown = editor.send("/experiments/stopped/change", typed)
    editor.send("/experiments/stopped/change", {**typed, **_previewed(shown)})
    assert not _design(service, "stopped").design.takes_new_units


def test_what_is_wrong_is_said_beside_its_field(service: Running, editor: Browser) -> None:
    running(service.platform, "wrong")
    for field, value, rule in (
        ("variations[1].weight", "many", "must be a number such as 12.5, not 'many'"),
        ("variations[0].weight", "", "must be given"),
        ("variations[1].weight", "-1", "must be"),
        ("traffic", "101", "must be"),
        ("traffic", "100", "as they stand: change one of them"),
    ):
        refused = editor.send("/experiments/wrong/change", _typed(service, "wrong", **{field: value}))
        assert refused.status_code == 422, field
        anchor = field.replace("[", "-").replace("].", "-")
        said = re.search(f'id="f-{anchor}-wrong">(.*?)</p>', refused.text)
        assert said is not None, (field, words(refused))
        assert rule in unescape(said[1])
        assert f'value="{value}"' in refused.text


def test_a_new_version_is_previewed_and_takes_a_reason(service: Running, editor: Browser) -> None:
    running(service.platform, "anew", units=UNITS)
    shown = editor.send("/experiments/anew/new-version", _typed(service, "anew"))
    told = words(shown)
    moved = re.search(r"Would get another variation, or none (\d+) unit", told)
    assert moved is not None
    assert 0 < int(moved[1]) <= UNITS
    without = editor.send("/experiments/anew/new-version", {**_typed(service, "anew"), **_previewed(shown)})
    assert without.status_code == 422
    assert "Why must be given" in words(without)
    assert _design(service, "anew").version == 1
    sent = _typed(service, "anew", reason="Bots <b>were</b> in it")
    made = editor.send("/experiments/anew/new-version", {**sent, **_previewed(shown)})
    assert "The new version is begun" in words(made)
    assert _design(service, "anew").version == 2
    history = editor.get("/experiments/anew/history")
    assert "reason - Bots <b>were</b> in it" in words(history)
    assert "<b>were" not in history.text


def test_what_does_not_run_is_not_changed(service: Running, editor: Browser) -> None:
    running(service.platform, "ended")
    service.platform.update_experiment_status("ended", "completed")
    for page in ("change", "new-version"):
        assert "this one is completed" in words(editor.get(f"/experiments/ended/{page}"))
    sent = editor.send("/experiments/ended/new-version", _typed(service, "ended", reason="why not"))
    assert sent.status_code == 422
    assert _design(service, "ended").version == 1


@pytest.mark.slow
def test_the_preview_comes_in_place_and_is_clean(service: Running, opened: Opened) -> None:
    running(service.platform, "in-place", units=5)
    page = opened("/experiments/in-place/change")
    page.get_by_label("Traffic in percent").fill("0")
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Make this change").wait_for()
    assert_clean(page)
    page.get_by_role("button", name="Make this change").click()
    page.get_by_text("Saved.").wait_for()
    page.goto("/experiments/in-place/new-version")
    assert_clean(page)
