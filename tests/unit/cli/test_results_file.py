"""A results file is checked whole before anything is loaded, and a fault names its line and column."""

from __future__ import annotations

import hashlib
from io import BufferedReader, BytesIO

import pytest

from variate.cli.results_file import Columns, ResultsFile, Survey
from variate.errors import InvalidInputError

COLUMNS = Columns(unit="id", variation="group", events=(("buy", "bought"), ("spend", "spent")))


def _file(text: str | bytes, *, columns: Columns = COLUMNS) -> ResultsFile:
    content = text if isinstance(text, bytes) else text.encode()
    return ResultsFile(BufferedReader(BytesIO(content)), name="x.csv", columns=columns)


def _survey(text: str | bytes, *, columns: Columns = COLUMNS) -> Survey:
    return _file(text, columns=columns).survey(at_byte=lambda _byte: None)


def _fault(text: str | bytes, *, columns: Columns = COLUMNS) -> str:
    with pytest.raises(InvalidInputError) as caught:
        _survey(text, columns=columns)
    return str(caught.value)


def test_rows_come_with_their_values_in_the_order_of_the_events() -> None:
    file = _file("group,spent,id,bought\na,1.5,u1,TRUE\nb,,u2,no\n")
    assert [(row.number, row.unit, row.variation, row.values) for row in file.rows()] == [
        (1, "u1", "a", [1, 1.5]),
        (2, "u2", "b", [0, 0]),
    ]


def test_a_survey_counts_rows_units_and_variations_and_the_file_can_be_read_again() -> None:
    text = "id,group,bought,spent\nu1,a,1,2\nu2,b,0,0\nu1,a,1,3\n"
    file = _file(text)
    survey = file.survey(at_byte=lambda _byte: None)
    assert (survey.rows, survey.units, dict(survey.variations)) == (3, 2, {"a": 1, "b": 1})
    assert survey.digest == hashlib.sha256(text.encode()).hexdigest()
    assert len(list(file.rows())) == 3


def test_row_is_the_number_of_the_row_where_there_is_no_such_column() -> None:
    columns = Columns(unit="row", variation="group", events=())
    assert [row.unit for row in _file("group\na\nb\n", columns=columns).rows()] == ["1", "2"]
    assert [row.unit for row in _file("group,row\na,x\nb,y\n", columns=columns).rows()] == ["x", "y"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [("TRUE", 1), ("yes", 1), ("False", 0), ("NO", 0), ("", 0), ("0", 0), ("0.0", 0), (" 7 ", 7), ("-2.5", -2.5)],
)
def test_a_cell_is_a_number_or_a_word(cell: str, value: float) -> None:
    (row,) = _file(f"id,group,bought,spent\nu,a,{cell},0\n").rows()
    assert row.values[0] == value


@pytest.mark.parametrize("cell", ["abc", "nan", "inf", "1_000", "1e999", "maybe", "0x1"])
def test_any_other_cell_is_refused_by_line_and_column(cell: str) -> None:
    fault = _fault(f"id,group,bought,spent\nu,a,1,0\nv,a,1,{cell}\n")
    assert "x.csv line 3, column 'spent'" in fault
    assert repr(cell) in fault


def test_all_faults_are_counted_and_the_first_is_named() -> None:
    fault = _fault("id,group,bought,spent\nu,a,x,0\nv,a,1\n,a,1,1\n")
    assert "line 2, column 'bought'" in fault
    assert "and 2 more faults" in fault


def test_unknown_columns_are_all_named_with_what_there_is() -> None:
    fault = _fault("id,group,other\nu,a,1\n")
    assert "no column 'bought', 'spent'; its header has id, group, other" in fault


def test_a_column_that_stands_twice_is_refused() -> None:
    assert "'group' more than once" in _fault("id,group,bought,spent,group\nu,a,1,1,b\n")


def test_a_unit_in_two_variations_is_refused_naming_both_lines() -> None:
    fault = _fault("id,group,bought,spent\nu,a,1,0\nv,b,1,0\nu,b,1,0\n")
    assert "line 4" in fault
    assert "unit 'u' the variation 'b', but line 2 gave it 'a'" in fault


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no column 'id', 'group'"),
        (b"id,group,bought,spent\n", "no rows"),
        (b"id,group,bought,spent\nu,,1,1\n", "line 2, column 'group': must not be empty"),
        (b"id,group,bought,spent\n,a,1,1\n", "line 2, column 'id': must not be empty"),
        (b"id,group,bought,spent\nu,a,1\n", "line 2: has 3 cells where the header has 4"),
        (b"id,group,bought,spent\nu,\xff,1,1\n", "not UTF-8"),
        (b'id,group,bought,spent\nu,"a,1,1\n', "not CSV"),
        (b"id,group,bought,spent\n" + b"u" * 1_025 + b",a,1,1\n", "at most 1024 bytes"),
    ],
)
def test_what_is_not_such_a_file_is_refused_with_its_fault(content: bytes, words: str) -> None:
    assert words in _fault(content)


def test_more_than_a_hundred_variations_are_taken_for_the_wrong_column() -> None:
    rows = "".join(f"u{number},v{number},1,1\n" for number in range(101))
    assert "column 'group': has more than 100 different values" in _fault(f"id,group,bought,spent\n{rows}")


def test_a_byte_order_mark_blank_lines_and_a_missing_final_newline_are_no_faults() -> None:
    survey = _survey("\ufeffid,group,bought,spent\r\nu,a,1,1\r\n\r\nv,b,1,1")
    assert survey.rows == 2


def test_a_cell_may_hold_a_line_break_and_lines_are_still_named_rightly() -> None:
    assert "line 4, column 'spent'" in _fault('id,group,bought,spent\n"u\nv",a,1,1\nw,a,1,x\n')


@pytest.mark.parametrize("events", [(("e", "a"), ("e", "b")), (("exposure", "a"),)])
def test_an_event_needs_a_name_of_its_own(events: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(InvalidInputError, match="--event"):
        Columns(unit="u", variation="v", events=events)
