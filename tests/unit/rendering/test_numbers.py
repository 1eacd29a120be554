"""Numbers read as people write them: percentage points, thousands, a few figures, and words where there is none."""

from __future__ import annotations

import math

import pytest

from variate.rendering.numbers import (
    Quantity,
    decimals_for,
    difference_words,
    interval_words,
    p_words,
    tick_words,
    value_words,
)

SHARE, AMOUNT, LIFT = Quantity.SHARE, Quantity.AMOUNT, Quantity.LIFT


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.1062, "0.1062"),
        (0.00012345, "0.0001234"),
        (1.42256, "1.4226"),
        (142.256, "142.26"),
        (14225.6, "14,226"),
        (-3.5, "-3.5000"),
        (float("inf"), "inf"),
    ],
)
def test_amounts_have_four_or_five_figures(number: float, text: str) -> None:
    assert f"{number:,.{decimals_for(number)}f}" == text


@pytest.mark.parametrize(
    ("value", "of", "text"),
    [
        (0.1062, SHARE, "10.62 %"),
        (0.00034, SHARE, "0.034 %"),
        (0.0, SHARE, "0.00 %"),
        (1.0, SHARE, "100.00 %"),
        (20000.4, AMOUNT, "20,000"),
        (1e18, AMOUNT, "1.000e+18"),
        (-2.5e-9, AMOUNT, "-2.500e-09"),
    ],
)
def test_a_level_is_a_percentage_or_an_amount(value: float, of: Quantity, text: str) -> None:
    assert value_words(value, of=of) == text


@pytest.mark.parametrize(
    ("value", "of", "text"),
    [
        (0.0125, SHARE, "+1.25 pp"),
        (-0.0001, SHARE, "-0.010 pp"),
        (0.042, LIFT, "+4.20 %"),
        (12.345, LIFT, "+1,234.5 %"),
        (0.8012, AMOUNT, "+0.8012"),
        (0.0, LIFT, "+0.00 %"),
    ],
)
def test_a_difference_has_its_sign_and_its_unit(value: float, of: Quantity, text: str) -> None:
    assert difference_words(value, of=of) == text


def test_an_interval_has_as_many_decimals_at_both_ends() -> None:
    assert interval_words(0.0116, 0.0684, of=SHARE) == "[+1.16, +6.84]"
    assert interval_words(-0.00001, 125.5, of=AMOUNT) == "[-0.00, +125.50]"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (-math.inf, 0.03, "[-∞, +3.00]"),
        (0.01, math.inf, "[+1.00, +∞]"),
        (-math.inf, math.inf, "unbounded"),
    ],
)
def test_an_interval_without_a_bound_says_so(low: float, high: float, text: str) -> None:
    assert interval_words(low, high, of=LIFT) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.0, "1.000"),
        (0.0343, "0.034"),
        (0.00068, "0.0007"),
        (6.3e-5, "6.3e-5"),
        (1.4e-112, "1.4e-112"),
        (0, "<1e-300"),
    ],
)
def test_a_p_value_keeps_its_digits_however_small(p: float, text: str) -> None:
    assert p_words(p) == text


@pytest.mark.parametrize(
    ("value", "of", "text"),
    [(0, LIFT, "0"), (0.02, SHARE, "+2 pp"), (-0.005, LIFT, "-0.5 %"), (1500, AMOUNT, "+1,500")],
)
def test_a_tick_has_no_zeros_at_its_end(value: float, of: Quantity, text: str) -> None:
    assert tick_words(value, of=of) == text
