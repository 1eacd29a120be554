"""Conditions and attributes at random, from so few names and values that they meet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

from hypothesis import strategies as st

from variate.model.condition import AllOf, AnyOf, Comparison, Condition, InAudience, Negation, Percentage
from variate.model.operators import Operator

AUDIENCES = ("beta", "staff")


class Plan(StrEnum):
    FREE = "free"
    PRO = "pro"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Word(str):
    """A string of a class of its own."""

    __slots__ = ()


class Amount(float):
    """A number of a class of its own."""

    __slots__ = ()


ATTRIBUTES = ("plan", "age", "account.plan", "account.tags", "account.owner.age")

_words = st.sampled_from(["", "a", "b", "ab", "pro", "free", "1", "1.2.3", "10.0.0.7", "İ", "😀", "a\nb"])
_versions = st.sampled_from(["1", "1.0.0", "1.2.3", "v1.2", "1.2.3-beta.1", "1.2.3-beta", "2.0.0", "1.x", "1.2.*"])
_moments = st.sampled_from(
    ["2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.0009Z", "1969-12-31T23:59:59.9999Z"]
)
_addresses = st.sampled_from(["10.0.0.7", "10.1.0.0", "192.168.0.1", "::ffff:10.0.0.7", "2001:db8::1", "::1"])
_networks = st.sampled_from(["10.0.0.0/8", "10.0.0.0/31", "10.0.0.7", "192.168.0.0/16", "2001:db8::/32", "0.0.0.0/0"])
_patterns = st.sampled_from(["a", "^a$", "(?i)^PRO", r"^\d", ".", "^$", "[^a]b"])
_numbers = st.sampled_from([0, 1, 2, -1, 1.0, 1.5, 2**53 + 1, float(2**53), 10**30, 1e30, -0.0])
_scalars = _words | _numbers | st.booleans() | st.none()

_operands: dict[st.SearchStrategy[Any], str] = {
    _scalars: "equals includes not_includes",
    _scalars.filter(lambda value: value is not None): "not_equals",
    st.lists(_words, max_size=4): "in not_in includes_any not_includes_any",
    _words: "contains not_contains starts_with ends_with",
    _patterns: "matches not_matches",
    _numbers: "greater_than greater_than_or_equals less_than less_than_or_equals",
    _moments: "before after",
    _versions: (
        "semver_equals semver_not_equals semver_greater_than semver_greater_than_or_equals semver_less_than"
        " semver_less_than_or_equals"
    ),
    _networks | st.lists(_networks, max_size=4): "in_cidr not_in_cidr",
    st.none(): "exists not_exists is_null not_null empty not_empty",
}
_OPERANDS = {Operator(name): strategy for strategy, names in _operands.items() for name in names.split()}
_LISTS = (Operator.IN, Operator.NOT_IN, Operator.INCLUDES_ANY, Operator.NOT_INCLUDES_ANY)
for _operator in _LISTS:
    _OPERANDS[_operator] |= st.lists(_numbers, max_size=4) | st.lists(_scalars, max_size=4)

_odd: st.SearchStrategy[Any] = st.sampled_from(
    [
        float("nan"),
        float("inf"),
        -(10**400),
        "\ud800",
        "x" * 300,
        Plan.PRO,
        Plan.FREE,
        Level.LOW,
        Word("a"),
        Word("1.2.3"),
        Word("2026-01-01T00:00:00Z"),
        Amount(1.5),
        Decimal(1),
        b"a",
        ("a", 1),
        {"a"},
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1),  # noqa: DTZ001 - naive on purpose
        object,
    ]
)
_plain = _scalars | _versions | _moments | _addresses


def comparisons() -> st.SearchStrategy[Comparison]:
    """Return comparisons by every operator."""
    return st.sampled_from(list(Operator)).flatmap(
        lambda operator: st.builds(
            Comparison, attribute=st.sampled_from(ATTRIBUTES), operator=st.just(operator), value=_OPERANDS[operator]
        )
    )


def conditions(audiences: Sequence[str] = AUDIENCES) -> st.SearchStrategy[Condition]:
    """Return conditions of every form; none names an audience that is not given."""
    leaves: st.SearchStrategy[Condition] = comparisons() | st.builds(
        Percentage,
        percentage=st.integers(0, 10_000).map(lambda hundredths: hundredths / 100),
        salt=st.sampled_from(["s", "wave-1", "a:b", "é"]),
    )
    if audiences:
        leaves |= st.builds(InAudience, st.sampled_from(list(audiences)))
    return st.recursive(
        leaves,
        lambda inner: (
            st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
            | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
            | st.builds(Negation, inner)
        ),
        max_leaves=6,
    )


def values() -> st.SearchStrategy[Any]:
    """Return JSON values of every kind, and other things callers hand in."""
    json_like = st.recursive(
        _plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=2),
        max_leaves=4,
    )
    return _plain | st.lists(_plain | _odd, max_size=3) | json_like | _odd


def everywhere(value: Any) -> dict[str, Any]:
    """Return attributes that have ``value`` wherever a condition looks."""
    return {"plan": value, "age": value, "account": {"plan": value, "tags": value, "owner": {"age": value}}}


def attributes() -> st.SearchStrategy[dict[str, Any]]:
    """Return attributes some of which are missing."""
    value = values()
    owner = value | st.fixed_dictionaries({"age": value})
    account = value | st.fixed_dictionaries({}, optional={"plan": value, "tags": value, "owner": owner})
    return st.fixed_dictionaries({}, optional={"plan": value, "age": value, "account": account})
