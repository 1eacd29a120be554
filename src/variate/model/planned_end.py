"""When an experiment is planned to end: at the moment it names, or once enough units are in, whichever comes first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """``units`` were in at ``at``, and so many came ``per_day``: None where that is not known yet."""

    units: int
    per_day: float | None
    at: datetime


def days_left(*, ends_at: datetime | None, planned_units: int | None, pace: Pace | None, at: datetime) -> float | None:
    """Return how many days it is at ``at`` to the planned end; below 0, the end is overdue by so many.

    ``pace`` is as the newest report counted, None where there is none. The units are taken to come on as they came.
    None where nothing is planned, and where the plan is in units of which too little is known.
    """
    ways = []
    if ends_at is not None:
        ways.append((ends_at - at) / _DAY)
    if planned_units is not None and pace is not None:
        missing = planned_units - pace.units
        if missing <= 0:
            ways.append((pace.at - at) / _DAY)
        elif pace.per_day:
            ways.append((pace.at - at) / _DAY + missing / pace.per_day)
    return min(ways) if ways else None
