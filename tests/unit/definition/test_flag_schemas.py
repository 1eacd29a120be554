"""The values of a flag of JSON obey its schema, and no schema makes this process fetch anything."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest

from tests.unit.definition.stage import Stage
from variate.errors import InvalidInputError

SCHEMA = {
    "type": "object",
    "properties": {"sizes": {"type": "array", "items": {"$ref": "#/$defs/size"}}},
    "required": ["sizes"],
    "$defs": {"size": {"type": "integer", "minimum": 1}},
}
GOOD: dict[str, Any] = {"sizes": [1, 2]}


def variations(on: Any, off: Any) -> list[Any]:
    return [{"name": "on", "value": on}, {"name": "off", "value": off}]


def test_values_that_obey_the_schema_are_taken(stage: Stage) -> None:
    made = stage.flags.create_feature_flag("nav", schema=SCHEMA, variations=variations(GOOD, {"sizes": []}))
    assert made.targeting is not None
    assert made.targeting.value["schema"] == SCHEMA


@pytest.mark.parametrize(
    ("value", "path"),
    [({}, ""), ({"sizes": 1}, "['sizes']"), ({"sizes": [1, 0]}, "['sizes'][1]"), ({"sizes": ["a"]}, "['sizes'][0]")],
)
def test_a_value_that_breaks_the_schema_is_refused_with_the_place_in_it(stage: Stage, value: Any, path: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        stage.flags.create_feature_flag("nav", schema=SCHEMA, variations=variations(GOOD, value))
    assert refusal.value.field == f"variations[1].value{path}"
    assert refusal.value.rule.startswith("breaks the schema: ")
    assert stage.entries() == []


@pytest.mark.parametrize("schema", [{"type": "objekt"}, {"type": 7}, {"required": "a"}, [], "object", 7])
def test_what_is_no_schema_is_refused(stage: Stage, schema: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^schema: is no JSON schema"):
        stage.flags.create_feature_flag("nav", schema=schema, variations=variations(GOOD, GOOD))


@pytest.mark.parametrize(
    "reference",
    ["http://127.0.0.1:9/schema.json", "https://example.com/a", "file:///etc/passwd", "other.json", "#/$defs/none"],
)
def test_a_reference_that_leads_out_of_the_schema_is_refused_and_nothing_is_fetched(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    fetched: list[object] = []

    def fetch(*given: object, **_: object) -> None:
        fetched.append(given)
        raise OSError("there is no network here")

    monkeypatch.setattr(urllib.request, "urlopen", fetch)
    monkeypatch.setattr("socket.socket.connect", fetch)
    monkeypatch.setattr("socket.create_connection", fetch)
    with pytest.raises(InvalidInputError, match=r"^schema: refers to what is not in it"):
        stage.flags.create_feature_flag("nav", schema={"$ref": reference}, variations=variations(GOOD, GOOD))
    assert fetched == []


def test_only_a_flag_of_json_has_a_schema(stage: Stage) -> None:
    with pytest.raises(InvalidInputError, match=r"^schema: is for flags of type json"):
        stage.flags.create_feature_flag("nav", schema={"type": "string"}, variations=variations("a", "b"))
    flag = stage.flags.create_feature_flag(
        "nav", type="json", schema={"type": "string"}, variations=variations("a", "b")
    )
    assert flag.revision == 1


def test_a_change_of_the_schema_is_held_against_the_values_there_are(stage: Stage) -> None:
    stage.flags.create_feature_flag("nav", flag_id="f", schema=SCHEMA, variations=variations(GOOD, GOOD))
    with pytest.raises(InvalidInputError, match=r"^variations\[0\].value: breaks the schema"):
        stage.flags.update_feature_flag("f", schema={"required": ["colours"]})
    with pytest.raises(InvalidInputError, match=r"^variations\[1\].value: breaks the schema"):
        stage.flags.update_feature_flag("f", variations=variations(GOOD, 7))
    changed = stage.flags.update_feature_flag("f", schema=None, variations=variations(GOOD, 7))
    assert changed.targeting is not None
    assert changed.targeting.value["schema"] is None


def test_a_schema_that_refers_to_itself_is_followed(stage: Stage) -> None:
    tree = {"type": "object", "additionalProperties": {"$ref": "#"}}
    assert (
        stage.flags.create_feature_flag("nav", schema=tree, variations=variations({"a": {"b": {}}}, {})).revision == 1
    )
    with pytest.raises(InvalidInputError, match=r"^variations\[1\].value\['a'\]\['b'\]: breaks the schema"):
        stage.flags.create_feature_flag("nav", schema=tree, variations=variations({}, {"a": {"b": 7}}))


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#"}}}])
def test_a_schema_that_leads_nowhere_but_to_itself_is_refused(stage: Stage, schema: Any) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        stage.flags.create_feature_flag("nav", schema=schema, variations=variations(GOOD, GOOD))
    assert refusal.value.field == "schema"


@pytest.mark.parametrize("schema", [{"pattern": "("}, {"properties": {"a": {"pattern": "["}}}])
def test_a_pattern_that_is_none_is_refused(stage: Stage, schema: Any) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        stage.flags.create_feature_flag("nav", schema=schema, variations=variations({"a": "x"}, "x"))
    assert refusal.value.field == "schema"


@pytest.mark.parametrize(
    ("schema", "value"), [({"multipleOf": 0.5}, 10**400), ({"multipleOf": 10**400}, 0.5)], ids=["value", "schema"]
)
def test_a_number_too_large_to_be_divided_is_refused(stage: Stage, schema: Any, value: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^schema: has a number, or is held against one, that is too large"):
        stage.flags.create_feature_flag("nav", type="json", schema=schema, variations=variations(value, value))
    assert stage.entries() == []


SLOW = "^(a+)+$"
LONG = "a" * 60 + "!"
_NESTED = {f"d{each}": {"allOf": [{"$ref": f"#/$defs/d{each + 1}"}] * 2} for each in range(40)}


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"pattern": SLOW}, LONG, "does not match"),
        ({"patternProperties": {SLOW: {}}, "additionalProperties": False}, {LONG: 1}, "additional properties"),
        ({"propertyNames": {"pattern": SLOW}}, {LONG: 1}, "does not match"),
        ({"$schema": "https://json-schema.org/draft/2020-12/schema", "items": {"pattern": SLOW}}, [LONG], "not match"),
        ({"not": {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": SLOW}}, LONG, "at its beginning"),
        ({"patternProperties": {SLOW: {}}, "unevaluatedProperties": False}, {LONG: 1}, "may not have unevaluated"),
        ({"$ref": "#/$defs/d0", "$defs": {**_NESTED, "d40": {}}}, 1, "so often"),
        ({"pattern": "(?=a)"}, "a", "RE2"),
    ],
)
def test_no_schema_makes_us_reckon_for_ever(stage: Stage, schema: Any, value: Any, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        stage.flags.create_feature_flag("nav", type="json", schema=schema, variations=variations(value, value))


def test_properties_are_told_apart_by_patterns(stage: Stage) -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "properties": {"name": {"type": "string", "pattern": "^n"}},
        "patternProperties": {"^x-": {"type": "integer"}},
        "additionalProperties": {"type": "boolean"},
    }
    good = {"name": "nav", "x-size": 1, "open": True}
    assert stage.flags.create_feature_flag("nav", schema=schema, variations=variations(good, {})).revision == 1
    for wrong in ({"name": "a"}, {"x-size": "1"}, {"open": 1}):
        with pytest.raises(InvalidInputError, match=r"^variations\[1\].value.*: breaks the schema"):
            stage.flags.create_feature_flag("nav", schema=schema, variations=variations(good, wrong))
