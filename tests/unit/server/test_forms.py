"""A form's rows are added, removed and moved by its buttons, and read as they stand."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest

from variate.errors import InvalidInputError
from variate.server.dashboard.conditions.rows import typed_rows
from variate.server.dashboard.form import MOST_FIELDS, Form, read_form
from variate.server.refusal import Refusal

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


def test_numbers_are_whole_where_they_are_typed_so() -> None:
    form = Form([("a", "5"), ("b", "5.0"), ("c", "5.5"), ("d", ""), ("e", "1e400")], sent=True)
    assert [repr(form.number(name)) for name in "abcd"] == ["5", "5", "5.5", "None"]
    assert (form.whole("b"), form.needed("c")) == (5, 5.5)
    for read, name in ((form.whole, "c"), (form.needed, "d"), (form.number, "e")):
        with pytest.raises(InvalidInputError, match=f"^{name}: must be"):
            read(name)


def test_fields_of_another_form_on_the_page_have_what_stands() -> None:
    form = Form([("a", "typed")], sent=True)
    form.others = ("b", "c", "d")
    assert (form.text("a", "stands"), form.text("b", "stands")) == ("typed", "stands")
    assert (form.ticked("c", standing=True), form.all("d", ["x"])) == (True, ["x"])


def test_rows_are_numbered_from_0_as_they_stand() -> None:
    form = pressed("up:rules[7]")
    form.reshaped()
    form.compact("rules")
    assert form.rows("rules") == [0, 1, 2]
    assert names(form) == ["a", "c", "b"]
    assert form.text("rules[0].when[0]") == "x"


def test_a_number_that_is_spelled_otherwise_is_no_row() -> None:
    form = Form([("rules[1].name", "a"), ("rules[01].name", "b"), ("rules[\u0663].name", "c")], sent=True)
    assert form.rows("rules") == [1]
    form.compact("rules")
    assert names(form) == ["a"]


def sent(*fields: tuple[str, str]) -> Form:
    return read_form(urlencode(fields).encode(), "application/x-www-form-urlencoded")


def test_the_most_rows_there_may_be_take_no_long_time() -> None:
    most = range(MOST_FIELDS // 2 - 1)
    began = time.perf_counter()
    form = sent(*((f"rules[{row}].name", "a") for row in most), ("do", "down:rules[0]"))
    assert form.reshaped()
    assert form.rows("rules")[:3] == [1, 0, 2]
    nested = (((f"when.items[{row}]", "group"), (f"when.items[{row}].items[0]", "audience")) for row in most)
    groups = typed_rows(sent(*(each for pair in nested for each in pair)), "when")
    assert len(groups.items) == len(most)
    # Each takes under a tenth of a second here; looked for anew by each row, they took ten and more.
    assert time.perf_counter() - began < 4


def test_a_name_is_no_longer_than_ours_are() -> None:
    assert sent(("a" * 200, "x")).has("a" * 200)
    with pytest.raises(Refusal, match="200 characters"):
        sent(("when" + ".items[0]" * 30, "group"))


def test_a_long_name_in_a_link_is_no_row() -> None:
    form = Form([("a[0]" * 50, "x"), ("b[0]" * 51, "x")], sent=True)
    assert (form.rows("a"), form.rows("b")) == ([0], [])
