"""Flags: found, looked at side by side, switched off and on, compared, promoted, and told of in their history."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from tests.service.dashboard.people import Browser, words
from variate.model import FeatureFlag
from variate.platform import Platform

GERMANS = {"attribute": "country", "operator": "equals", "value": "DE"}
_numbers = count(1)


@pytest.fixture
def flag_id(platform: Platform) -> str:
    """A flag that is on, for Germans, and for a fifth of all others in prod."""
    made = f"flag-{next(_numbers)}"
    platform.create_feature_flag(
        f"Checkout {made}",
        flag_id=made,
        status="active",
        type="boolean",
        rules=[{"name": "germans", "condition": GERMANS, "serve": "on"}],
        default="off",
        owner="ana",
        tags=["shop"],
        environments={"prod": {"default": {"rollout": {"on": 20, "off": 80}}}},
    )
    return made


def stored(platform: Platform, flag_id: str) -> FeatureFlag:
    flag = platform.get_feature_flag(flag_id)
    assert flag is not None
    return flag


def states(platform: Platform, flag_id: str) -> dict[str, Any]:
    kept = stored(platform, flag_id).targeting
    assert kept is not None
    return dict(kept.value["environments"])


def test_the_list_says_what_each_flag_is_and_is_filtered(platform: Platform, viewer: Browser, flag_id: str) -> None:
    platform.create_feature_flag("Banner", flag_id="banner", rules={"min_age": 18})
    page = viewer.get("/flags")
    said = words(page)
    assert f"Checkout {flag_id} {flag_id} ● on boolean ana shop" in said
    assert "Banner banner ○ off free-form" in said
    for asked, is_there in [("text=BANN", True), ("owner=ana", False), ("tag=shop", False), ("status=active", False)]:
        assert ("/flags/banner" in viewer.get(f"/flags?{asked}").text) is is_there
    assert "No flag is of this kind." in words(viewer.get("/flags?owner=nobody"))


def test_environments_stand_side_by_side(viewer: Browser, flag_id: str) -> None:
    said = words(viewer.get(f"/flags/{flag_id}"))
    assert said.count('germans : country equals "DE" → on') == 2
    assert "Else: off While off: off false All as in the flag itself." in said
    assert "Else: rollout: on 20, off 80 While off: off false Otherwise than in the flag: default." in said
    assert "in force in dev" in said


def test_what_two_environments_differ_in_is_shown_before_it_is_promoted(
    platform: Platform, editor: Browser, flag_id: str
) -> None:
    path = f"/flags/{flag_id}/promote"
    page = editor.get(f"{path}?source=prod&target=dev")
    assert "this would change in dev" in words(page)
    assert "default off" in words(page)
    revision = stored(platform, flag_id).revision
    platform.update_feature_flag(flag_id, description="meanwhile")
    form = {"source": "prod", "target": "dev", "revision": str(revision)}
    assert editor.send(path, form).status_code == 409
    assert states(platform, flag_id).keys() == {"prod"}
    done = editor.send(path, {**form, "revision": str(revision + 1)})
    assert "Saved." in words(done)
    kept = states(platform, flag_id)
    assert kept["dev"] == kept["prod"]
    assert "Nothing differs." in words(editor.get(f"{path}?source=prod&target=dev"))


def test_who_only_looks_compares_and_changes_nothing(platform: Platform, viewer: Browser, flag_id: str) -> None:
    page = viewer.get(f"/flags/{flag_id}/promote?source=prod&target=dev")
    assert "this would change in dev" in words(page)
    assert "<button>Show what differs</button>" in page.text
    assert "Promote:" not in page.text
    sent = viewer.send(f"/flags/{flag_id}/promote", {"source": "prod", "target": "dev"})
    assert sent.status_code == 403
    assert viewer.get("/flags/new").status_code == 403
    assert viewer.send("/flags/new", {"name": "Mine"}).status_code == 403
    for page in (viewer.get("/flags"), viewer.get(f"/flags/{flag_id}"), viewer.get(f"/flags/{flag_id}/history")):
        assert f"/flags/{flag_id}/off" not in page.text
        assert f"/flags/{flag_id}/edit" not in page.text


@pytest.mark.parametrize("asked", ["source=prod&target=moon", "source=<script>&target=dev"])
def test_an_environment_that_is_none_is_refused(viewer: Browser, flag_id: str, asked: str) -> None:
    page = viewer.get(f"/flags/{flag_id}/promote?{asked}")
    assert page.status_code == 422
    assert "must be among dev, prod" in words(page)


def test_the_kill_switch_says_what_everybody_gets_and_asks_where(
    platform: Platform, editor: Browser, flag_id: str
) -> None:
    page = editor.get(f"/flags/{flag_id}/off?environment=prod")
    assert "prod ● on off false" in words(page)
    assert 'value="prod" checked' in page.text
    editor.send(f"/flags/{flag_id}/off", {"environment": "prod"})
    assert states(platform, flag_id)["prod"]["enabled"] is False
    assert stored(platform, flag_id).status == "active"
    editor.send(f"/flags/{flag_id}/off", {"environment": ""})
    assert stored(platform, flag_id).status == "inactive"
    assert platform.evaluate_flag("u", flag_id, {"country": "DE"}).reason == "off"


def test_a_flag_that_changed_meanwhile_is_switched_off_but_not_on(
    platform: Platform, editor: Browser, flag_id: str
) -> None:
    platform.update_feature_flag(flag_id, description="meanwhile")
    editor.send(f"/flags/{flag_id}/off", {"environment": "", "revision": "1"})
    assert stored(platform, flag_id).status == "inactive"
    assert editor.send(f"/flags/{flag_id}/on", {"environment": "", "revision": "1"}).status_code == 409
    editor.send(f"/flags/{flag_id}/on", {"environment": "", "revision": "3"})
    assert stored(platform, flag_id).status == "active"


def test_an_archived_flag_comes_back_off_and_is_not_brought_back_by_the_kill_switch(
    platform: Platform, editor: Browser, flag_id: str
) -> None:
    editor.send(f"/flags/{flag_id}/archive", {"revision": "1"})
    assert stored(platform, flag_id).status == "archived"
    editor.send(f"/flags/{flag_id}/off", {"environment": ""})
    assert stored(platform, flag_id).status == "archived"
    editor.send(f"/flags/{flag_id}/restore", {"revision": "2"})
    assert stored(platform, flag_id).status == "inactive"


def test_what_is_no_place_to_switch_is_refused_at_the_form(editor: Browser, flag_id: str) -> None:
    page = editor.send(f"/flags/{flag_id}/off", {"environment": "moon"})
    assert page.status_code == 422
    assert "must be one in which the flag can be switched alone" in words(page)


def test_the_history_tells_each_change_field_by_field(platform: Platform, viewer: Browser, flag_id: str) -> None:
    platform.update_feature_flag(flag_id, description="the new one", actor="person:ana")
    platform.update_feature_flag_status(flag_id, "inactive")
    said = words(viewer.get(f"/flags/{flag_id}/history"))
    assert said.index("Switched by") < said.index("Changed by person:ana") < said.index("Created by")
    assert "description Before" not in said
    assert "the new one" in said


def test_overrides_are_told_in_short(platform: Platform, viewer: Browser, flag_id: str) -> None:
    assert "Nobody is forced" in words(viewer.get(f"/flags/{flag_id}"))
    platform.create_flag_override("user-9", flag_id, "on", reason="a tester")
    page = viewer.get(f"/flags/{flag_id}")
    assert "user-9 gets on: a tester, until" in words(page)
    assert f"/overrides?flag_id={flag_id}" in page.text


def test_what_people_wrote_is_text_on_every_page(platform: Platform, editor: Browser) -> None:
    evil = '"><script>alert(1)</script>'
    made = platform.create_feature_flag(
        evil,
        flag_id='"><img onerror=alert(1)>',
        description=evil,
        status="active",
        variations=[{"name": evil, "value": evil, "description": evil}],
        rules=[{"name": evil, "condition": {"attribute": "a", "operator": "equals", "value": evil}, "serve": evil}],
        default=evil,
        off=evil,
        owner=evil,
        tags=[evil],
    )
    platform.create_flag_override(evil, made.id, evil, reason=evil)
    at = "/flags/%22%3E%3Cimg%20onerror=alert(1)%3E"
    for path in ("", "/edit", "/rules", "/environments/prod", "/history", "/off", "/on", "/archive", "/promote"):
        page = editor.get(at + path)
        assert page.status_code == 200, path
        assert "<script>alert" not in page.text, path
        assert "<img" not in page.text, path
    assert "<script>alert" not in editor.get("/flags").text
    platform.archive_feature_flag(made.id)
