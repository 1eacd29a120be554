"""What is searched for, and what is found by it."""

from __future__ import annotations

import pytest

from variate.errors import InvalidInputError
from variate.model.listing import checked_text, contains, folded


@pytest.mark.parametrize(
    ("given", "text"), [(None, None), ("", None), (" \n", None), (" a b ", "a b"), ("Ä", "Ä"), ("%", "%")]
)
def test_spaces_around_a_text_do_not_count(given: str | None, text: str | None) -> None:
    assert checked_text(given) == text


@pytest.mark.parametrize("given", [7, b"x", "\x00", "\ud800", "x" * 1_025])
def test_what_no_name_can_hold_is_refused(given: str) -> None:
    with pytest.raises(InvalidInputError, match="text: must"):
        checked_text(given)


def test_the_letters_a_to_z_alone_are_folded() -> None:
    assert folded("AZ az ÄÉ İ\u212a ß 😀") == "az az ÄÉ İ\u212a ß 😀"


def test_one_place_has_to_contain_the_whole_text() -> None:
    assert contains("B c", ("ab", "aB Cd"))
    assert not contains("B c", ("ab", "cd"))
    assert contains(None, ())
