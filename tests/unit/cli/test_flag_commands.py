"""``variate flags`` and ``variate overrides --flag``: what a flag serves to whom, and where."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.command import InProcess
from variate.clock import utc_now
from variate.platform import Platform
from variate.platform.profiles import open_backends
from variate.settings import Settings

PRO = '{"plan": "pro"}'


def test_a_flag_with_all_it_can_have_is_written_and_shown(variate: InProcess, flag: str, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"type": "object"}', encoding="utf-8")
    rule = '{"name": "half", "serve": {"rollout": {"small": 1, "large": 1}}}'
    variate.ok("audiences", "create", "beta", '{"attribute": "plan", "operator": "exists"}')
    found = variate.ok(
        *("flags", "create", "Page size", "--id", "page", "--description", "how many rows", "--json"),
        *("--type", "json", "--variation", 'small={"rows": 10}', "--variation", 'large={"rows": 100}'),
        *("--rule", '{"condition": {"audience": "beta"}, "serve": "large"}', "--rule", rule),
        *("--default", '{"rollout": {"small": 80, "large": 20}}', "--off", "small", "--salt", "sizes"),
        *("--prerequisite", f"{flag}=on,off", "--schema", f"@{tmp_path / 'schema.json'}", "--owner", "ann"),
        *("--tag", "ui", "--tag", "lists", "--starts", "2026-01-01T00:00:00Z", "--ends", "2030-01-01T00:00:00Z"),
    ).json
    assert [(each["name"], each["value"]) for each in found["variations"]] == [
        ("small", {"rows": 10}),
        ("large", {"rows": 100}),
    ]
    assert [rule["name"] for rule in found["rules"]] == ["rule 1", "half"]
    assert found["default"] == {"rollout": [["small", 80], ["large", 20]]}
    assert found["prerequisites"] == [{"flag": flag, "variations": ["on", "off"]}]
    assert (found["schema"], found["type"], found["salt"]) == ({"type": "object"}, "json", "sizes")
    assert (found["owner"], found["tags"], found["off"]) == ("ann", ["ui", "lists"], "small")
    shown = variate.ok("flags", "show", "page").out
    for name, said in {
        "default": "rollout: small 80, large 20",
        "needs": "dark-mode at on or off",
        "starts": "2026-01-01 00:00:00 UTC",
        "tags": "ui, lists",
    }.items():
        assert f"\n{name:<11}  {said}\n" in shown
    assert "rule 1  audience beta  large" in shown
    assert "half    everybody      rollout: small 1, large 1" in shown


def test_a_flag_of_rules_alone_is_on_or_off_and_one_of_other_json_is_left_as_it_is(
    variate: InProcess, flag: str
) -> None:
    assert variate.ok("flags", "show", flag, "--json").json["type"] == "boolean"
    created = variate.ok("flags", "create", "own", "--rules", '[{"country": "DE"}]', "--json").json
    assert (created["rules"], "type" in created) == ([{"country": "DE"}], False)
    assert 'rules        [{"country": "DE"}]' in variate.ok("flags", "show", created["id"]).out
    made = variate.ok("flags", "update", created["id"], "--rule", '{"serve": "on"}', "--json").json
    assert (made["type"], made["rules"][0]["serve"]) == ("boolean", "on")


def test_what_is_given_changes_and_an_empty_value_takes_away(variate: InProcess, flag: str) -> None:
    changed = variate.ok("flags", "update", flag, "--owner", "ann", "--tag", "ui", "--name", "Darker", "--json").json
    assert (changed["owner"], changed["tags"], changed["name"]) == ("ann", ["ui"], "Darker")
    changed = variate.ok("flags", "update", flag, "--owner", "", "--tag", "", "--rules", "[]", "--json").json
    assert (changed["owner"], changed["tags"], changed["rules"], changed["default"]) == (None, [], [], "off")


def test_an_environment_differs_and_is_promoted(variate: InProcess, flag: str, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text('[{"name": "all", "serve": "on"}]', encoding="utf-8")
    options = ("--off", "--rules", f"@{tmp_path / 'rules.json'}", "--default", "on", "--off-variation", "on")
    changed = variate.ok("flags", "environment", flag, "dev", *options, "--json").json
    assert changed["environments"]["dev"]["enabled"] is False
    assert changed["environments"]["dev"]["rules"][0]["name"] == "all"
    found = variate.ok("evaluate", "--unit", "u1", "--flag", flag, "--json").json
    assert (found["variation"], found["reason"]) == ("on", "off")
    promoted = variate.ok("flags", "promote", flag, "dev", "prod", "--json").json["environments"]
    assert promoted["prod"] == promoted["dev"] == changed["environments"]["dev"]
    shown = variate.ok("flags", "show", flag).out
    assert "in dev   switched off" in shown
    assert "all   everybody  on" in shown
    changed = variate.ok(
        *("flags", "environment", flag, "dev", "--on", "--rules", "null", "--default", "", "--json")
    ).json
    assert changed["environments"]["dev"] == {
        "enabled": True,
        "rules": None,
        "default": None,
        "off": "on",
        "starts_at": None,
        "ends_at": None,
    }


def test_an_override_forces_a_flag_until_it_is_removed(variate: InProcess, flag: str, experiment: str) -> None:
    (made,) = variate.ok("overrides", "set", "u1", "on", "--flag", flag, "--reason", "to look", "--json").json
    assert (made["type"], made["target_id"], made["value"]) == ("flag", flag, "on")
    evaluate = ("evaluate", "--unit", "u1", "--flag", flag, "--json")
    assert variate.ok(*evaluate).json["reason"] == "override"
    variate.ok("overrides", "set", "u1", experiment, "green")
    assert variate.ok("overrides", "list", "--flag", flag, "--json").json == [made]
    listed = variate.ok("overrides", "list", "--user", "u1").out
    assert listed.splitlines()[0].startswith("experiment or flag")
    assert flag in listed
    assert experiment in listed
    variate.ok("overrides", "remove", "u1", "--flag", flag)
    assert variate.ok("overrides", "list", "--flag", flag, "--json").json == []
    assert variate.ok(*evaluate).json["reason"] == "default"
    assert "not found" in variate.mistake("overrides", "remove", "u1", "--flag", flag)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--rule", '{"serve": "maybe"}'), "rules[0].serve: must be one of the variations on, off"),
        (("--rule", '{"serves": "on"}'), "rules[0].serves: is not known"),
        (("--rule", "{"), "is not JSON"),
        (("--rule", '{"serve": "on"}', "--rules", "[]"), "give either --rule"),
        (("--type", "string"), "variations: must be given for a flag of type string"),
        (("--variation", "a=1", "--variation", "b=2"), "default: must be given"),
        (("--variation", "a"), "is not NAME=JSON"),
        (("--prerequisite", "nobody"), "is not FLAG=VARIATION"),
        (("--prerequisite", "nobody=on"), "prerequisites[0].flag: names 'nobody', which is not there"),
        (("--schema", "{}"), "schema: is for flags of type json"),
        (("--default", '{"roll": 1}'), "default.roll: is not known"),
        (("--off", "maybe"), "off: must be one of the variations on, off"),
        (("--ends", "soon"), "ends_at: must be an ISO 8601 time"),
    ],
)
def test_targeting_that_is_wrong_is_refused_naming_what(
    variate: InProcess, arguments: tuple[str, ...], words: str
) -> None:
    assert words in variate.mistake("flags", "create", "x", *arguments)
    assert variate.ok("flags", "list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("flags", "update", "dark-mode"), "give what is to change"),
        (("flags", "update", "nobody", "--owner", "x"), "flag 'nobody' not found"),
        (("flags", "update", "dark-mode", "--prerequisite", "dark-mode=on"), "leads back to this flag"),
        (("flags", "environment", "dark-mode", "prod"), "give what is to change there"),
        (("flags", "environment", "dark-mode", "mars", "--off"), "environments: must be among dev, staging, prod"),
        (("flags", "environment", "nobody", "prod", "--off"), "flag 'nobody' not found"),
        (("flags", "promote", "nobody", "dev", "prod"), "flag 'nobody' not found"),
        (("overrides", "set", "u1", "on"), "give USER_ID EXPERIMENT_ID VARIATION"),
        (("overrides", "set", "u1", "x", "on", "--flag", "dark-mode"), "give USER_ID EXPERIMENT_ID VARIATION"),
        (("overrides", "set", "u1", "maybe", "--flag", "dark-mode"), "variation: must be one of on, off"),
        (("overrides", "set", "u1", "on", "--flag", "nobody"), "flag 'nobody' not found"),
        (("overrides", "remove", "u1"), "give either an EXPERIMENT_ID or --flag"),
        (("overrides", "list", "x", "--flag", "dark-mode"), "give either an EXPERIMENT_ID or --user"),
    ],
)
def test_a_change_that_is_wrong_is_refused(
    variate: InProcess, flag: str, arguments: tuple[str, ...], words: str
) -> None:
    before = variate.ok("flags", "show", flag, "--json").json
    assert words in variate.mistake(*arguments)
    assert variate.ok("flags", "show", flag, "--json").json == before


def test_flags_are_found_by_text_owner_and_tag(variate: InProcess) -> None:
    for flag_id, name, *targeting in (
        ("one", "Fast CHECKOUT", "--owner", "ann", "--tag", "ui"),
        ("two", "Search", "--owner", "ann", "--tag", "lists", "--description", "beside the checkout"),
        ("three", "Search", "--owner", "bob", "--tag", "ui"),
    ):
        variate.ok("flags", "create", name, "--id", flag_id, *targeting)

    def found(*arguments: str) -> set[str]:
        return {each["id"] for each in variate.ok("flags", "list", "--json", *arguments).json}

    assert found("--text", "Checkout") == {"one", "two"}
    assert found("--owner", "ann") == {"one", "two"}
    assert found("--tag", "ui") == {"one", "three"}
    assert found("--tag", "ui", "--owner", "ann", "--text", "fast", "--status", "inactive") == {"one"}


def test_flags_that_have_done_their_work_are_listed_with_why(variate: InProcess, tmp_path: Path) -> None:
    settings = Settings.from_environment()
    some_time_ago = utc_now() - timedelta(days=40)
    with closing(Platform(settings, open_backends(settings), clock=lambda: some_time_ago)) as platform:
        for flag_id, status in (("done", "active"), ("off", "inactive")):
            platform.create_feature_flag(flag_id, flag_id=flag_id, status=status, type="boolean", default="on")
    variate.ok("flags", "create", "young", "--id", "young", "--default", "on")
    found = {each["id"]: each["stale"] for each in variate.ok("flags", "stale", "--json").json}
    assert found.keys() == {"done", "off"}
    assert all(found.values())
    printed = variate.ok("flags", "stale").out
    assert found["off"].split()[0] in printed
    assert variate.ok("flags", "stale", "--days", "41", "--json").json == []
    assert "--days" in variate.mistake("flags", "stale", "--days", "0")
