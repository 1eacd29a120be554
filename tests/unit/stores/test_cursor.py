"""A last_key says where a page ended, and nothing else is taken for one."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from variate.errors import InvalidInputError
from variate.stores.cursor import CursorValue, decode_cursor, encode_cursor


@pytest.mark.parametrize("values", [[], ["a"], ["", 0, None], ["é😀\u2028", -(2**63), 2**63 - 1]])
def test_what_was_encoded_is_decoded(values: list[CursorValue]) -> None:
    text = encode_cursor(values)
    assert text.isascii()
    assert not set(text) & set("+/= \n")
    assert decode_cursor(text, length=len(values)) == values


@pytest.mark.parametrize("value", [1.0, True, [], {}, 2**63, -(2**63) - 1, "nul \x00", "\ud800"], ids=repr)
def test_what_no_engine_holds_is_refused(value: Any) -> None:
    text = urlsafe_b64encode(json.dumps([value], separators=(",", ":")).encode()).rstrip(b"=").decode()
    _see_refused(text)


@pytest.mark.parametrize(
    "text",
    ["", "x", "!", "é", "WyJhIl0=", " WyJhIl0", "WyJhIl0\n", "WyAiYSJd", "W" * 50_000, None, 5, b"WyJhIl0"],
    ids=lambda text: repr(text)[:20],
)
def test_what_was_not_encoded_is_refused(text: Any) -> None:
    _see_refused(text)


def test_another_number_of_values_is_refused() -> None:
    _see_refused(encode_cursor(["a", "b"]))
    _see_refused(encode_cursor([]))


def test_nesting_without_end_is_refused() -> None:
    _see_refused(urlsafe_b64encode(b"[" * 12_000).decode())


def _see_refused(text: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        decode_cursor(text, length=1)
    assert caught.value.field == "last_key"
