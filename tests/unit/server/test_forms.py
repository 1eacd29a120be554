"""A form's rows are added, removed and moved by its buttons, and read as they stand."""

from __future__ import annotations

import pytest

from variate.errors import InvalidInputError
from variate.server.dashboard.form import Form

ROWS = [
    ("name", "n"),
    ("rules[0].name", "a"),
    ("rules[0].when[0]", "x"),
    ("rules[4].name", "b"),
    ("rules[7].name", "c"),
]


def pressed(button: str) -> Form:
    return Form([*ROWS, ("do", button)], sent=True)


def names(form: Form) -> list[str]:
    return [form.text(f"rules[{number}].name") for number in form.rows("rules")]


@pytest.mark.parametrize(
    ("button", "order"),
    [
        ("add:rules", ["a", "b", "c", ""]),
        ("remove:rules[4]", ["a", "c"]),
        ("up:rules[7]", ["a", "c", "b"]),
        ("down:rules[0]", ["b", "a", "c"]),
        ("up:rules[0]", ["a", "b", "c"]),
        ("down:rules[7]", ["a", "b", "c"]),
        ("down:rules[5]", ["a", "b", "c"]),
    ],
)
def test_a_button_changes_the_rows_and_nothing_else(button: str, order: list[str]) -> None:
    form = pressed(button)
    assert form.reshaped()
    assert names(form) == order
    assert form.text("name") == "n"


def test_a_row_that_is_moved_keeps_its_number_and_all_that_is_in_it() -> None:
    form = pressed("down:rules[0]")
    form.reshaped()
    assert form.rows("rules") == [4, 0, 7]
    assert form.text("rules[0].when[0]") == "x"


@pytest.mark.parametrize("button", ["", "save", "up:rules", "down:rules[x]"])
def test_another_button_changes_no_row(button: str) -> None:
    form = pressed(button)
    assert not form.reshaped()
    assert names(form) == ["a", "b", "c"]


def test_lines_are_read_without_the_empty_ones() -> None:
    assert Form([("tags", " a b \n\nc\n")], sent=True).lines("tags") == ["a b", "c"]


def test_json_is_read_and_what_is_none_is_refused_by_its_field() -> None:
    form = Form([("a", ' {"b": [1, null]} '), ("c", ""), ("d", "{"), ("e", "NaN"), ("f", "[" * 100_000)], sent=True)
    assert (form.json("a"), form.json("c")) == ({"b": [1, None]}, None)
    for name in ("d", "e", "f"):
        with pytest.raises(InvalidInputError, match=f"^{name}: must be JSON") as refusal:
            form.json(name)
        assert refusal.value.field == name


def test_rows_are_numbered_from_0_as_they_stand() -> None:
    form = pressed("up:rules[7]")
    form.reshaped()
    form.compact("rules")
    assert form.rows("rules") == [0, 1, 2]
    assert names(form) == ["a", "c", "b"]
    assert form.text("rules[0].when[0]") == "x"
