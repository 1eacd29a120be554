"""Versions are ordered as Semantic Versioning orders them, read generously."""

from __future__ import annotations

from itertools import combinations, pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variate.model.semver import MAX_VERSION_CHARACTERS, version_key

IN_ORDER = [
    "0.0.0-0",
    "0.0.0",
    "0.0.1",
    # The next eight are the standard's own example.
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.0.1-a",
    "1.0.0.1",
    "1.2.9",
    "1.2.10",
    "1.10.0",
    "2.0.0-1",
    "2.0.0-10",
    "2.0.0-1a",
    "2.0.0-A",
    "2.0.0-a",
    "2.0.0-x",
    "2.0.0",
    "10.0.0",
    "18446744073709551616.0.0",
    "18446744073709551617.0.0",
]
EQUAL = [
    ("1", "1.0", "1.0.0", "1.0.0.0", "v1", "V1.0", "^1", "~1.0.0", ">=1.0.0", "<=1", "=1", "01.00.0000", "1.0.0+b.1"),
    ("1.0.0-rc.1", "v1.0.0-rc.1", "1.0.0-rc.01", "1.0.0-rc.1+build", "1.0.0.0-rc.1"),
]
WILDCARDS = {
    "1.x": (["1", "1.0.0", "1.9.9", "1.2.3.4", "1.X", "1.*.7"], ["0.9", "1.0.0-rc.1"], ["2", "2.x"]),
    "1.2.*": (["1.2", "1.2.42", "1.2.42.1", "1.x"], ["1.1.9", "1.2.0-rc.1"], ["1.3", "2"]),
    "1.x.3": (["1.0.3", "1.9.3", "1.x.x"], ["1.9.2", "0.0.3", "1.9.3-a"], ["1.0.4", "1.9.3.1", "2.0.0"]),
    "1.2.3.x": (["1.2.3", "1.2.3.9"], ["1.2.2.9"], ["1.2.4"]),
    "1.2.x-a": (["1.2.9-a"], ["1.2.9-0"], ["1.2.9-b", "1.2.9"]),
}
NO_VERSIONS = [
    "",
    " ",
    "v",
    "x",
    "*",
    "one",
    "1.",
    ".1",
    "1..2",
    "-1",
    "1.2.3.4.5",
    "1.2.3-",
    "1.2.3+",
    "1.2.3-a..b",
    "1.2.3-a_b",
    "1.0-alpha",
    "1-alpha",
    "1+build",
    "1.0.0-x+",
    "1.xx.0",
    "1.1x.0",
    "1.0.0v",
    " 1.0.0",
    "1.0.0 ",
    "1.0.0\n",
    "1.0.0\r\n",
    "a\n1.0.0",
    "٢.0.0",
    "1.0.0-٢",
    "1.0.0-é",
    "1.0.0-\u212a",
    "1.0.0\x00",
    "1." + "0" * 255,
]

identifiers = st.integers(0, 12).map(str) | st.sampled_from(["a", "b", "rc", "A", "0a", "-", "x"])
numbers = st.integers(0, 3).map(str)
versions = st.builds(
    lambda core, tail: ".".join(core) + ("-" + ".".join(tail) if tail and len(core) > 2 else ""),
    st.lists(numbers, min_size=1, max_size=4),
    st.lists(identifiers, max_size=3),
)


def order(left: str, right: str) -> int:
    """Return -1, 0 or 1, having made sure that every comparison of the two keys says so."""
    a, b = version_key(left), version_key(right)
    assert a is not None
    assert b is not None
    sign = int(a > b) - int(a < b)
    assert (a == b, a != b, a < b, a <= b, a > b, a >= b) == (
        sign == 0,
        sign != 0,
        sign < 0,
        sign <= 0,
        sign > 0,
        sign >= 0,
    )
    return sign


def test_each_version_is_below_all_that_follow_it() -> None:
    for lower, higher in combinations(IN_ORDER, 2):
        assert (order(lower, higher), order(higher, lower)) == (-1, 1), (lower, higher)


@pytest.mark.parametrize("texts", EQUAL)
def test_one_version_may_be_written_in_many_ways(texts: tuple[str, ...]) -> None:
    assert {order(left, right) for left, right in product(texts, repeat=2)} == {0}


@pytest.mark.parametrize("wildcard", WILDCARDS)
def test_a_wildcard_equals_whatever_stands_in_its_place(wildcard: str) -> None:
    equal, below, above = WILDCARDS[wildcard]
    for sign, others in ((0, equal), (1, below), (-1, above)):
        for other in others:
            assert (order(wildcard, other), order(other, wildcard)) == (sign, -sign), other


def test_a_key_of_a_wildcard_equals_nothing_that_is_no_key() -> None:
    assert version_key("1.x") != "1.x"
    assert version_key("1.x") != None  # noqa: E711 - what is asked is the key's own answer


@pytest.mark.parametrize("text", NO_VERSIONS)
def test_anything_else_is_no_version(text: str) -> None:
    assert version_key(text) is None


def test_the_longest_version_has_256_characters() -> None:
    assert MAX_VERSION_CHARACTERS == 256
    assert version_key("1." + "9" * 254) == (1, int("9" * 254), 0, 0, 1)
    assert version_key("1." + "9" * 255) is None


@given(st.lists(versions, min_size=3, max_size=3))
def test_the_order_is_total(texts: list[str]) -> None:
    keys: list[Any] = [version_key(text) for text in texts]
    assert all(left <= right for left, right in pairwise(sorted(keys)))
    for left, right in product(texts, repeat=2):
        assert order(left, right) == -order(right, left)
