"""Which variation is the control of an imported experiment, and how the others follow."""

from __future__ import annotations

import pytest

from variate.cli.import_results import in_order
from variate.errors import InvalidInputError


@pytest.mark.parametrize(
    ("names", "ordered"),
    [
        (["Womens E-Mail", "No E-Mail", "Mens E-Mail"], ["No E-Mail", "Mens E-Mail", "Womens E-Mail"]),
        (["gate_40", "gate_30"], ["gate_30", "gate_40"]),
        (["treatment", "control"], ["control", "treatment"]),
        (["Email", "Nothing", "Announcement"], ["Announcement", "Email", "Nothing"]),
        (["b", "the Original", "a"], ["the Original", "a", "b"]),
        (["1", "0"], ["0", "1"]),
        (["one"], ["one"]),
    ],
)
def test_a_name_that_says_control_comes_first_else_the_first_by_the_alphabet(
    names: list[str], ordered: list[str]
) -> None:
    assert in_order(names, control=None) == ordered


def test_the_control_can_be_named() -> None:
    assert in_order(["a", "control", "b"], control="b") == ["b", "a", "control"]


def test_a_control_that_is_not_in_the_file_is_refused_with_what_there_is() -> None:
    with pytest.raises(InvalidInputError, match="must be one of a, b, not 'c'"):
        in_order(["b", "a"], control="c")
