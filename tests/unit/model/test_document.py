"""A document holds what JSON and every store can hold, and gives it back unchanged."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given

from tests.unit.model.values import json_values
from variate.errors import InvalidInputError
from variate.model import MAX_DOCUMENT_BYTES, Document
from variate.testing.conformance.samples import document_of, plain


def rule_broken_by(value: Any) -> str:
    with pytest.raises(InvalidInputError) as refusal:
        Document.of(value, field="data")
    assert refusal.value.field == "data"
    return refusal.value.rule


@given(json_values)
def test_a_json_value_comes_back_equal_and_of_the_same_types(value: Any) -> None:
    assert repr(Document.of(value, field="data").value) == repr(value)


@given(json_values)
def test_its_text_is_compact_json(value: Any) -> None:
    document = Document.of(value, field="data")
    assert json.loads(document.text) == value
    assert Document.of(document.value, field="data") == document


def test_each_reading_is_a_value_of_its_own() -> None:
    document = Document.of({"list": []}, field="data")
    document.value["list"].append("changed")
    assert document.value == {"list": []}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "wrap", [lambda n: n, lambda n: [n], lambda n: {"a": {"b": [n]}}], ids=["bare", "list", "deep"]
)
def test_nan_and_infinity_are_refused(number: float, wrap: Any) -> None:
    assert "NaN or infinity" in rule_broken_by(wrap(number))


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, object(), 1j, {"a": [object()]}])
def test_what_json_has_no_form_for_is_refused(value: Any) -> None:
    rule_broken_by(value)


@pytest.mark.parametrize("value", ["\x00", "a\x00b", ["\x00"], {"a": {"b\x00": 1}}, {"a": [{"b": "\x00"}]}, ("\x00",)])
def test_the_nul_character_is_refused(value: Any) -> None:
    assert "NUL" in rule_broken_by(value)


@pytest.mark.parametrize("value", ["\\u0000", {"\\u0000": "\\\\u0000"}, "\\\\\\u0000"])
def test_text_that_looks_like_an_escaped_nul_is_not_one(value: Any) -> None:
    assert Document.of(value, field="data").value == value


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, ["😀", "\udc00"]])
def test_an_unpaired_surrogate_is_refused(value: Any) -> None:
    assert "surrogate" in rule_broken_by(value)


@pytest.mark.parametrize("value", [{1: "a"}, {None: 1}, {True: 1}, {1.5: 1}, [{"a": {2: 3}}], ({"a": {2: 3}},)])
def test_keys_that_are_not_text_are_refused(value: Any) -> None:
    assert "strings as keys" in rule_broken_by(value)


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    rule_broken_by(value)


@pytest.mark.parametrize("depth", [10, 100, 300, 600, 900, 1_000, 1_500, 5_000, 100_000])
@pytest.mark.parametrize("wrap", [lambda inner: [inner], lambda inner: {"a": inner}], ids=["lists", "objects"])
def test_however_deep_it_is_taken_and_readable_or_refused(depth: int, wrap: Any) -> None:
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    try:
        document = Document.of(value, field="data")
    except InvalidInputError:
        assert depth > 100
        assert "deep" in rule_broken_by(value)
    else:
        assert Document.of(document.value, field="data") == document


def test_a_whole_number_of_thousands_of_digits_is_taken_and_readable_or_refused() -> None:
    assert Document.of(10**1_000, field="data").value == 10**1_000
    rule_broken_by(10**10_000)


def test_it_holds_390000_bytes_and_no_more() -> None:
    assert len(document_of().text.encode()) == MAX_DOCUMENT_BYTES == 390_000
    assert "must be at most 390000 bytes of JSON, not 390001" in rule_broken_by("x" * 389_999)
    assert "must be at most 390000 bytes" in rule_broken_by("😀" * 100_000)


def test_a_lower_limit_holds_where_it_is_given() -> None:
    assert Document.of("xx", field="data", max_bytes=4).value == "xx"
    with pytest.raises(InvalidInputError, match="at most 4 bytes of JSON, not 5"):
        Document.of("xxx", field="data", max_bytes=4)


def test_a_tuple_is_a_list() -> None:
    assert Document.of((1, (2,)), field="data").value == [1, [2]]


def test_the_suites_tell_2_from_2_0_and_true_from_1() -> None:
    documents = [Document.of(value, field="data") for value in (2, 2.0, True, 1, "1", None, 0.0, -0.0)]
    assert len({plain(each) for each in documents}) == len(documents)
