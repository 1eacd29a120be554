"""The form of a flag: typed values, free-form rules, what cannot be read, and what is refused as it was typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from tests.service.dashboard.people import Browser, words
from variate.model import FeatureFlag, FlagStatus
from variate.platform import Platform
from variate.testing.builders import build_audit_entry, build_flag

UNHEARD_OF = [{"serve": "on", "condition": {"attribute": "plan", "operator": "sounds_like", "value": "beta"}}]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_numbers = count(1)


@pytest.fixture
def flag_id() -> str:
    return f"flag-{next(_numbers)}"


def typed(kind: str, values: dict[str, str], **fields: Any) -> dict[str, Any]:
    """Return a form of a flag with variations of these values, the first of which is served and the last is off."""
    names = [*values]
    form = {"name": "New checkout", "type": kind, "default": names[0], "off": names[-1]}
    for row, (name, value) in enumerate(values.items()):
        form |= {f"variations[{row}].name": name, f"variations[{row}].value": value}
    return {**form, **fields}


def stored(platform: Platform, flag_id: str) -> FeatureFlag:
    flag = platform.get_feature_flag(flag_id)
    assert flag is not None
    return flag


def targeting(platform: Platform, flag_id: str) -> dict[str, Any]:
    kept = stored(platform, flag_id).targeting
    assert kept is not None
    return dict(kept.value)


def store_not_served(platform: Platform, flag_id: str) -> None:
    """Store a flag that can be read and does not compile: it names an audience that is gone."""
    rules = [{"name": "beta", "condition": {"audience": "gone"}, "serve": "on"}]
    flag = build_flag(flag_id, status=FlagStatus.ACTIVE, rules=rules, targeting={"type": "boolean"})
    platform._backends.flags.insert(flag, audit=build_audit_entry(entity_type="flag", entity_id=flag_id))


def store_unreadable(platform: Platform, flag_id: str) -> None:
    """Store a flag as a newer release might: it is active, and a rule has an operator that nobody here knows."""
    flag = build_flag(
        flag_id, status=FlagStatus.ACTIVE, rules=UNHEARD_OF, targeting={"type": "boolean", "owner": "ana"}
    )
    platform._backends.flags.insert(flag, audit=build_audit_entry(entity_type="flag", entity_id=flag_id))


@pytest.mark.parametrize(
    ("kind", "values", "kept"),
    [
        ("boolean", {"on": "true", "off": "False"}, [True, False]),
        ("string", {"red": " #f00 ", "blue": ""}, [" #f00 ", ""]),
        ("number", {"few": "2", "many": "1e3", "half": "0.5"}, [2, 1000.0, 0.5]),
        ("json", {"a": '{"n": [1, null]}', "b": "[]"}, [{"n": [1, None]}, []]),
    ],
)
def test_a_flag_of_each_type_is_created_and_shown_again_as_it_is(
    platform: Platform, editor: Browser, flag_id: str, kind: str, values: dict[str, str], kept: list[Any]
) -> None:
    fields = {"id": flag_id, "active": "yes", "owner": "ana", "tags": "shop\n 2026 \n", "description": "Two\nlines"}
    done = editor.send("/flags/new", typed(kind, values, **fields))
    assert "Created." in words(done)
    flag = stored(platform, flag_id)
    assert (flag.status, flag.description) == ("active", "Two\nlines")
    found = targeting(platform, flag_id)
    assert [each["value"] for each in found["variations"]] == kept
    assert (found["type"], found["owner"], found["tags"]) == (kind, "ana", ["shop", "2026"])
    form = editor.get(f"/flags/{flag_id}/edit").text
    fields = typed(kind, values, owner="ana", tags="shop\n2026", revision="1", description="Two\nlines")
    assert all(f'name="{name}"' in form for name in fields)
    editor.send(f"/flags/{flag_id}/edit", fields)
    assert [each["value"] for each in targeting(platform, flag_id)["variations"]] == kept
    assert stored(platform, flag_id).revision == 1, "nothing was changed by saving what stood there"


def test_a_form_that_is_sent_twice_creates_one_flag(platform: Platform, editor: Browser) -> None:
    form = typed("boolean", {"on": "true", "off": "false"}, new_id=str(uuid4()))
    for _ in range(2):
        assert str(editor.send("/flags/new", form).url).endswith(f"/flags/{form['new_id']}?done=created")
    assert stored(platform, form["new_id"]).revision == 1


@pytest.mark.parametrize(
    ("kind", "values", "fields", "at", "rule"),
    [
        ("boolean", {"on": "yes", "off": "false"}, {}, "variations[0].value", "must be true or false"),
        ("number", {"a": "1", "b": "two"}, {}, "variations[1].value", "must be JSON"),
        ("number", {"a": "1", "b": ""}, {}, "variations[1].value", "must be given"),
        ("number", {"a": "1", "b": '"2"'}, {}, "variations[1].value", "must be a number"),
        ("json", {"a": "{", "b": "1"}, {}, "variations[0].value", "must be JSON"),
        ("json", {"a": "1", "b": "2"}, {"schema": '{"type": "string"}'}, "variations[0].value", "breaks the schema"),
        ("json", {"a": "1", "b": "2"}, {"schema": "nope"}, "schema", "must be JSON"),
        ("string", {"a": "1", "b": "2"}, {"default": "c"}, "default", "must be one of the variations a, b"),
        ("string", {"a": "1", "b": "2"}, {"off": ""}, "off", "must be one of the variations a, b"),
        ("string", {"a": "1", "b": "2"}, {"name": " "}, "name", "must not be blank"),
        ("string", {"a": "1", "b": "2"}, {"id": "a/b"}, "id", "without slashes"),
        (
            "string",
            {"a": "1", "b": "2"},
            {"prerequisites[3].flag": "none", "prerequisites[3].variations": "on"},
            "prerequisites[0].flag",
            "which is not there",
        ),
        ("free-form", {"a": "1"}, {"rules": "{"}, "rules", "must be JSON"),
        ("free-form", {"a": "1"}, {"rules": ""}, "rules", "must be given"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_all_stays(
    editor: Browser, kind: str, values: dict[str, str], fields: dict[str, str], at: str, rule: str
) -> None:
    page = editor.send("/flags/new", typed(kind, values, description="kept as it was", **fields))
    assert page.status_code == 422
    place = "f-" + at.replace("[", "-").replace("]", "").replace(".", "-")
    assert f'href="#{place}"' in page.text
    assert f'id="{place}-wrong"' in page.text
    assert words(page).count(rule) >= 2, "above the form and beside the field"
    assert "kept as it was" in page.text


def test_rows_are_added_and_removed_without_a_script(editor: Browser) -> None:
    form = typed("string", {"a": "1", "b": "2"})
    more = editor.send("/flags/new", {**form, "do": "add:variations"})
    assert 'name="variations[2].value"' in more.text
    less = editor.send("/flags/new", {**form, "do": "remove:variations[0]"})
    assert 'name="variations[0].value"' not in less.text
    assert 'value="b"' in less.text
    assert 'name="prerequisites[0].flag"' in editor.send("/flags/new", {**form, "do": "add:prerequisites"}).text


def test_a_taken_id_is_told_and_all_stays(platform: Platform, editor: Browser, flag_id: str) -> None:
    form = typed("string", {"a": "1", "b": "2"}, id=flag_id, description="kept as it was")
    for _ in range(2):
        assert str(editor.send("/flags/new", form).url).endswith("?done=created"), "the same form is the same flag"
    page = editor.send("/flags/new", {**form, "name": "Another"})
    assert page.status_code == 422
    assert "is taken by another flag" in words(page)
    assert "kept as it was" in page.text
    assert stored(platform, flag_id).name == "New checkout"


def test_a_flag_is_changed_only_as_it_was_seen(platform: Platform, editor: Browser, flag_id: str) -> None:
    platform.create_feature_flag("Search", flag_id=flag_id, type="boolean", default={"rollout": {"on": 20, "off": 80}})
    page = editor.get(f"/flags/{flag_id}/edit")
    assert 'name="default"' not in page.text, "shares are set with the rules"
    form = typed("boolean", {"on": "true", "off": "false"}, name="Finding", revision="1")
    del form["default"]
    editor.send(f"/flags/{flag_id}/edit", form)
    assert stored(platform, flag_id).name == "Finding"
    assert targeting(platform, flag_id)["default"] == {"rollout": [["on", 20], ["off", 80]]}
    assert editor.send(f"/flags/{flag_id}/edit", form).status_code == 409


def test_free_form_rules_are_shown_and_edited_as_json_and_may_become_typed(
    platform: Platform, editor: Browser, flag_id: str
) -> None:
    form = typed("free-form", {"on": "true"}, id=flag_id, rules='{"text": "a  b"}')
    assert "your own" in words(editor.send("/flags/new", form))
    assert stored(platform, flag_id).rules.value == {"text": "a  b"}
    page = editor.get(f"/flags/{flag_id}/edit")
    assert "a  b" in page.text
    form = {"name": "Banner", "type": "free-form", "rules": "[3]", "revision": "1", "was_free_form": "yes"}
    editor.send(f"/flags/{flag_id}/edit", form)
    assert (stored(platform, flag_id).name, stored(platform, flag_id).rules.value) == ("Banner", [3])
    as_typed = typed("boolean", {"on": "true", "off": "false"}, revision="2", was_free_form="yes")
    editor.send(f"/flags/{flag_id}/edit", as_typed)
    assert targeting(platform, flag_id)["type"] == "boolean"


def test_a_flag_that_cannot_be_read_is_switched_off_and_mended(
    platform: Platform, editor: Browser, flag_id: str
) -> None:
    store_unreadable(platform, flag_id)
    assert "cannot be read" in words(editor.get("/flags"))
    assert "sounds_like" in editor.get(f"/flags/{flag_id}").text
    assert editor.get(f"/flags/{flag_id}/history").status_code == 200
    page = editor.get(f"/flags/{flag_id}/off")
    assert "It can be switched off everywhere all the same" in words(page)
    assert 'value="prod"' not in page.text
    editor.send(f"/flags/{flag_id}/off", {"environment": ""})
    assert stored(platform, flag_id).status == "inactive"
    refused = editor.send(f"/flags/{flag_id}/edit", {"rules": "[]", "targeting": "[]"})
    assert "must be a JSON object" in words(refused)
    for wrong in ('{"actor": "somebody else"}', '{"sort": "boolean"}', '{"type": "sort"}'):
        refused = editor.send(f"/flags/{flag_id}/edit", {"rules": "[]", "targeting": wrong, "revision": "2"})
        assert (refused.status_code, 'id="f-targeting-wrong"' in refused.text) == (422, True)
    mended = editor.send(f"/flags/{flag_id}/edit", {"rules": "[]", "targeting": '{"type": "boolean"}', "revision": "2"})
    assert "Saved." in words(mended)
    assert targeting(platform, flag_id)["owner"] == "ana"


def test_what_is_wrong_with_all_variations_is_said_at_them(editor: Browser) -> None:
    twice = {"variations[0].name": "on", "variations[0].value": "true"}
    twice |= {"variations[1].name": "on", "variations[1].value": "false"}
    page = editor.send("/flags/new", {"name": "Twice", "type": "boolean", "default": "on", "off": "on", **twice})
    assert re.search(r'<p class="wrong" id="f-variations"[^>]*>.*stands twice', page.text)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("text=" + "x" * 2_000, "text"),
        ("tag=" + "x" * 2_000, "tag"),
        ("show=stale&days=soon", "days"),
        ("show=stale&days=-3", "days"),
    ],
)
def test_a_search_that_cannot_be_keeps_what_was_typed(viewer: Browser, asked: str, field: str) -> None:
    page = viewer.get(f"/flags?{asked}")
    assert (page.status_code, f'id="f-{field}-wrong"' in page.text) == (422, True)
    assert f'value="{asked.rpartition("=")[2]}"' in page.text
    assert "No flag is" not in words(page)


@pytest.mark.parametrize("environment", ["", "prod"])
def test_a_flag_that_does_not_compile_is_switched_off_everywhere_and_in_one_environment(
    platform: Platform, editor: Browser, flag_id: str, environment: str
) -> None:
    store_not_served(platform, flag_id)
    assert "Not in force in dev as it stands: nothing of it is served" in words(editor.get(f"/flags/{flag_id}"))
    assert "Switched off: in force within seconds." in words(
        editor.send(f"/flags/{flag_id}/off", {"environment": environment})
    )
    if environment:
        assert targeting(platform, flag_id)["environments"]["prod"]["enabled"] is False
    else:
        assert stored(platform, flag_id).status == "inactive"


def test_rules_of_a_flag_without_variations_lead_to_its_definition(
    platform: Platform, editor: Browser, flag_id: str
) -> None:
    platform.create_feature_flag("Banner", flag_id=flag_id, rules={"min_age": 18})
    for place in ("rules", "environments/prod"):
        assert str(editor.get(f"/flags/{flag_id}/{place}", follow_redirects=True).url).endswith(f"/{flag_id}/edit")
    assert editor.get(f"/flags/{flag_id}/promote").status_code == 422


def test_stale_flags_are_listed_with_why(platform: Platform, viewer: Browser, flag_id: str) -> None:
    old = build_flag(flag_id, name="Forgotten", targeting={"type": "boolean"}, created_at=LONG_AGO)
    platform._backends.flags.insert(old, audit=build_audit_entry(entity_type="flag", entity_id=flag_id))
    said = words(viewer.get("/flags?show=stale"))
    assert "Forgotten" in said
    assert "It is switched off everywhere, and nobody changed it for" in said
    assert "This flag may have done its work." in words(viewer.get(f"/flags/{flag_id}"))
    assert "Forgotten" not in words(viewer.get("/flags?show=stale&days=36500"))
    assert viewer.get("/flags?show=stale&days=x").status_code == 422


def test_stale_flags_are_found_as_flags_are(platform: Platform, viewer: Browser, flag_id: str) -> None:
    for name, owner in (("Banner", "ada"), ("Carousel", "bob")):
        targeting = {"type": "boolean", "owner": owner, "tags": [f"tag-{owner}"]}
        old = build_flag(f"{flag_id}-{owner}", name=name, targeting=targeting, created_at=LONG_AGO)
        platform._backends.flags.insert(old, audit=build_audit_entry(entity_type="flag", entity_id=old.id))
    for asked in ("owner=ada", "tag=tag-ada", f"text={flag_id}-ada", "owner=ada&status=inactive"):
        page = viewer.get(f"/flags?show=stale&{asked}")
        assert ("Banner" in page.text, "Carousel" in page.text) == (True, False), asked
        assert 'href="/flags?show=stale">Show all' in page.text
    assert 'value="ada"' in viewer.get("/flags?show=stale&owner=ada").text
    assert "No flag of this kind is stale." in words(viewer.get("/flags?show=stale&owner=nobody"))
    refused = viewer.get("/flags?show=stale&status=gone&owner=ada")
    assert refused.status_code == 422
    assert 'href="#f-status"' in refused.text
    assert 'value="ada"' in refused.text
