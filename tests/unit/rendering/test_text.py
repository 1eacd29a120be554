"""Text is made fit for a page: one line, nothing that XML has no place for, and as long as there is room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variate.rendering.text import cut, escaped, fit, width


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Grüße, 名前 👩\u200d💻", "Grüße, 名前 👩\u200d💻"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("two\n\tlines ", "two lines"),
        ("\x00\x1b\x7f\x85", "\\x00\\x1b\\x7f"),
        ("\u202eevil\u2066", "\\u202eevil\\u2066"),
        ("\ud800\ufffe", "\\ud800\\ufffe"),
    ],
)
def test_what_cannot_be_on_a_page_is_written_out(given: str, shown: str) -> None:
    assert fit(given) == shown


@pytest.mark.parametrize("text", ["a  b", " a\n\tb ", "two  blanks", "\u00a0"])
def test_blanks_and_lines_stay_where_text_is_only_escaped(text: str) -> None:
    assert escaped(text) == text
    assert escaped(f"{text}\x00\u202e") == f"{text}\\x00\\u202e"


@pytest.mark.parametrize(
    ("given", "columns", "shown"),
    [
        ("short", 5, "short"),
        ("variation-of-a-long-name-12", 12, "variati…e-12"),
        ("名前名前名前", 8, "名前…前"),
    ],
)
def test_long_text_keeps_its_beginning_and_its_end(given: str, columns: int, shown: str) -> None:
    assert cut(given, columns=columns) == shown


@given(st.text(max_size=60), st.integers(2, 40))
def test_cut_text_never_takes_more_columns_than_there_are(text: str, columns: int) -> None:
    assert width(cut(text, columns=columns)) <= columns
