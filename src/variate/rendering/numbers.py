"""Numbers as people read them: shares in percent, their differences in percentage points, amounts to a few figures."""

from __future__ import annotations

import math
from enum import StrEnum

UNBOUNDED = "unbounded"


class Quantity(StrEnum):
    """What a number is of, which says how it is read."""

    SHARE = "share"
    """From 0 to 1; read in percent, and a difference of two in percentage points."""
    AMOUNT = "amount"
    LIFT = "lift"
    """A relative difference; read in percent."""


def decimals_for(number: float) -> int:
    """Return how many decimals show four or five figures of the number: 0.1062, 1.4226, 142.26, 14,226, 0."""
    if number == 0 or not math.isfinite(number):
        return 0
    magnitude = math.floor(math.log10(abs(number)))
    return max(0, 4 - magnitude) if magnitude >= 0 else min(3 - magnitude, 9)


def percent_decimals(percentage: float) -> int:
    """Return two decimals, fewer from 1,000 % on and more under 0.1 %, so that two figures are there."""
    if percentage == 0 or not math.isfinite(percentage):
        return 2
    magnitude = math.floor(math.log10(abs(percentage)))
    if magnitude >= 3:
        return max(0, 4 - magnitude)
    return min(max(2, 1 - magnitude), 9)


def count_words(count: int) -> str:
    """Return the count with its thousands set apart: 20,000."""
    return f"{count:,}"


def value_words(value: float, *, of: Quantity) -> str:
    """Return a level: 10.62 % of a share, 1.4226 of an amount."""
    if of is Quantity.AMOUNT:
        return _amount(value, "", decimals_for(value))
    return f"{_amount(100 * value, '', percent_decimals(100 * value))} %"


def difference_words(value: float, *, of: Quantity, beside: float | None = None) -> str:
    """Return a difference with its sign: +1.25 pp of a share, +0.8012 of an amount, +4.20 % of a lift.

    It has no more figures than ``beside``, a number that it stands beside, such as the further end of its interval.
    """
    largest = value if beside is None else max(value, beside, key=abs)
    return f"{_signed(value, of=of, largest=largest)}{_unit(of)}"


def interval_words(low: float, high: float, *, of: Quantity) -> str:
    """Return both ends with their signs, to the figures that the further one needs: [+1.16, +6.84].

    An end without a bound is written as infinite; where neither has one, the word says so.
    """
    ends = [end for end in (low, high) if math.isfinite(end)]
    if not ends:
        return UNBOUNDED
    largest = max(ends, key=abs)
    return f"[{_end(low, of=of, largest=largest)}, {_end(high, of=of, largest=largest)}]"


def p_words(p: float) -> str:
    """Return a p-value: 0.034, 0.0007, 1.4e-112; below what a float can hold, so."""
    if p <= 0:
        return "<1e-300"
    if p >= 0.001:
        return f"{p:.3f}"
    return f"{p:.4f}" if p >= 0.0001 else f"{p:.1e}".replace("e-0", "e-")


def share_words(share: float) -> str:
    """Return a share or chance in percent, to two decimals at least: 50.00 %."""
    return value_words(share, of=Quantity.SHARE)


def tick_words(value: float, *, of: Quantity) -> str:
    """Return a number of an axis of differences, without zeros at its end: +2 pp, -0.5 %, 0."""
    if value == 0:
        return "0"
    return f"{value if of is Quantity.AMOUNT else 100 * value:+,.10g}{_unit(of)}"


def _end(value: float, *, of: Quantity, largest: float) -> str:
    if math.isinf(value):
        return "-∞" if value < 0 else "+∞"
    return _signed(value, of=of, largest=largest)


def _signed(value: float, *, of: Quantity, largest: float) -> str:
    if of is Quantity.AMOUNT:
        return _amount(value, "+", decimals_for(largest))
    return _amount(100 * value, "+", percent_decimals(100 * largest))


def _amount(value: float, sign: str, decimals: int) -> str:
    if value != 0 and (abs(value) >= 1e15 or abs(value) < 1e-7):
        return f"{value:{sign}.3e}"
    return f"{value:{sign},.{decimals}f}"


def _unit(of: Quantity) -> str:
    return {Quantity.SHARE: " pp", Quantity.LIFT: " %", Quantity.AMOUNT: ""}[of]
