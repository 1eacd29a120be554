"""A percentage is a whole number of buckets, whatever a float makes of it."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variate.errors import InvalidInputError
from variate.model.percentage import percent_buckets


def test_every_percentage_of_two_decimals_is_its_number_of_buckets() -> None:
    for buckets in range(10_001):
        text = f"{buckets // 100}.{buckets % 100:02}"
        assert percent_buckets("p", float(text)) == buckets
        assert percent_buckets("p", buckets / 100) == buckets
        if buckets % 100 == 0:
            assert percent_buckets("p", buckets // 100) == buckets


@given(st.floats(0, 100))
def test_anything_between_two_buckets_is_refused(percentage: float) -> None:
    off = abs(Fraction(percentage) * 100 - round(Fraction(percentage) * 100))
    if off > Fraction(1, 100_000):
        with pytest.raises(InvalidInputError, match=r"^p: must be in steps of 0.01"):
            percent_buckets("p", percentage)
    elif off < Fraction(1, 10_000_000):
        assert percent_buckets("p", percentage) == round(Fraction(percentage) * 100)


@pytest.mark.parametrize("wrong", [-0.01, 100.01, float("nan"), float("inf"), -float("inf"), 10**400, -1])
def test_what_is_not_from_0_to_100_is_refused(wrong: float) -> None:
    with pytest.raises(InvalidInputError, match=r"^p: must be a percentage from 0 to 100, not "):
        percent_buckets("p", wrong)


@pytest.mark.parametrize("wrong", [True, False, "5", None, [5], Decimal(5), Fraction(5)])
def test_what_is_no_number_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^p: must be a percentage from 0 to 100, not [A-Za-z]+$"):
        percent_buckets("p", wrong)
