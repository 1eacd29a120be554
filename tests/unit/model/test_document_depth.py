"""A document is nested no deeper than any encoder and decoder takes, wherever on the stack it is called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from variate.errors import InvalidInputError
from variate.model import MAX_DEPTH, Document

WRAPS: list[Callable[[Any], Any]] = [lambda value: [value], lambda value: {"a": value}, lambda value: (1, value)]


def nested(depth: int, wrap: Callable[[Any], Any]) -> Any:
    value = "inside"
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize("wrap", WRAPS, ids=["list", "dict", "tuple"])
def test_the_deepest_that_is_taken_comes_back(wrap: Callable[[Any], Any]) -> None:
    text = Document.of(nested(MAX_DEPTH, wrap), field="data", max_depth=MAX_DEPTH).text
    assert Document(text).value == Document.of(Document(text).value, field="data", max_depth=MAX_DEPTH).value


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 300, 400, 700, 994, 995, 996, 1_000, 50_000])
@pytest.mark.parametrize("wrap", WRAPS, ids=["list", "dict", "tuple"])
def test_one_level_more_is_refused_by_the_same_rule_as_a_thousand(wrap: Callable[[Any], Any], depth: int) -> None:
    with pytest.raises(InvalidInputError, match=f"^data: must be nested at most {MAX_DEPTH} deep") as refusal:
        Document.of(nested(depth, wrap), field="data", max_depth=MAX_DEPTH)
    assert refusal.value.field == "data"


def test_what_contains_itself_is_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(InvalidInputError, match="not contain itself"):
        Document.of(circle, field="data")


def test_our_own_documents_have_room_around_what_was_given() -> None:
    given = nested(MAX_DEPTH, WRAPS[1])
    Document.of({"before": {"variations": [{"value": given}]}}, field="audit.data")
