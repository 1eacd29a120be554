"""Axes: where their ticks are, and where on a drawing a number is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

_STEPS = (1, 2, 5, 10)
_DAYS = (1, 2, 7, 14, 28, 56, 91, 182, 364)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The numbers from ``low`` to ``high`` lie from ``start`` to ``end`` on the drawing; those beyond, at its ends."""

    low: float
    high: float
    start: float
    end: float

    def place(self, number: float) -> float:
        """Return where the number is."""
        share = (min(max(number, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def holds(self, number: float) -> bool:
        """Whether the number is within the axis."""
        return self.low <= number <= self.high


def ticks(low: float, high: float, *, at_most: int = 7) -> tuple[float, ...]:
    """Return the multiples of 1, 2 or 5 times a power of ten from ``low`` to ``high``: as many as may be.

    Only ``low`` where a float cannot tell such multiples apart, or hold them.
    """
    span = high - low
    if not 1e-300 < span < 1e300 or span < 1e-12 * max(abs(low), abs(high)):
        return (low,)
    power = math.floor(math.log10(span / at_most))
    for base in _STEPS:
        # A power of ten below 1 is not exact in floats: its inverse is.
        first = math.ceil(_divided(low, base, power) - 1e-9)
        last = math.floor(_divided(high, base, power) + 1e-9)
        if last - first < at_most:
            return tuple(_multiplied(each, base, power) for each in range(first, last + 1))
    return (low,)


def day_ticks(first: date, last: date, *, at_most: int = 7) -> tuple[date, ...]:
    """Return days from ``first`` on in steps of days, weeks or months, at most so many, none after ``last``."""
    days = (last - first).days
    step = next((each for each in _DAYS if days // each < at_most), None)
    if step is None:
        step = _DAYS[-1] * math.ceil((days + 1) / (_DAYS[-1] * at_most))
    return tuple(first + timedelta(days=passed) for passed in range(0, days + 1, step))


def day_words(day: date) -> str:
    """Return the day without its year: 3 Jan."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def full_day_words(day: date) -> str:
    """Return the day with its year: 3 Jan 2026."""
    return f"{day_words(day)} {day.year}"


def _divided(number: float, base: int, power: int) -> float:
    return number * 10.0**-power / base if power < 0 else number / (base * 10.0**power)


def _multiplied(count: int, base: int, power: int) -> float:
    return count * base / 10.0**-power if power < 0 else count * base * 10.0**power
