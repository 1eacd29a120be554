"""A condition is what its JSON says, or is refused by the place and the rule."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from tests.unit.decision.condition_strategies import conditions
from variate.errors import InvalidInputError
from variate.model.condition import (
    MAX_CONDITION_DEPTH,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    InAudience,
    Negation,
    Percentage,
    audiences_of,
    condition_record,
    read_condition,
)
from variate.model.operators import MAX_VALUES, Operator

EXISTS = {"attribute": "a", "operator": "exists"}


def compare(operator: str, *value: Any, attribute: str = "a") -> dict[str, Any]:
    return {"attribute": attribute, "operator": operator, **({"value": value[0]} if value else {})}


def nested(depth: int, form: str = "not") -> Any:
    record: Any = EXISTS
    for _ in range(depth - 1):
        record = {form: record if form == "not" else [record]}
    return record


def refused(record: Any) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as refusal:
        read_condition("audience", record)
    return refusal.value


def test_every_form_is_read_to_its_value() -> None:
    record = {
        "all": [
            {"attribute": "country", "operator": "in", "value": ["US", "DE"]},
            {"any": [{"audience": "beta"}, {"percentage": 20, "salt": "wave-1"}]},
            {"not": {"attribute": "account.plan", "operator": "exists"}},
        ]
    }
    assert read_condition("audience", record) == AllOf(
        (
            Comparison(attribute="country", operator=Operator.IN, value=("US", "DE")),
            AnyOf((InAudience("beta"), Percentage(percentage=20, salt="wave-1"))),
            Negation(Comparison(attribute="account.plan", operator=Operator.EXISTS)),
        )
    )


@given(condition=conditions())
def test_a_condition_comes_back_from_its_json_unchanged(condition: Condition) -> None:
    record = condition_record(condition)
    again = read_condition("audience", json.loads(json.dumps(record)))
    assert again == condition
    assert condition_record(again) == record
    assert pickle.loads(pickle.dumps(condition)) == condition


@pytest.mark.parametrize(
    "record",
    [
        compare("in_cidr", "10.0.0.0/8"),
        compare("in_cidr", ["10.0.0.0/8"]),
        compare("equals", None),
        compare("includes", None),
        compare("in", [None, True, 1, 1.5, "1"]),
        compare("in", []),
        compare("matches", "(?i)^a"),
        {"percentage": 0.07, "salt": "s"},
    ],
)
def test_json_in_its_canonical_form_is_given_back_as_it_was(record: Any) -> None:
    assert condition_record(read_condition("audience", record)) == record


def test_a_whole_percentage_is_written_as_one() -> None:
    assert json.dumps(condition_record(Percentage(percentage=20.0, salt="s"))) == '{"percentage": 20, "salt": "s"}'


def test_a_condition_cannot_change() -> None:
    values = ["US"]
    condition = Comparison(attribute="country", operator=Operator.IN, value=values)  # type: ignore[arg-type]
    values.append("DE")
    assert condition.value == ("US",)
    with pytest.raises(AttributeError):
        condition.value = ("DE",)  # type: ignore[misc]
    assert hash(condition) == hash(Comparison(attribute="country", operator=Operator.IN, value=("US",)))


@pytest.mark.parametrize(("left", "right"), [(1, True), (0, False), ((1,), (True,)), (("a", 0), ("a", False))])
def test_conditions_that_differ_in_the_kind_of_a_value_are_not_equal(left: Any, right: Any) -> None:
    operator = Operator.IN if isinstance(left, tuple) else Operator.EQUALS
    one, other = (Comparison(attribute="a", operator=operator, value=value) for value in (left, right))
    assert one != other


def test_the_audiences_of_a_condition_are_those_it_names() -> None:
    record = {"all": [{"audience": "a"}, {"not": {"any": [{"audience": "b"}, {"audience": "a"}, EXISTS]}}]}
    assert audiences_of(read_condition("audience", record)) == {"a", "b"}
    assert audiences_of(read_condition("audience", EXISTS)) == frozenset()


SHAPES: list[tuple[Any, str, str]] = [
    (None, "audience", "must be an object such as"),
    ([EXISTS], "audience", "must be an object such as .* not list"),
    ({}, "audience", "must have one of the keys attribute, all, any, not, audience, percentage"),
    ({"and": [EXISTS]}, "audience", "must have one of the keys"),
    ({"all": [EXISTS], "any": [EXISTS]}, "audience", "must not have the key 'any' beside 'all'"),
    ({**EXISTS, "vlaue": 1}, "audience", "must not have the key 'vlaue' .* known here is attribute, operator, value"),
    ({"not": EXISTS, 7: 1}, "audience", "must not have the key 7"),
    ({"all": []}, "audience.all", "must not be empty"),
    ({"any": []}, "audience.any", "must not be empty"),
    ({"all": EXISTS}, "audience.all", "must be a list of conditions, not dict"),
    ({"all": [EXISTS, {"any": [EXISTS, 7]}]}, "audience.all[1].any[1]", "must be an object"),
    ({"not": [EXISTS]}, "audience.not", "must be an object"),
    ({"not": {"all": [{"audience": ""}]}}, "audience.not.all[0].audience", "must not be empty"),
    ({"audience": 7}, "audience.audience", "must be a string"),
    ({"attribute": "a"}, "audience.operator", "must be given, one of equals, not_equals, in"),
    ({"attribute": 7, "operator": "exists"}, "audience.attribute", "must be a string"),
    (compare("exists", attribute=""), "audience.attribute", "must not be empty"),
    (compare("exists", attribute="a..b"), "audience.attribute", "must have a name before, after and between dots"),
    (compare("exists", attribute=".a"), "audience.attribute", "must have a name before"),
    (compare("exists", attribute="a."), "audience.attribute", "must have a name before"),
    (compare("exists", attribute="a" + ".a" * 20), "audience.attribute", "must be at most 20 names long"),
    (compare("equal", 1), "audience.operator", r"must be one of equals, .* not 'equal' \(did you mean equals\?\)"),
    (compare("greaterThan", 1), "audience.operator", r"did you mean greater_than\?"),
    (compare("~", 1), "audience.operator", "must be one of equals, .*, not_empty, not '~'$"),
    (compare("x" * 1_000_000, 1), "audience.operator", r"not 'x+\.\.\.$"),
    ({"attribute": "a", "operator": ["equals"], "value": 1}, "audience.operator", "must be one of"),
    (compare("equals"), "audience.value", "must be given: equals takes a string, a number, true, false or null"),
    (compare("before"), "audience.value", "must be given: before takes a time such as"),
    (compare("exists", None), "audience.value", "must not be given: exists takes no value"),
    (compare("empty", ""), "audience.value", "must not be given: empty takes no value"),
    (compare("in_cidr", "fe80::1%eth0"), "audience.value", "must have no scope"),
    (compare("in_cidr", "10.0.0.1/8"), "audience.value", "'10.0.0.1/8' lies within 10.0.0.0/8"),
    ({"percentage": 20}, "audience.salt", "must be given"),
    ({"percentage": 20, "salt": ""}, "audience.salt", "must not be empty"),
    ({"percentage": 20, "salt": None}, "audience.salt", "must be a string"),
]
SCALARS = [[], {}, ["a"], float("nan"), float("inf"), 10**400, "\x00", "\ud800", "x" * 50_001]
REFUSED_VALUES: dict[str, list[Any]] = {
    "equals": SCALARS,
    "not_equals": [None, *SCALARS],
    "in": ["a", 1, None, {"a": 1}, ["a"] * (MAX_VALUES + 1)],
    "not_in": ["a", 1, None, {"a": 1}],
    "contains": [1, None, True, ["a"], {}],
    "not_contains": [1, None],
    "starts_with": [1, None, ["a"]],
    "ends_with": [1, None],
    "matches": [
        1,
        None,
        "(",
        "[z-a]",
        "a(?=b)",
        r"(a)\1",
        "(?<=a)b",
        "a{2000}",
        "é" * 501,
        "x" * 1_001,
        "\ud800",
        "a\x00",
    ],
    "not_matches": ["(", "*"],
    "greater_than": ["1", True, False, None, [], float("nan"), float("inf"), 10**400],
    "greater_than_or_equals": ["1"],
    "less_than": ["1", None],
    "less_than_or_equals": [True],
    "before": [
        1,
        None,
        "",
        "today",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-01-01 00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00+14:01",
        "2026-01-01T00:00:00-15:00",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00.1234567890Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "2026-01-01T00:00:00Z\n",
    ],
    "after": ["2026-01-01", 1_767_225_600],
    "semver_equals": [1, 1.2, None, "", "one", "1.2.3.4.5", "1.2.3-", " 1.2.3", "x", "1." + "1" * 255],
    "semver_not_equals": ["one"],
    "semver_greater_than": ["one"],
    "semver_greater_than_or_equals": ["one"],
    "semver_less_than": ["one"],
    "semver_less_than_or_equals": ["one"],
    "in_cidr": [1, None, "", "localhost", "10.0.0.1/8", "10.0.0.0/33", "fe80::1%eth0", "::ffff:10.0.0.0/104", "1" * 65],
    "not_in_cidr": ["10.0.0.1/8", {}],
    "includes": SCALARS,
    "not_includes": SCALARS,
    "includes_any": ["a", 1, None, {"a": 1}],
    "not_includes_any": ["a"],
}
REFUSED_ITEMS: dict[str, list[Any]] = {
    "in": [["a"], {}, float("nan"), "\x00"],
    "not_in": [["a"]],
    "includes_any": [["a"], {}],
    "not_includes_any": [["a"]],
    "in_cidr": [1, None, "10.0.0.1/8", ["10.0.0.0/8"]],
    "not_in_cidr": ["10.0.0.1/8"],
}
PERCENTAGES = [-0.01, 100.01, 0.001, 33.333, float("nan"), float("inf"), 10**400, True, "20", None, [20]]


@pytest.mark.parametrize(("record", "field", "rule"), SHAPES)
def test_what_has_no_form_of_a_condition_is_refused_by_its_place(record: Any, field: str, rule: str) -> None:
    error = refused(record)
    assert error.field == field
    with pytest.raises(InvalidInputError, match=rule):
        raise error
    assert len(str(error)) < 1_500, "whatever was sent"


def test_the_refused_values_are_of_every_operator_that_takes_one() -> None:
    takes_none = {"exists", "not_exists", "is_null", "not_null", "empty", "not_empty"}
    assert set(REFUSED_VALUES) == set(map(str, Operator)) - takes_none


@pytest.mark.parametrize("operator", REFUSED_VALUES)
def test_a_value_the_operator_cannot_compare_with_is_refused(operator: str) -> None:
    for value in REFUSED_VALUES[operator]:
        error = refused({"all": [EXISTS, compare(operator, value)]})
        assert error.field == "audience.all[1].value", value
        assert error.rule.startswith("must ")


@pytest.mark.parametrize("operator", REFUSED_ITEMS)
def test_an_item_the_operator_cannot_compare_with_is_refused_by_its_place(operator: str) -> None:
    good = "10.0.0.0/8" if "cidr" in operator else "a"
    for item in REFUSED_ITEMS[operator]:
        assert refused(compare(operator, [good, item])).field == "audience.value[1]", item


@pytest.mark.parametrize("percentage", PERCENTAGES)
def test_a_percentage_is_from_0_to_100_in_steps_of_a_bucket(percentage: Any) -> None:
    assert refused({"percentage": percentage, "salt": "s"}).field == "audience.percentage"


def test_every_step_of_a_percentage_is_one_bucket() -> None:
    assert [Percentage(percentage=hundredths / 100, salt="s").buckets for hundredths in range(10_001)] == [
        *range(10_001)
    ]


def test_the_largest_of_everything_is_taken() -> None:
    read_condition("audience", compare("in", [f"v{number}" for number in range(MAX_VALUES)]))
    read_condition("audience", compare("matches", "é" * 500))
    read_condition("audience", compare("semver_equals", "1." + "1" * 254))
    read_condition("audience", compare("greater_than", -(10**308)))
    read_condition("audience", compare("exists", attribute="a" + ".a" * 19))


@pytest.mark.parametrize("form", ["not", "all", "any"])
def test_conditions_are_nested_at_most_20_deep(form: str) -> None:
    deepest = read_condition("audience", nested(MAX_CONDITION_DEPTH, form))
    assert deepest.depth == MAX_CONDITION_DEPTH == 20
    for depth in (MAX_CONDITION_DEPTH + 1, 100_000):
        assert refused(nested(depth, form)).rule == "must be nested at most 20 deep, and not contain itself"
    for build in (Negation, lambda inner: AllOf((inner,)), lambda inner: AnyOf((inner,))):
        with pytest.raises(InvalidInputError, match="at most 20 deep"):
            build(deepest)


def test_a_condition_that_contains_itself_is_refused() -> None:
    record: dict[str, Any] = {"all": []}
    record["all"].append({"not": record})
    assert "not contain itself" in refused(record).rule


def test_values_that_are_built_are_checked_as_those_that_are_read() -> None:
    wrong: list[Any] = [
        lambda: Comparison(attribute="a", operator="like", value="b"),  # type: ignore[arg-type]
        lambda: Comparison(attribute="a", operator=Operator.EXISTS, value="b"),
        lambda: Comparison(attribute="a", operator=Operator.CONTAINS),
        lambda: AllOf(()),
        lambda: AllOf(InAudience("a")),  # type: ignore[arg-type]
        lambda: AnyOf((InAudience("a"), EXISTS)),  # type: ignore[arg-type]
        lambda: Negation("a"),  # type: ignore[arg-type]
        lambda: InAudience(""),
        lambda: Percentage(percentage=101, salt="s"),
    ]
    for build in wrong:
        with pytest.raises(InvalidInputError, match=r"^condition\."):
            build()


def test_the_reference_names_every_operator() -> None:
    page = (Path(__file__).parents[3] / "docs" / "reference" / "conditions.md").read_text(encoding="utf-8")
    assert [operator for operator in Operator if f"`{operator}`" not in page] == []


def test_what_only_some_conditions_need_is_imported_with_the_first_of_them() -> None:
    code = """if True:
        import sys
        from variate.model.condition import read_condition

        heavy = {"re2", "ipaddress", "difflib"}
        read_condition("c", {"attribute": "a", "operator": "equals", "value": "b"})
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        read_condition("c", {"attribute": "a", "operator": "matches", "value": "b"})
        assert "re2" in sys.modules
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
