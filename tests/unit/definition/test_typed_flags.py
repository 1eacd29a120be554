"""A flag with typed variations is read, checked and kept in one form; a free-form flag is left as it is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.definition.stage import BETA, Stage
from variate.errors import InvalidInputError
from variate.model import FeatureFlag, Json, format_instant
from variate.testing.clocks import START

WORDS: list[Any] = [{"name": "red", "value": "#f00"}, {"name": "blue", "value": "#00f"}]
COLOURS: dict[str, Any] = {"variations": WORDS, "default": "red", "off": "blue"}


def targeting(flag: FeatureFlag) -> dict[str, Any]:
    assert flag.targeting is not None
    found: dict[str, Any] = flag.targeting.value
    return found


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False], "boolean"),
        (["a", ""], "string"),
        ([1, 2.5], "number"),
        ([1, 0], "number"),
        ([{"a": 1}, {}], "json"),
        ([[], None], "json"),
        ([1, "a"], "json"),
        ([True, 1], "json"),
        ([None, None], "json"),
    ],
)
def test_the_type_follows_from_the_values(stage: Stage, values: list[Json], kind: str) -> None:
    variations = [{"name": f"v{place}", "value": value} for place, value in enumerate(values)]
    made = stage.flags.create_feature_flag("nav", variations=variations, default="v0", off="v1")
    assert targeting(made)["type"] == kind


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("boolean", 1),
        ("boolean", "true"),
        ("boolean", None),
        ("string", 1),
        ("string", None),
        ("number", "1"),
        ("number", True),
        ("number", None),
    ],
)
def test_a_value_of_another_type_is_refused_at_its_place(stage: Stage, kind: str, value: Json) -> None:
    right: Json = {"boolean": True, "string": "a", "number": 1.5}[kind]
    variations = [{"name": "on", "value": right}, {"name": "off", "value": value}]
    with pytest.raises(InvalidInputError) as refusal:
        stage.flags.create_feature_flag("nav", type=kind, variations=variations)
    assert (refusal.value.field, refusal.value.rule) == ("variations[1].value", f"must be a {kind}, as the flag is")
    assert stage.entries() == []


def test_a_flag_of_json_takes_any_value(stage: Stage) -> None:
    values: list[Json] = [1, "a", None, True, {}, []]
    variations = [{"name": f"v{place}", "value": value} for place, value in enumerate(values)]
    made = stage.flags.create_feature_flag("nav", type="json", variations=variations, default="v0", off="v1")
    assert [each["value"] for each in targeting(made)["variations"]] == values


def test_a_boolean_flag_is_on_and_off_without_another_word(stage: Stage) -> None:
    made = stage.flags.create_feature_flag("nav", type="boolean")
    assert targeting(made)["variations"] == [
        {"name": "on", "value": True, "description": ""},
        {"name": "off", "value": False, "description": ""},
    ]
    assert (targeting(made)["default"], targeting(made)["off"], made.rules.value) == ("on", "off", [])


@pytest.mark.parametrize("kind", ["string", "number", "json"])
def test_any_other_type_needs_its_variations(stage: Stage, kind: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^variations: must be given for a flag of type {kind}"):
        stage.flags.create_feature_flag("nav", type=kind)


@pytest.mark.parametrize("missing", ["default", "off"])
def test_default_and_off_are_required_where_the_variations_are_others_than_on_and_off(
    stage: Stage, missing: str
) -> None:
    given: Any = {**COLOURS, missing: None}
    with pytest.raises(InvalidInputError, match=f"^{missing}: must be given"):
        stage.flags.create_feature_flag("nav", **given)
    del given[missing]
    with pytest.raises(InvalidInputError, match=f"^{missing}: must be given"):
        stage.flags.create_feature_flag("nav", **given)


def test_what_is_kept_is_in_one_form_whatever_was_left_out(stage: Stage) -> None:
    made = stage.flags.create_feature_flag(
        "nav",
        rules=[{"serve": "red"}, {"condition": BETA, "serve": {"rollout": {"blue": 20, "red": 80}}, "name": "wave"}],
        ends_at=START.isoformat(),
        tags=["checkout"],
        environments={"prod": {"enabled": False}},
        **COLOURS,
    )
    assert made.rules.value == [
        {"name": "rule 1", "condition": None, "serve": "red"},
        {"name": "wave", "condition": BETA, "serve": {"rollout": [["blue", 20], ["red", 80]]}},
    ]
    assert targeting(made) == {
        "type": "string",
        "schema": None,
        "variations": [{**each, "description": ""} for each in WORDS],
        "default": "red",
        "off": "blue",
        "prerequisites": [],
        "environments": {
            "prod": {"enabled": False, "rules": None, "default": None, "off": None, "starts_at": None, "ends_at": None}
        },
        "starts_at": None,
        "ends_at": format_instant(START),
        "salt": None,
        "owner": None,
        "tags": ["checkout"],
    }
    assert stage.flags.get_feature_flag(made.id) == made
    assert stage.entries()[0].data["flag"]["rules"] == made.rules.value


def test_what_was_read_may_be_given_back(stage: Stage) -> None:
    made = stage.flags.create_feature_flag("nav", rules=[{"serve": {"rollout": {"red": 1, "blue": 2}}}], **COLOURS)
    same = stage.flags.update_feature_flag(made.id, rules=made.rules.value, **targeting(made))
    assert same == made
    assert len(stage.entries()) == 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"kind": "string"}, "kind"),
    ({"type": "object"}, "type"),
    ({"type": True}, "type"),
    ({"variations": []}, "variations"),
    ({"variations": "ab"}, "variations"),
    ({"variations": {"red": 1}}, "variations"),
    ({"variations": ["red"]}, "variations[0]"),
    ({"variations": [{"name": "red"}]}, "variations[0].value"),
    ({"variations": [{"value": 1}]}, "variations[0].name"),
    ({"variations": [{"name": "", "value": 1}]}, "variations[0].name"),
    ({"variations": [{"name": "red", "value": 1, "wieght": 1}]}, "variations[0].wieght"),
    ({"variations": [{"name": "red", "value": float("nan")}]}, "variations[0].value"),
    ({"variations": [{"name": "red", "value": 1, "description": 7}]}, "variations[0].description"),
    ({"variations": [WORDS[0], WORDS[0]]}, "variations"),
    ({"variations": [{"name": f"v{number}", "value": 1} for number in range(101)]}, "variations"),
    ({"default": "green"}, "default"),
    ({"default": 7}, "default"),
    ({"default": {"rollout": {"red": 1, "green": 1}}}, "default.rollout"),
    ({"default": {"experiment": "e"}}, "default"),
    ({"off": "green"}, "off"),
    ({"off": {"rollout": {"red": 1}}}, "off"),
    ({"rules": "red"}, "rules"),
    ({"rules": {"red": 1}}, "rules"),
    ({"rules": ["red"]}, "rules[0]"),
    ({"rules": [{"condition": BETA}]}, "rules[0].serve"),
    ({"rules": [{"serve": "green"}]}, "rules[0].serve"),
    ({"rules": [{"serve": None}]}, "rules[0].serve"),
    ({"rules": [{"serve": {}}]}, "rules[0].serve"),
    ({"rules": [{"serve": {"rollout": {"red": 1}, "experiment": "e"}}]}, "rules[0].serve"),
    ({"rules": [{"serve": {"variation": "red"}}]}, "rules[0].serve.variation"),
    ({"rules": [{"serve": "red"}, {"serve": {"rollout": {"green": 1}}}]}, "rules[1].serve.rollout"),
    ({"rules": [{"serve": {"rollout": {"red": 0}}}]}, "rules[0].serve.rollout"),
    ({"rules": [{"serve": {"rollout": {"red": 20}}}]}, "rules[0].serve.rollout"),
    ({"default": {"rollout": {"red": 20}}}, "default.rollout"),
    ({"environments": {"dev": {"default": {"rollout": {"red": 1}}}}}, "environments.dev.default.rollout"),
    ({"rules": [{"serve": {"rollout": {}}}]}, "rules[0].serve.rollout"),
    ({"rules": [{"serve": {"rollout": 7}}]}, "rules[0].serve.rollout"),
    ({"rules": [{"serve": {"rollout": [["red", 1], ["red", 2]]}}]}, "rules[0].serve.rollout"),
    ({"rules": [{"serve": {"rollout": {"red": -1, "blue": 2}}}]}, "rules[0].serve.rollout.red"),
    ({"rules": [{"serve": {"rollout": {"red": "1"}}}]}, "rules[0].serve.rollout.red"),
    ({"rules": [{"serve": {"rollout": {"red": True}}}]}, "rules[0].serve.rollout.red"),
    ({"rules": [{"serve": {"rollout": {"red": float("inf")}}}]}, "rules[0].serve.rollout.red"),
    ({"rules": [{"serve": {"rollout": {"red": 10**400}}}]}, "rules[0].serve.rollout.red"),
    ({"rules": [{"serve": {"rollout": [[["red"], 1]]}}]}, "rules[0].serve.rollout"),
    ({"rules": [{"serve": {"rollout": {"red": float("nan")}}}]}, "rules[0].serve.rollout.red"),
    ({"rules": [{"serve": {"experiment": ""}}]}, "rules[0].serve.experiment"),
    ({"rules": [{"serve": "red", "condition": {"any": []}}]}, "rules[0].condition.any"),
    ({"rules": [{"serve": "red", "condition": {"audience": "nobody"}}]}, "rules[0].condition"),
    ({"rules": [{"serve": "red", "conditions": BETA}]}, "rules[0].conditions"),
    ({"rules": [{"serve": "red", "name": " "}]}, "rules[0].name"),
    ({"rules": [{"serve": "red", "name": "a"}, {"serve": "blue", "name": "a"}]}, "rules"),
    ({"rules": [{"serve": "red", "name": "rule 2"}, {"serve": "blue"}]}, "rules"),
    ({"rules": [{"serve": "red"}] * 1_001}, "rules"),
    ({"starts_at": "soon"}, "starts_at"),
    ({"starts_at": START, "ends_at": START}, "ends_at"),
    ({"salt": ""}, "salt"),
    ({"salt": 7}, "salt"),
    ({"owner": " "}, "owner"),
    ({"tags": "checkout"}, "tags"),
    ({"tags": ["a", "a"]}, "tags"),
    ({"tags": [" "]}, "tags"),
    ({"tags": [7]}, "tags[0]"),
    ({"tags": [f"t{number}" for number in range(101)]}, "tags"),
]


@pytest.mark.parametrize(("given", "field"), WRONG)
def test_a_wrong_field_of_a_new_flag_is_refused_by_its_name_and_nothing_is_written(
    stage: Stage, given: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        stage.flags.create_feature_flag("nav", **{**COLOURS, **given})
    assert refusal.value.field == field
    assert stage.entries() == []


@pytest.mark.parametrize(("given", "field"), WRONG)
def test_a_wrong_field_of_a_change_is_refused_by_its_name_and_nothing_is_written(
    stage: Stage, given: dict[str, Any], field: str
) -> None:
    # As json: a number among the values is then no fault of its own.
    stage.flags.create_feature_flag("nav", flag_id="f", type="json", **COLOURS)
    before = stage.state()
    with pytest.raises(InvalidInputError) as refusal:
        stage.flags.update_feature_flag("f", **given)
    assert refusal.value.field == field
    assert stage.state() == before


def test_an_update_changes_the_fields_given_and_keeps_the_others(stage: Stage) -> None:
    made = stage.flags.create_feature_flag(
        "nav", flag_id="f", rules=[{"serve": "red"}], owner="ana", tags=["a"], starts_at=START, **COLOURS
    )
    changed = stage.flags.update_feature_flag("f", default="blue", owner=None)
    assert targeting(changed) == targeting(made) | {"default": "blue", "owner": None}
    assert changed.rules == made.rules
    told = stage.entries()[0]
    assert told.action == "updated"
    assert told.data == {"before": {"default": "red", "owner": "ana"}, "after": {"default": "blue", "owner": None}}
    assert changed.revision == 2


def test_a_variation_goes_only_where_nothing_names_it(stage: Stage) -> None:
    stage.flags.create_feature_flag("nav", flag_id="f", rules=[{"serve": "blue"}], **COLOURS)
    with pytest.raises(InvalidInputError, match=r"^rules\[0\].serve: must be one of the variations red, not 'blue'"):
        stage.flags.update_feature_flag("f", variations=WORDS[:1], off="red")
    changed = stage.flags.update_feature_flag("f", variations=WORDS[:1], off="red", rules=[{"serve": "red"}])
    assert [each["name"] for each in targeting(changed)["variations"]] == ["red"]


def test_the_name_alone_changes_and_the_log_tells_that_alone(stage: Stage) -> None:
    stage.flags.create_feature_flag("nav", flag_id="f", **COLOURS)
    stage.flags.update_feature_flag("f", name="navigation")
    assert stage.entries()[0].data == {"before": {"name": "nav"}, "after": {"name": "navigation"}}


def test_rules_and_targeting_are_together_at_most_so_large(stage: Stage) -> None:
    half = "x" * 60_000
    variations = [{"name": "on", "value": half}, {"name": "off", "value": ""}]
    condition = {"attribute": "a", "operator": "in", "value": [half[:50_000], half[:10_000]]}
    with pytest.raises(InvalidInputError, match=r"^rules: and targeting must be at most 120000 bytes"):
        stage.flags.create_feature_flag("nav", variations=variations, rules=[{"condition": condition, "serve": "on"}])
    assert stage.entries() == []
    assert stage.flags.create_feature_flag("nav", variations=variations).revision == 1


FREE: list[Json] = [
    {"percentage": 12.50, "segments": ["b", "a"]},
    [{"country": "NL", "percentage": 12.5}],
    [{"serve": "nobody", "condition": 7}],
    "on for everybody",
    7,
    None,
    True,
    [],
    {},
]


@pytest.mark.parametrize("rules", FREE)
def test_free_form_rules_are_any_json_and_are_kept_as_they_are(stage: Stage, rules: Json) -> None:
    made = stage.flags.create_feature_flag("nav", rules=rules)
    assert (made.rules.value, made.targeting) == (rules, None)
    changed = stage.flags.update_feature_flag(made.id, name="navigation", rules={"other": rules})
    assert (changed.rules.value, changed.targeting) == ({"other": rules}, None)
    assert "variations" not in stage.entries()[0].data["after"]


def test_a_free_form_flag_becomes_typed_when_it_is_given_targeting_and_its_rules_are_read_then(stage: Stage) -> None:
    stage.flags.create_feature_flag("nav", flag_id="f", rules=[{"country": "NL"}])
    with pytest.raises(InvalidInputError, match=r"^rules\[0\].country: is not known"):
        stage.flags.update_feature_flag("f", type="boolean")
    changed = stage.flags.update_feature_flag("f", type="boolean", rules=[{"condition": BETA, "serve": "on"}])
    assert targeting(changed)["type"] == "boolean"
    told = stage.entries()[0].data
    assert told["before"]["rules"] == [{"country": "NL"}]
    assert told["after"]["rules"] == changed.rules.value
    assert (told["before"]["type"], told["after"]["type"]) == (None, "boolean")


@pytest.mark.parametrize("rules", [[], {}])
def test_a_free_form_flag_without_rules_becomes_typed_as_it_is(stage: Stage, rules: Json) -> None:
    stage.flags.create_feature_flag("nav", flag_id="f", rules=rules)
    changed = stage.flags.update_feature_flag("f", owner="ana")
    assert (targeting(changed)["type"], changed.rules.value) == ("boolean", [])
