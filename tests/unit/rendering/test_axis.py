"""Ticks are where people expect them: at multiples of 1, 2 and 5, and at whole days, weeks or months."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variate.rendering.charts.axis import Axis, day_ticks, ticks


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.07, 0.13, (-0.05, 0, 0.05, 0.1)),
        (0, 1, (0, 0.2, 0.4, 0.6, 0.8, 1)),
        (-3.1, 3.1, (-3, -2, -1, 0, 1, 2, 3)),
        (12_345, 67_890, (20_000, 30_000, 40_000, 50_000, 60_000)),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, expected: tuple[float, ...]) -> None:
    assert ticks(low, high) == expected


@pytest.mark.parametrize(("low", "high"), [(0, 0), (1, 1), (5, 4), (0, float("inf")), (1e15, 1e15 + 0.25), (0, 5e-324)])
def test_an_axis_without_room_for_ticks_has_one(low: float, high: float) -> None:
    assert ticks(low, high) == (low,)


@given(st.floats(-1e200, 1e200), st.floats(1e-200, 1e200), st.integers(2, 12))
def test_ticks_are_within_the_axis_in_order_and_not_too_many(low: float, span: float, at_most: int) -> None:
    high = low + span
    found = ticks(low, high, at_most=at_most)
    assert 1 <= len(found) <= at_most
    assert list(found) == sorted(set(found))
    if len(found) > 1:
        slack = 1e-6 * span
        assert low - slack <= found[0] <= found[-1] <= high + slack


@pytest.mark.parametrize(
    ("days", "count", "step"),
    [(0, 1, None), (5, 6, 1), (12, 7, 2), (27, 4, 7), (90, 7, 14), (299, 6, 56), (5_000, 7, 728)],
)
def test_days_have_ticks_in_steps_of_days_or_weeks(days: int, count: int, step: int | None) -> None:
    first = date(2026, 1, 1)
    found = day_ticks(first, first + timedelta(days=days))
    assert (found[0], len(found)) == (first, count)
    assert {(after - before).days for before, after in itertools.pairwise(found)} == ({step} if step else set())


def test_what_is_beyond_an_axis_is_at_its_end() -> None:
    axis = Axis(low=-1, high=1, start=100, end=200)
    assert [axis.place(number) for number in (-1, 0, 1, 5, float("-inf"))] == [100, 150, 200, 200, 100]
    assert [axis.holds(number) for number in (0.5, 5)] == [True, False]
