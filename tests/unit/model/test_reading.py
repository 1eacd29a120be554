"""What a caller or a store hands over is read field by field, and what is wrong is named by its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from variate.errors import InvalidInputError
from variate.model.reading import (
    read_keys,
    read_list,
    read_names,
    read_optional_condition,
    read_optional_instant,
    read_truth,
)
from variate.testing.clocks import START


def test_known_keys_are_read_and_an_unknown_one_is_named_with_those_there_are() -> None:
    assert read_keys("rule", {"a": 1}, ("a", "b")) == {"a": 1}
    with pytest.raises(InvalidInputError, match=r"^rule\.c: is not known; there are a, b$"):
        read_keys("rule", {"a": 1, "c": 2}, iter(("a", "b")))
    with pytest.raises(InvalidInputError, match=r"^c: is not known"):
        read_keys("", {"c": 2}, ("a",))
    with pytest.raises(InvalidInputError, match=r"^7: is not known"):
        read_keys("", {7: 2}, ("a",))


@pytest.mark.parametrize("wrong", [None, [], "a", 7])
def test_what_is_no_dict_has_no_keys(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^rule: must be a dict, not "):
        read_keys("rule", wrong, ("a",))


def test_each_item_of_a_list_is_read_at_its_place() -> None:
    assert read_list("tags", (item for item in "ab"), lambda place, item: f"{place}={item}") == (
        "tags[0]=a",
        "tags[1]=b",
    )
    assert read_names("tags", ["a", "b"]) == ("a", "b")
    with pytest.raises(InvalidInputError, match=r"^tags\[1\]: must not be empty"):
        read_names("tags", ["a", ""])


@pytest.mark.parametrize("wrong", ["ab", b"ab", {"a": 1}, 7, None])
def test_what_is_no_list_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^tags: must be a list, not "):
        read_names("tags", wrong)


@pytest.mark.parametrize("read", [read_optional_condition, read_optional_instant])
def test_none_is_none(read: Callable[[str, Any], Any]) -> None:
    assert read("field", None) is None
    with pytest.raises(InvalidInputError, match=r"^field: "):
        read("field", 7)


def test_a_moment_may_be_a_text_or_a_time() -> None:
    assert read_optional_instant("at", START) == read_optional_instant("at", START.isoformat()) == START


@pytest.mark.parametrize("wrong", [0, 1, "true", None, []])
def test_only_true_and_false_are_truths(wrong: Any) -> None:
    assert (read_truth("on", True), read_truth("on", False)) == (True, False)
    with pytest.raises(InvalidInputError, match=r"^on: must be true or false, not "):
        read_truth("on", wrong)
