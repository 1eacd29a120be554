"""The rule builder: rows, what each serves, what is wrong said at its field, and rules tried out before they count."""

from __future__ import annotations

import json
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
    """A flag that serves off, and on to Germans; colours beside, so that its variations are three."""
    made = f"flag-{next(_numbers)}"
    platform.create_feature_flag(
        "New checkout",
        flag_id=made,
        status="active",
        variations=[{"name": name, "value": name} for name in ("on", "off", "blue")],
        rules=[{"name": "germans", "condition": GERMANS, "serve": "on"}],
        default="off",
        off="off",
    )
    return made


def stored(platform: Platform, flag_id: str) -> FeatureFlag:
    flag = platform.get_feature_flag(flag_id)
    assert flag is not None
    return flag


def targeting(platform: Platform, flag_id: str) -> dict[str, Any]:
    kept = stored(platform, flag_id).targeting
    assert kept is not None
    return dict(kept.value)


def typed(**fields: Any) -> dict[str, Any]:
    """Return a form of one rule for everybody, with what is typed otherwise."""
    form = {
        "rules[0].name": "everybody",
        "rules[0].serve.kind": "variation",
        "rules[0].serve.variation": "blue",
        "default.kind": "variation",
        "default.variation": "off",
        "off": "off",
    }
    return {**form, **fields}


def rollout(prefix: str, **weights: str) -> dict[str, str]:
    fields = {f"{prefix}.kind": "rollout"}
    for row, (name, weight) in enumerate(weights.items()):
        fields |= {f"{prefix}.rollout[{row}].name": name, f"{prefix}.rollout[{row}].weight": weight}
    return fields


def test_rules_are_saved_in_the_order_of_the_form(platform: Platform, editor: Browser, flag_id: str) -> None:
    form = typed(**{"rules[7].name": ""}, **rollout("rules[7].serve", blue="10", on="90", off=""))
    done = editor.send(f"/flags/{flag_id}/rules", form)
    assert "Saved." in words(done)
    assert stored(platform, flag_id).rules.value == [
        {"name": "everybody", "condition": None, "serve": "blue"},
        {"name": "rule 1", "condition": None, "serve": {"rollout": [["blue", 10], ["on", 90]]}},
    ]


def test_a_row_is_added_moved_and_removed_without_a_script(platform: Platform, editor: Browser, flag_id: str) -> None:
    path = f"/flags/{flag_id}/rules"
    page = editor.send(path, typed(do="add:rules"))
    assert 'name="rules[1].serve.kind"' in page.text
    two = typed(**{"rules[1].name": "second", "rules[1].serve.kind": "variation", "rules[1].serve.variation": "on"})
    moved = editor.send(path, {**two, "do": "up:rules[1]"}).text
    assert moved.index("rules[1].name") < moved.index("rules[0].name")
    assert 'value="everybody"' not in editor.send(path, {**two, "do": "remove:rules[0]"}).text
    assert stored(platform, flag_id).revision == 1


TWICE = {"rules[4].name": "everybody", "rules[4].serve.kind": "variation", "rules[4].serve.variation": "on"}
NO_EXPERIMENT = {"rules[0].serve.kind": "experiment", "rules[0].serve.experiment": "none"}
SECOND = {"rules[7].name": "second", **{name.replace("0", "7"): value for name, value in NO_EXPERIMENT.items()}}
WRONG = [
    (SECOND, "f-rules-1-serve-experiment", "which is not there"),
    (NO_EXPERIMENT, "f-rules-0-serve-experiment", "which is not there"),
    (rollout("rules[0].serve", on="20"), "f-rules-0-serve-rollout", "must name the others too"),
    (rollout("rules[0].serve", on="x"), "f-rules-0-serve-rollout-0-weight", "must be a number"),
    (rollout("default", on="-1", off="2"), "f-default-rollout", "of on "),
    ({"starts_at": "2026-02-01T00:00", "ends_at": "2026-01-01T00:00"}, "f-ends_at", "must be after starts_at"),
    (TWICE, "f-rules", "stands twice"),
]


@pytest.mark.parametrize(("fields", "at", "rule"), WRONG)
@pytest.mark.parametrize("place", ["rules", "environments/prod"])
def test_what_is_wrong_is_said_at_its_field_and_all_stays(
    platform: Platform, editor: Browser, flag_id: str, place: str, fields: dict[str, str], at: str, rule: str
) -> None:
    form = typed(rules_are="own", revision="1", **fields)
    page = editor.send(f"/flags/{flag_id}/{place}", form)
    assert page.status_code == 422
    assert f'href="#{at}"' in page.text
    assert f'id="{at}"' in page.text
    assert words(page).count(rule) >= 2, "above the form and beside the field"
    assert 'value="everybody"' in page.text
    assert stored(platform, flag_id).revision == 1


def test_an_environment_says_only_what_is_otherwise_there(platform: Platform, editor: Browser, flag_id: str) -> None:
    path = f"/flags/{flag_id}/environments/prod"
    page = editor.get(path)
    assert 'value="flag" checked' in page.text
    assert "germans" in page.text, "the flag's rules are what its own begin with"
    form = {"enabled": "yes", "rules_are": "flag", "default.kind": "flag", "off": "", "starts_at": "2030-01-01T00:00"}
    editor.send(path, form)
    state = targeting(platform, flag_id)["environments"]["prod"]
    assert state == {
        "enabled": True, "rules": None, "default": None, "off": None,
        "starts_at": "2030-01-01T00:00:00.000000Z", "ends_at": None,
    }  # fmt: skip
    assert "not yet on" in words(editor.get(f"/flags/{flag_id}"))


def test_the_seconds_of_a_schedule_that_stands_are_kept(platform: Platform, editor: Browser, flag_id: str) -> None:
    platform.update_feature_flag(flag_id, starts_at="2026-01-01T00:00:07Z")
    editor.send(f"/flags/{flag_id}/rules", typed(starts_at="2026-01-01T00:00"))
    assert targeting(platform, flag_id)["starts_at"] == "2026-01-01T00:00:07.000000Z"


@pytest.mark.parametrize("place", ["rules", "environments/prod"])
def test_rules_are_tried_out_as_they_are_typed(platform: Platform, editor: Browser, flag_id: str, place: str) -> None:
    form = typed(enabled="yes", rules_are="own", do="try", try_unit="u", try_attributes='{"country": "DE"}')
    said = words(editor.send(f"/flags/{flag_id}/{place}", form))
    assert 'blue "blue" , because a rule of the flag matches' in said
    assert stored(platform, flag_id).revision == 1
    wrong = editor.send(f"/flags/{flag_id}/{place}", {**form, "try_attributes": "[1]"})
    assert "must be a JSON object" in words(wrong)
    assert "must be given: the id of a unit" in words(
        editor.send(f"/flags/{flag_id}/{place}", {**form, "try_unit": ""})
    )


def test_enter_saves_nothing(platform: Platform, editor: Browser, flag_id: str) -> None:
    page = editor.send(f"/flags/{flag_id}/rules", typed(do="show"))
    assert page.status_code == 200
    assert stored(platform, flag_id).revision == 1


def test_a_form_of_an_older_revision_is_refused(platform: Platform, editor: Browser, flag_id: str) -> None:
    platform.update_feature_flag(flag_id, name="Another")
    page = editor.send(f"/flags/{flag_id}/rules", typed(revision="1"))
    assert page.status_code == 409
    assert "load the page anew" in words(page)
    assert stored(platform, flag_id).rules.value[0]["name"] == "germans"


@pytest.mark.parametrize("place", ["rules", "environments/prod", "edit", "off", "on", "archive", "restore"])
def test_who_only_looks_has_no_forms_and_can_send_none(viewer: Browser, flag_id: str, place: str) -> None:
    assert viewer.get(f"/flags/{flag_id}/{place}").status_code == 403
    assert viewer.send(f"/flags/{flag_id}/{place}", typed()).status_code == 403


@pytest.mark.parametrize("place", ["rules", "environments/prod"])
def test_more_rules_than_a_form_has_rows_are_edited_as_json(
    platform: Platform, editor: Browser, flag_id: str, place: str
) -> None:
    rules = [{"name": f"r{number}", "condition": GERMANS, "serve": "on"} for number in range(51)]
    platform.update_feature_flag(flag_id, rules=rules)
    page = editor.get(f"/flags/{flag_id}/{place}")
    assert 'name="rules_json"' in page.text
    assert 'name="rules[0].name"' not in page.text
    del rules[0]["condition"]
    form = typed(rules_are="own", rules_json=json.dumps(rules))
    editor.send(f"/flags/{flag_id}/{place}", form)
    stands = stored(platform, flag_id).rules.value
    kept = stands if place == "rules" else targeting(platform, flag_id)["environments"]["prod"]["rules"]
    assert (len(kept), kept[0]["condition"]) == (51, None)
    wrong = editor.send(f"/flags/{flag_id}/{place}", {**form, "rules_json": '[{"serve": "no"}]'})
    assert 'id="f-rules_json-wrong"' in wrong.text
    assert "rules[0].serve must be one of the variations" in words(wrong)


@pytest.mark.parametrize("no_list", ["false", "0", '""'])
def test_what_is_no_list_takes_no_rules_away(platform: Platform, editor: Browser, flag_id: str, no_list: str) -> None:
    before = stored(platform, flag_id)
    refused = editor.send(f"/flags/{flag_id}/rules", typed(rules_json=no_list))
    assert (refused.status_code, 'id="f-rules_json-wrong"' in refused.text) == (422, True)
    assert stored(platform, flag_id) == before
