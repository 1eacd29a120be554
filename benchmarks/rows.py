"""What both sides write: the same units, ids and data, ready before the clock runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from variate.clock import new_event_id

EXPERIMENT = "checkout-button"
VARIATIONS = ("control", "treatment")
NOW = datetime.now(UTC)
END = NOW + timedelta(days=90)


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event as a sender gives it, and its data as JSON, which the bare side has ready."""

    given: dict[str, Any]
    text: str


def pair(number: int) -> tuple[str, str]:
    """Return a unit and its variation."""
    return f"user-{number:012d}", VARIATIONS[number % 2]


def pairs(turn: int, count: int) -> list[tuple[str, str]]:
    """Return the units of a turn; no two turns share one."""
    return [pair(number) for number in range(turn * count, (turn + 1) * count)]


def event_turns(turns: int, count: int) -> Sequence[Sequence[EventRow]]:
    """Return ``count`` events for each of the turns and for the unmeasured one before them."""
    return [[_event(turn * count + number) for number in range(count)] for turn in range(turns + 1)]


def _event(number: int) -> EventRow:
    data = {"value": number % 1000 / 8, "page": "/checkout", "items": number % 7}
    given = {
        "id": new_event_id(),
        "user_id": pair(number // 4)[0],
        "event_type": ("exposure", "click", "purchase", "visit")[number % 4],
        "experiment_id": EXPERIMENT,
        "data": data,
    }
    return EventRow(given, json.dumps(data, separators=(",", ":")))
