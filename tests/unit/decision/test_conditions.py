"""A condition matches by its written rule, compiled as well as read plainly."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import partial
from types import CodeType, FunctionType, MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.decision.condition_strategies import (
    AUDIENCES,
    Amount,
    Level,
    Plan,
    Word,
    attributes,
    comparisons,
    conditions,
    everywhere,
    values,
)
from variate.decision.bucketing import bucket
from variate.decision.conditions import Constants, Matcher, compile_condition, condition_source
from variate.decision.generated import NAMES
from variate.decision.matching import matches
from variate.decision.tolerant import tolerantly
from variate.decision.versions import MOST, ComparedVersions, compared_versions
from variate.model.condition import MAX_CONDITION_DEPTH, Condition, read_condition
from variate.model.networks import ADDRESSES
from variate.model.operators import Operator
from variate.model.remembered import CAPACITY
from variate.model.semver import VERSIONS
from variate.model.timestamps import MOMENTS


class Nowhere(tzinfo):
    def utcoffset(self, moment: datetime | None) -> timedelta:
        raise NotImplementedError

    dst = tzname = utcoffset  # type: ignore[assignment]


UTC_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOON_IN_TOKYO = datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=9)))
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - naive on purpose
NO_ZONES = [
    datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-14, minutes=-1))),
    datetime(2026, 1, 1, tzinfo=Nowhere()),
]

NO_STRINGS: list[Any] = [1, 1.5, True, ["pro"], {"pro": 1}, NAIVE]
NO_NUMBERS: list[Any] = ["18", "", True, False, [18], {}, NAIVE]
NO_MOMENTS: list[Any] = [
    "",
    "2026-01-01",
    "2026-01-01T12:00:00",
    1_767_268_800,
    True,
    ["2026-01-01T00:00:00Z"],
    NAIVE,
    *NO_ZONES,
]
NO_VERSIONS: list[Any] = ["", "one", " 1.2.3", "1.2.3\n", 1, 1.2, True, ["1.2.3"], "1." + "0" * 300]
NO_ADDRESSES: list[Any] = ["", "localhost", "10.0.0.1/32", "10.0.0.1.2", "fe80::1%eth0", 167_772_161, ["10.0.0.1"]]
NO_LISTS: list[Any] = ["ab", "", 1, True, {"a": 1}, {}]

# Operator: what it is given, what matches, what does not, and what is of another kind, which never matches.
TABLE: dict[str, tuple[Any, list[Any], list[Any], list[Any]]] = {
    "equals": ("pro", ["pro", Plan.PRO], ["free", "", "Pro", "pro "], NO_STRINGS),
    "not_equals": ("pro", ["free", "", "Pro", Plan.FREE], ["pro", Plan.PRO], NO_STRINGS),
    "in": (["US", "DE"], ["US", "DE"], ["us", "", "NL", 1, True], [["US"], {"US": 1}, NAIVE]),
    "not_in": (["US", "DE"], ["us", "", "NL", 1, 1.5, True, None], ["US", "DE"], [["NL"], {"NL": 1}, NAIVE]),
    "contains": ("ro", ["pro", "rot", Plan.PRO], ["", "r", "Ro"], NO_STRINGS),
    "not_contains": ("ro", ["", "r", "Ro"], ["pro", Plan.PRO], NO_STRINGS),
    "starts_with": ("pr", ["pr", "pro"], ["", "p", "spr", "Pro"], NO_STRINGS),
    "ends_with": ("ro", ["ro", "pro"], ["", "o", "roo", "pRO"], NO_STRINGS),
    "matches": ("^p.o$", ["pro", "p😀o"], ["spro", "p\no", "Pro"], [*NO_STRINGS, "pro\ud800"]),
    "not_matches": ("^p.o$", ["spro", "p\no", "Pro"], ["pro", "p😀o"], [*NO_STRINGS, "pro\ud800"]),
    "greater_than": (18, [19, 18.1, 10**400, float("inf")], [18, 18.0, 17, -(10**400), float("nan")], NO_NUMBERS),
    "greater_than_or_equals": (18, [18, 18.0, 19], [17, 17.9, float("nan")], NO_NUMBERS),
    "less_than": (18, [17, 17.9, -(10**400), Level.LOW], [18, 18.0, 19, float("nan")], NO_NUMBERS),
    "less_than_or_equals": (18, [18, 18.0, 17], [19, 18.1, float("nan")], NO_NUMBERS),
    "before": (
        "2026-01-01T12:00:00Z",
        ["2026-01-01T11:59:59.999Z", "2026-01-01T12:30:00+01:00", NOON_IN_TOKYO],
        ["2026-01-01T12:00:00Z", "2026-01-01T12:00:00.0009Z", UTC_NOON, "2027-01-01T00:00:00Z"],
        NO_MOMENTS,
    ),
    "after": (
        "2026-01-01T12:00:00Z",
        ["2026-01-01T12:00:00.001Z", "2026-01-01T12:00:00-01:00", UTC_NOON + timedelta(milliseconds=1)],
        ["2026-01-01T12:00:00.0009Z", UTC_NOON + timedelta(microseconds=999), NOON_IN_TOKYO],
        NO_MOMENTS,
    ),
    "semver_equals": ("1.2.3", ["1.2.3", "v1.2.3", "1.2.3+build", "1.x"], ["1.2.4", "1.2.3-rc.1", "1.2"], NO_VERSIONS),
    "semver_not_equals": ("1.2.3", ["1.2.4", "1.2.3-rc.1"], ["1.2.3", "v1.2.3", "1.x"], NO_VERSIONS),
    "semver_greater_than": ("1.2.3", ["1.2.10", "2"], ["1.2.3", "1.2.3-rc.1", "1.x"], NO_VERSIONS),
    "semver_greater_than_or_equals": ("1.2.3", ["1.2.3", "1.2.10", "1.x"], ["1.2.3-rc.1", "1.2"], NO_VERSIONS),
    "semver_less_than": ("1.2.3", ["1.2.3-rc.1", "1.2", "0.9"], ["1.2.3", "1.2.10", "1.x"], NO_VERSIONS),
    "semver_less_than_or_equals": ("1.2.3", ["1.2.3", "1.2.3-rc.1", "1.x"], ["1.2.10"], NO_VERSIONS),
    "in_cidr": (
        ["10.0.0.0/8", "10.64.0.0/10", "2001:db8::/32", "192.168.0.1"],
        ["10.0.0.0", "10.255.255.255", "::ffff:10.0.0.1", "2001:db8::1", "2001:0DB8::ffff", "192.168.0.1"],
        ["11.0.0.0", "9.255.255.255", "2001:db9::", "192.168.0.2", "::10.0.0.1", "::"],
        NO_ADDRESSES,
    ),
    "not_in_cidr": ("10.0.0.0/8", ["11.0.0.0", "::1"], ["10.0.0.1", "::ffff:10.0.0.1"], NO_ADDRESSES),
    "includes": ("a", [["a"], ["b", "a"], ("a",), [["b"], {}, "a"]], [[], ["b"], [["a"]], [{"a": 1}]], NO_LISTS),
    "not_includes": ("a", [[], ["b"], [["a"]], ()], [["a"], ["b", "a"], ("a",)], NO_LISTS),
    "includes_any": (["a", "b"], [["b"], ["c", "a"], [{}, "b"]], [[], ["c"], [["a"]], [{"a": 1}]], NO_LISTS),
    "not_includes_any": (["a", "b"], [[], ["c"], [["a"]]], [["b"], ["c", "a"], [{}, "b"]], NO_LISTS),
    "exists": (None, ["", "pro", 0, False, None, [], {}], [], []),
    "not_exists": (None, [], ["", "pro", 0, False, None, [], {}], []),
    "is_null": (None, [None], ["", 0, False, [], {}], []),
    "not_null": (None, ["", 0, False, [], {}], [None], []),
    "empty": (None, ["", [], (), {}], [" ", [None], {"a": None}], [0, False, None, NAIVE, set()]),
    "not_empty": (None, [" ", [None], {"a": None}, Plan.PRO], ["", [], (), {}], [1, True, None, NAIVE, {1}]),
}
NULL_MATCHES = {"exists", "is_null", "not_in"}


def compare(operator: str, value: Any = None, *, attribute: str = "it") -> dict[str, Any]:
    record = {"attribute": attribute, "operator": operator, "value": value}
    if value is None and operator not in {"equals", "includes", "not_includes"}:
        del record["value"]
    return record


def compiled(condition: Condition, audiences: Mapping[str, Condition] | None = None) -> Matcher:
    function = compile_condition(
        condition, matcher=lambda audience_id: compiled((audiences or {})[audience_id], audiences)
    )
    return partial(tolerantly, function)


def decide(
    record: Any, given: Mapping[str, Any], *, unit: str = "ada", audiences: dict[str, Any] | None = None
) -> bool:
    """Return what both the compiled condition and the reference say, having made sure that they agree."""
    condition = read_condition("condition", record)
    named = {key: read_condition(key, value) for key, value in (audiences or {}).items()}
    expected = matches(condition, unit, given, audiences=named)
    assert compiled(condition, named)(unit.encode(), given) is expected
    return expected


def test_the_table_has_every_operator() -> None:
    assert list(TABLE) == list(Operator)


@pytest.mark.parametrize("operator", TABLE)
@pytest.mark.parametrize("attribute", ["it", "deep.within.it"])
class TestEveryOperator:
    def place(self, attribute: str, value: Any) -> dict[str, Any]:
        return {"it": value} if attribute == "it" else {"deep": {"within": {"it": value}}}

    def decided(self, operator: str, attribute: str, value: Any) -> bool:
        record = compare(operator, TABLE[operator][0], attribute=attribute)
        return decide(record, self.place(attribute, value))

    def test_matches_what_it_should(self, operator: str, attribute: str) -> None:
        values = TABLE[operator][1]
        assert [value for value in values if not self.decided(operator, attribute, value)] == []

    def test_does_not_match_what_it_should_not(self, operator: str, attribute: str) -> None:
        values = TABLE[operator][2]
        assert [value for value in values if self.decided(operator, attribute, value)] == []

    def test_does_not_match_a_value_of_another_kind(self, operator: str, attribute: str) -> None:
        values = TABLE[operator][3]
        assert [value for value in values if self.decided(operator, attribute, value)] == []

    def test_matches_null_only_by_its_rule(self, operator: str, attribute: str) -> None:
        assert self.decided(operator, attribute, None) is (operator in NULL_MATCHES)

    def test_matches_a_missing_attribute_only_if_it_asks_for_that(self, operator: str, attribute: str) -> None:
        record = compare(operator, TABLE[operator][0], attribute=attribute)
        elsewhere: list[dict[str, Any]] = [
            {},
            {"deep": {}},
            {"deep": {"within": {}}},
            {"deep": "it"},
            {"deep": [{"it": 1}]},
        ]
        for given_attributes in elsewhere:
            assert decide(record, given_attributes) is (operator == "not_exists")

    def test_is_turned_round_by_not(self, operator: str, attribute: str) -> None:
        record = compare(operator, TABLE[operator][0], attribute=attribute)
        values = [value for column in TABLE[operator][1:] for value in column]
        for given_attributes in [{}, *(self.place(attribute, value) for value in values)]:
            assert decide({"not": record}, given_attributes) is not decide(record, given_attributes)


SCALARS: list[Any] = [None, True, False, 0, 1, 1.5, "", "1", "true", "null"]


@pytest.mark.parametrize("value", SCALARS)
def test_a_scalar_equals_itself_and_nothing_of_another_kind(value: Any) -> None:
    equal = [each for each in SCALARS if decide(compare("equals", value), {"it": each})]
    assert [(type(each), each) for each in equal] == [(type(value), value)]
    assert [each for each in SCALARS if decide(compare("in", [value]), {"it": each})] == equal
    assert [each for each in SCALARS if decide(compare("includes", value), {"it": [each]})] == equal
    assert [each for each in SCALARS if decide(compare("includes_any", [value]), {"it": [each]})] == equal
    assert not any(decide(record, {}) for record in (compare("equals", value), compare("in", [value, None, True, 1])))


@pytest.mark.parametrize("value", SCALARS)
def test_the_negative_of_a_set_takes_every_other_scalar(value: Any) -> None:
    others = [each for each in SCALARS if (type(each), each) != (type(value), value)]
    assert [each for each in SCALARS if decide(compare("not_in", [value]), {"it": each})] == others
    assert [each for each in SCALARS if decide(compare("not_includes", value), {"it": [each]})] == others
    assert [each for each in SCALARS if decide(compare("not_includes_any", [value]), {"it": [each]})] == others


@pytest.mark.parametrize(("value", "other"), [(True, False), (1, 2), (1.5, 1), ("a", "b")])
def test_not_equals_compares_within_the_kind_of_its_value(value: Any, other: Any) -> None:
    kinds: list[Any] = [None, True, False, 1, 2, 1.5, "a", "b", [], {}]
    different = [each for each in kinds if decide(compare("not_equals", value), {"it": each})]
    assert other in different
    assert {type(each) in (int, float) or type(each) for each in different} == {
        type(value) in (int, float) or type(value)
    }


@pytest.mark.parametrize("operator", ["equals", "in"])
def test_whole_and_other_numbers_are_one_kind(operator: str) -> None:
    equal: list[tuple[Any, Any]] = [(1, 1.0), (1.0, 1), (0, -0.0), (10**30, 10**30), (2**53, float(2**53))]
    for left, right in equal:
        assert decide(compare(operator, [left] if operator == "in" else left), {"it": right})
    different: list[tuple[Any, Any]] = [(2**53 + 1, float(2**53)), (1, True), (0, False), (1, "1"), (1, float("nan"))]
    for left, right in different:
        assert not decide(compare(operator, [left] if operator == "in" else left), {"it": right})


@pytest.mark.parametrize(
    ("operator", "value", "remembered"),
    [
        ("semver_less_than", "1.2.3", VERSIONS),
        ("semver_less_than", "1.2.3", compared_versions("<", "1.2.3")),
        ("before", "2026-01-01T00:00:00Z", MOMENTS),
        ("in_cidr", "10.0.0.0/8", ADDRESSES),
    ],
)
def test_what_was_read_is_remembered_within_bounds(operator: str, value: str, remembered: dict[str, Any]) -> None:
    decides = compiled(read_condition("condition", compare(operator, value)))
    for number in range(CAPACITY + 10):
        decides(b"ada", {"it": f"not seen before: {number}"})
        assert 0 < len(remembered) <= (MOST if isinstance(remembered, ComparedVersions) else CAPACITY)
    assert f"not seen before: {CAPACITY + 9}" in remembered
    assert not decides(b"ada", {"it": "x" * 1_000})
    assert not decides(b"ada", {"it": Word("x" * 1_000)})
    assert "x" * 1_000 not in remembered, "texts of any length would be held by the thousand"


@pytest.mark.parametrize("operator", ["in", "includes_any"])
def test_a_value_of_a_subclass_is_of_the_kind_of_its_class(operator: str) -> None:
    for operands, members in (
        (["pro", "a"], [Plan.PRO, Word("a")]),
        ([1, 1.5], [Level.LOW, Amount(1.5)]),
        (["pro", 1, 1.5, None, True], [Plan.PRO, Level.LOW, Amount(1.5)]),
    ):
        for member in members:
            assert decide(compare(operator, operands), {"it": member if operator == "in" else [member]})
            assert not decide(compare(f"not_{operator}", operands), {"it": member if operator == "in" else [member]})
            assert not decide(compare(operator, operands), {"it": Plan.FREE if operator == "in" else [Level.HIGH]})


def test_an_empty_list_of_values_holds_nothing() -> None:
    for value in SCALARS:
        assert not decide(compare("in", []), {"it": value})
        assert decide(compare("not_in", []), {"it": value})
        assert not decide(compare("includes_any", []), {"it": [value]})
        assert decide(compare("not_includes_any", []), {"it": [value]})
    assert not decide(compare("in_cidr", []), {"it": "10.0.0.1"})
    assert decide(compare("not_in_cidr", []), {"it": "10.0.0.1"})


def test_a_dotted_name_is_a_path_and_never_a_key() -> None:
    assert not decide(compare("exists", attribute="a.b"), {"a.b": 1})
    assert decide(compare("is_null", attribute="a.b"), {"a": {"b": None}})
    assert not decide(compare("exists", attribute="a.b"), {"a": MappingProxyType({"b": 1})}), "JSON has dicts only"


def test_attributes_may_be_any_mapping_and_none_is_added_to_it() -> None:
    growing: defaultdict[str, Any] = defaultdict(lambda: {"b": 1})
    for attribute in ("a", "a.b"):
        assert not decide(compare("exists", attribute=attribute), growing)
    assert dict(growing) == {}
    assert decide(compare("equals", "x"), MappingProxyType({"it": "x"}))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ({"all": [{"audience": "yes"}, {"audience": "yes"}]}, True),
        ({"all": [{"audience": "yes"}, {"audience": "no"}]}, False),
        ({"any": [{"audience": "no"}, {"audience": "yes"}]}, True),
        ({"any": [{"audience": "no"}, {"audience": "no"}]}, False),
        ({"not": {"audience": "yes"}}, False),
        ({"not": {"all": [{"audience": "yes"}, {"not": {"any": [{"audience": "yes"}]}}]}}, True),
    ],
)
def test_conditions_are_joined(record: Any, expected: bool) -> None:
    named = {"yes": compare("exists"), "no": compare("not_exists")}
    assert decide(record, {"it": 1}, audiences=named) is expected


def test_nobody_is_in_an_audience_that_the_reference_cannot_find() -> None:
    condition = read_condition("condition", {"audience": "gone"})
    assert not matches(condition, "ada", {}, audiences={})
    assert not matches(condition, "ada", {}, audiences={"gone": None})


def test_an_audience_gets_the_unit_and_the_attributes() -> None:
    seen: list[tuple[bytes, Mapping[str, Any]]] = []

    def matcher(audience_id: str) -> Matcher:
        assert audience_id == "beta"

        def is_beta(unit: bytes, given_attributes: Mapping[str, Any]) -> bool:
            seen.append((unit, given_attributes))
            return False

        return is_beta

    assert compile_condition(read_condition("c", {"audience": "beta"}), matcher=matcher)(b"ada", {"a": 1}) is False
    assert seen == [(b"ada", {"a": 1})]


@pytest.mark.parametrize("percentage", [0, 0.01, 0.07, 20, 33.33, 99.99, 100])
def test_a_percentage_is_that_many_of_the_first_buckets(percentage: float) -> None:
    record = {"percentage": percentage, "salt": "wave-1:é"}
    for number in range(3_000):
        unit = f"user-{number}"
        assert decide(record, {}, unit=unit) is (bucket("wave-1:é", unit) < round(percentage * 100))


def test_a_percentage_ends_at_the_last_hash_of_its_last_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    import mmh3

    edge = next(hashed for hashed in range(2**32 * 2_000 // 10_000 - 3, 2**32) if hashed * 10_000 >> 32 == 2_000)
    for hashed in (0, edge - 1, edge, 2**32 - 1):
        monkeypatch.setattr(mmh3, "mmh3_32_uintdigest", lambda _key, hashed=hashed: hashed)
        monkeypatch.setitem(NAMES, "murmur3", mmh3.mmh3_32_uintdigest)
        assert decide({"percentage": 20, "salt": "s"}, {}) is (hashed < edge)
        assert decide({"percentage": 100, "salt": "s"}, {})


@settings(max_examples=400, deadline=None)
@given(
    condition=conditions(),
    others=st.tuples(conditions(()), conditions(())),
    given_attributes=attributes(),
    unit=st.text("abé"),
)
def test_a_compiled_condition_says_what_the_reference_says(
    condition: Condition, others: tuple[Condition, Condition], given_attributes: dict[str, Any], unit: str
) -> None:
    audiences = dict(zip(AUDIENCES, others, strict=True))
    expected = matches(condition, unit, given_attributes, audiences=audiences)
    assert compiled(condition, audiences)(unit.encode(), given_attributes) is expected


@settings(max_examples=1_000, deadline=None)
@given(condition=comparisons(), value=values())
def test_a_compiled_comparison_says_what_the_reference_says(condition: Condition, value: Any) -> None:
    given_attributes = everywhere(value)
    assert compiled(condition)(b"ada", given_attributes) is matches(condition, "ada", given_attributes, audiences={})


def _shape(record: Any) -> tuple[str, CodeType]:
    """Return the text and the code that ``record`` is compiled to."""

    def matcher(_audience_id: str) -> Matcher:
        return lambda _unit, _attributes: True

    condition = read_condition("condition", record)
    function = compile_condition(condition, matcher=matcher)
    assert isinstance(function, FunctionType)
    return condition_source(condition, Constants(), matcher=matcher), function.__code__


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (compare("in", ["US"]), compare("in", ["DE", "NL"], attribute="country")),
        (compare("equals", "US"), compare("equals", "in_it'\"", attribute="it'\"")),
        (compare("equals", 1), compare("equals", 2.5)),
        (compare("before", "2026-01-01T00:00:00Z"), compare("before", "2027-01-01T00:00:00Z")),
        (compare("semver_less_than", "1.2.3"), compare("semver_less_than", "2.x")),
        (compare("in_cidr", "10.0.0.0/8"), compare("in_cidr", ["::/0", "10.0.0.0/8"])),
        (compare("matches", "a"), compare("matches", "(?i)b")),
        ({"percentage": 1, "salt": "a"}, {"percentage": 2, "salt": "b"}),
        ({"audience": "a"}, {"audience": "b"}),
        ({"any": [compare("equals", "a"), {"audience": "a"}]}, {"any": [compare("equals", "b"), {"audience": "b"}]}),
    ],
)
def test_conditions_of_one_shape_share_their_text_which_is_compiled_once(left: Any, right: Any) -> None:
    (text, code), (other_text, other_code) = _shape(left), _shape(right)
    assert text == other_text
    assert code.co_linetable is other_code.co_linetable
    assert code.replace(co_consts=()) == other_code.replace(co_consts=())


def test_each_operand_has_a_literal_of_its_own_and_none_stands_in_the_text() -> None:
    constants = Constants()
    same = "1"
    assert [constants.literal(same), constants.literal(same), constants.literal(None)] == ["'0'", "'1'", "'2'"]
    code = constants.put_into(compile("x == '0' != '1' != 2 != '2'", "", "eval"))
    assert code.co_consts == ("1", "1", 2, None)


def test_a_thousand_comparisons_in_one_condition_compile() -> None:
    record = {"any": [compare("equals", f"v{number}", attribute="a.b") for number in range(1_000)]}
    assert decide(record, {"a": {"b": "v999"}})
    assert not decide(record, {"a": {"b": "v1000"}})


@pytest.mark.parametrize("form", ["not", "all", "any"])
def test_the_deepest_condition_compiles(form: str) -> None:
    record: Any = compare("exists", attribute=".".join("abcdefghijklmnopqrst"))
    for _ in range(MAX_CONDITION_DEPTH - 1):
        record = {form: record if form == "not" else [record, record]}
        if form != "not" and len(json.dumps(record)) > 10_000:
            record[form].pop()
    assert decide(record, {}) is (form == "not")
