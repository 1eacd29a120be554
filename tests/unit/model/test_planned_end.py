"""How long an experiment is planned to go on, and whether that is overdue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from variate.model.planned_end import Pace, days_left
from variate.testing.clocks import START

DAY = timedelta(days=1)


def left(
    *, ends_in: float | None = None, planned: int | None = None, pace: Pace | None = None, after: float = 0
) -> float | None:
    ends_at = None if ends_in is None else START + ends_in * DAY
    return days_left(ends_at=ends_at, planned_units=planned, pace=pace, at=START + after * DAY)


def pace(units: int, per_day: float | None) -> Pace:
    return Pace(units=units, per_day=per_day, at=START)


def test_nothing_is_left_of_what_is_not_planned() -> None:
    assert left() is None
    assert left(pace=pace(100, 10)) is None


def test_an_end_that_is_fixed_is_known_without_a_report() -> None:
    assert left(ends_in=14, after=4) == 10
    assert left(ends_in=14, after=16.5) == -2.5


def test_units_are_taken_to_come_on_as_they_came() -> None:
    assert left(planned=1_000, pace=pace(400, 100)) == 6
    assert left(planned=1_000, pace=pace(400, 100), after=2) == 4
    assert left(planned=1_000, pace=pace(400, 100), after=7) == pytest.approx(-1)


def test_a_plan_in_units_says_nothing_before_they_are_counted() -> None:
    assert left(planned=1_000) is None
    assert left(planned=1_000, pace=pace(400, None)) is None
    assert left(planned=1_000, pace=pace(400, 0)) is None


def test_units_that_are_in_are_overdue_since_they_were_counted() -> None:
    assert left(planned=1_000, pace=pace(1_000, None)) == 0
    assert left(planned=1_000, pace=pace(1_200, 50), after=3) == -3


def test_whichever_comes_first_is_the_end() -> None:
    assert left(ends_in=3, planned=1_000, pace=pace(400, 100)) == 3
    assert left(ends_in=9, planned=1_000, pace=pace(400, 100)) == 6
    assert left(ends_in=9, planned=1_000, pace=pace(400, None)) == 9
