"""Conditions agree with another project's conformance cases: those featurevisor publishes for its SDKs.

The cases are read from its source distribution, which ``make test`` downloads. Every case is counted, so that none is
dropped unseen: as agreeing, as refused when the condition is written (featurevisor lets it be written, and it never
matches), as differing on purpose, or as being about something else.
"""

from __future__ import annotations

import json
import re
import sys
import tarfile
from collections import Counter
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.engines.missing import miss
from variate.decision.conditions import Matcher, compile_condition
from variate.decision.matching import matches
from variate.decision.tolerant import tolerantly
from variate.errors import InvalidInputError
from variate.model.condition import Condition, read_condition

ARCHIVE = Path(sys.prefix) / "conformance" / "featurevisor-4.0.0.tar.gz"

EVERYBODY = [{"key": "all", "conditions": "*", "percentage": 100_000}]
"""The traffic of a feature that is on for whom its conditions match."""

DIFFERENT = {
    # RE2 folds case in \w under (?i) as Unicode does, where the Kelvin sign is a k and the long s an s.
    "regex word ignores Kelvin sign under i",
    "regex word ignores long s under i",
}

REFUSED = {
    # includesAny and notIncludesAny with something else than a list of scalars, or without a value
    *(
        f"{operator}: {candidates}"
        for operator in ("includesAny", "notIncludesAny")
        for candidates in (
            "null candidates",
            "missing candidates",
            "scalar candidates",
            "object candidates",
            "nested array candidates",
            "malformed candidates after a match",
            "malformed candidates before a match",
        )
    ),
    # nothing to join
    "empty not fails defensively",
    *(f"empty expression {form}" for form in ("[]", '{"and":[]}', '{"or":[]}', '{"not":[]}')),
    *(f"schema {schema} empty {form} at root" for schema in (2, 4) for form in ("[]", '{"and":[]}')),
    # ten decimals of a second
    "date rejects ten digit expected fraction",
}


class OutsideError(Exception):
    """The case is about something conditions do not have."""


@cache
def _cases(name: str) -> Any:
    if not ARCHIVE.is_file():
        miss("featurevisor's source distribution", remedy="run make test, which downloads it")
    with tarfile.open(ARCHIVE) as archive:
        member = archive.extractfile(f"featurevisor-4.0.0/conformance/{name}.json")
        assert member is not None
        return json.load(member)


def _translated(given: Any) -> Any:
    """Return featurevisor's condition in our JSON; a bare string names one of its segments, our audiences."""
    translated: dict[str, Any]
    match given:
        case list():
            translated = {"all": [_translated(each) for each in given]}
        case {"and": list()}:
            translated = _translated(given["and"])
        case {"or": list()}:
            translated = {"any": [_translated(each) for each in given["or"]]}
        case {"not": list()}:
            translated = {"not": {"all": [_translated(each) for each in given["not"]]}}
        case {"attribute": _}:
            translated = _translated_comparison(**given)
        case {"feature": _} | {"variable": _}:
            raise OutsideError("a condition on another feature or variable")
        case "*":
            raise OutsideError("everybody, for whom we have no condition")
        case str():
            translated = _translated(_parsed(given)) if given.startswith(("[", "{")) else {"audience": given}
        case _:
            raise OutsideError("no condition at all")
    return translated


def _translated_comparison(attribute: str, operator: str, regexFlags: str = "", **value: Any) -> Any:  # noqa: N803
    name = re.sub("[A-Z]", lambda capital: f"_{capital[0].lower()}", operator)
    flags = "".join(flag for flag in regexFlags if flag in "ims")  # g asks for every match, not for another one
    if flags:
        value["value"] = f"(?{flags}){value['value']}"
    return {"attribute": attribute, "operator": name, **value}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise OutsideError("text that is no JSON") from None


def _decide(condition: Condition, attributes: Mapping[str, Any], audiences: Mapping[str, Condition]) -> bool:
    def matcher(audience_id: str) -> Matcher:
        audience = audiences.get(audience_id)
        return compile_condition(audience, matcher=matcher) if audience else lambda _unit, _attributes: False

    expected = matches(condition, "conditions-user", attributes, audiences=audiences)
    assert tolerantly(compile_condition(condition, matcher=matcher), b"conditions-user", attributes) is expected
    return expected


def _verdict(name: str, given: Any, attributes: Any, segments: Any, *, expected: bool) -> str:
    """Return how a case is counted, having made sure that it is not counted wrongly."""
    try:
        condition = read_condition("condition", _translated(given))
        audiences = {key: read_condition(key, _translated(each["conditions"])) for key, each in segments.items()}
    except OutsideError as error:
        return str(error)
    except InvalidInputError:
        # Theirs can be written and never matches, so nothing else may be expected of it.
        return "refused" if name in REFUSED and not expected else f"refused against expectation: {name}"
    if _decide(condition, attributes, audiences) is expected:
        return "agrees"
    return "differs" if name in DIFFERENT else f"differs against expectation: {name}"


def test_conditions_over_attributes() -> None:
    verdicts = Counter(
        _verdict(case["name"], case["condition"], case["context"], {}, expected=case["expected"])
        for case in _cases("sdk-v3")["conditionCases"]
    )
    assert verdicts == {"agrees": 171, "refused": 16, "differs": 2}


def test_regular_expressions() -> None:
    expressions = _cases("sdk-v3")["regularExpressions"]
    for case in expressions["portableCases"]:
        given = {
            "attribute": "it",
            "operator": "matches",
            "value": case["pattern"],
            "regexFlags": case["flags"],
        }
        assert _verdict("", given, {"it": case["value"]}, {}, expected=case["expected"]) == "agrees"
    refused = [pattern for pattern in expressions["rejectedSyntax"] if not _is_taken(pattern)]
    assert refused == ["foo(?=bar)", "(?<=foo)bar", r"(foo)\1", "foo++"]
    assert len(expressions["rejectedSyntax"]) == len(refused) + 2, "we take (?:...) and (?<name>...)"


def _is_taken(pattern: str) -> bool:
    try:
        return bool(read_condition("condition", {"attribute": "it", "operator": "matches", "value": pattern}))
    except InvalidInputError:
        return False


def test_features_that_are_on_where_their_conditions_match() -> None:
    verdicts: Counter[str] = Counter()
    for case in _cases("sdk-conditions")["cases"]:
        feature, expected = case["datafile"]["features"]["subject"], case["expected"]
        asked = case["type"] == "flag" and case["feature"] == "subject" and "options" not in case
        if not asked or set(feature) != {"bucketBy", "traffic", "conditions"} or feature["traffic"] != EVERYBODY:
            verdicts["more than one condition decides"] += 1
        elif expected["reason"] == "error":
            verdicts["a cycle of features"] += 1
        else:
            segments, on = case["datafile"]["segments"], expected["enabled"]
            verdicts[_verdict(case["name"], feature["conditions"], case["context"], segments, expected=on)] += 1
    assert verdicts == {
        "agrees": 6,
        "refused": 8,
        "more than one condition decides": 85,
        "a condition on another feature or variable": 48,
        "no condition at all": 3,
        "text that is no JSON": 1,
        "everybody, for whom we have no condition": 1,
        "a cycle of features": 1,
    }


def test_variables_of_one_rule_that_applies_where_its_conditions_match() -> None:
    verdicts: Counter[str] = Counter()
    for case in _cases("sdk-v4-cases")["cases"]:
        variable = case["datafile"]["variables"]["subject"]
        rules = variable.get("overrideProgram", [])
        if "conditions" in variable:
            assert '"variable":' in json.dumps(variable["conditions"])
            verdicts["a condition on another feature or variable"] += 1
        elif len(rules) == 1 and set(rules[0]) == {"key", "keyPath", "conditions", "operations", "onMatch", "onMiss"}:
            applies = {"variable_override_rule": True, "variable_default": False}[case["expected"]["reason"]]
            verdicts[_verdict(case["name"], rules[0]["conditions"], case["context"], {}, expected=applies)] += 1
        else:
            verdicts["what rules do to a value"] += 1
    assert verdicts == {
        "agrees": 26,
        "a condition on another feature or variable": 75,
        "what rules do to a value": 154,
    }


ORDERS = {
    "semver_equals": lambda order: order == 0,
    "semver_not_equals": lambda order: order != 0,
    "semver_greater_than": lambda order: order > 0,
    "semver_greater_than_or_equals": lambda order: order >= 0,
    "semver_less_than": lambda order: order < 0,
    "semver_less_than_or_equals": lambda order: order <= 0,
}


@pytest.mark.parametrize("operator", ORDERS)
def test_versions_in_both_directions(operator: str) -> None:
    cases = _cases("semver")["cases"]
    assert len(cases) == 44
    refused = 0
    for case in cases:
        left, right, order = case["left"], case["right"], case["order"]
        for found, value, sign in ((left, right, order), (right, left, None if order is None else -order)):
            try:
                condition = read_condition("condition", {"attribute": "it", "operator": operator, "value": value})
            except InvalidInputError:
                assert order is None
                refused += 1
                continue
            expected = sign is not None and ORDERS[operator](sign)
            assert _decide(condition, {"it": found}, {}) is expected, (case["name"], found, value)
    assert refused == sum(case["order"] is None for case in cases) == 13
