"""What both sides write: the same units, ids and data, made before the clock runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from uuid import NAMESPACE_OID, uuid5

from variate.clock import new_event_id

EXPERIMENT = "checkout-button"
VARIATIONS = ("control", "treatment")
NOW = datetime.now(UTC)
END = NOW + timedelta(days=90)
USERS = 100_003
"""How many users' events come in. A prime, so that a stride through them meets each before any a second time."""

Given: TypeAlias = dict[str, Any]
"""An event as a sender gives it."""


def pair(number: int) -> tuple[str, str]:
    """Return a unit of its own for each number, and its variation. Units come in no order, as users do."""
    return str(uuid5(NAMESPACE_OID, str(number))), VARIATIONS[number % 2]


def pairs(turn: int, count: int) -> list[tuple[str, str]]:
    """Return the units of a turn; no two turns share one."""
    return [pair(number) for number in range(turn * count, (turn + 1) * count)]


def in_no_order(number: int) -> str:
    """Return the user of this event: one of 100,003 who come back, at another place of each index each time."""
    return pair(number * 7_919 % USERS)[0]


def in_order(number: int) -> str:
    """Return the user of this event: a new one every fourth time, at the end of each index, which is the cheapest."""
    return f"user-{number // 4:012d}"


def event_turns(turns: int, count: int, user: Callable[[int], str] = in_no_order) -> Sequence[Sequence[Given]]:
    """Return ``count`` events for each of the turns and for the unmeasured one before them."""
    return [[_event(turn * count + number, user) for number in range(count)] for turn in range(turns + 1)]


def _event(number: int, user: Callable[[int], str]) -> Given:
    return {
        "id": new_event_id(),
        "user_id": user(number),
        "event_type": ("exposure", "click", "purchase", "visit")[number % 4],
        "experiment_id": EXPERIMENT,
        "data": {"value": number % 1000 / 8, "page": "/checkout", "items": number % 7},
    }
