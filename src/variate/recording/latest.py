"""The newest events, for somebody who watches them come in: few, and found without reading many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from variate.clock import Clock
from variate.model import Event, check_instant
from variate.model.rules import check_id, check_whole
from variate.stores.ports import EventStore

MAX_LATEST = 200
LATEST_WINDOW = timedelta(minutes=10)
"""How far back they are looked for at most."""

_MOST_READ = 500
"""How many events are read at once: a time that holds more is narrowed."""
_FIRST = timedelta(seconds=1)
_NARROWEST = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """Reads the newest events of ``store``."""

    store: EventStore
    clock: Clock

    def latest_events(
        self,
        *,
        since: datetime | None = None,
        experiment_id: str | None = None,
        event_type: str | None = None,
        unit: str | None = None,
        limit: int = 100,
    ) -> tuple[Event, ...]:
        """Return at most ``limit`` (at most 200) events from ``since`` to now, most recent first (then by id).

        They are looked for in the last 10 minutes, however early ``since`` is, by the time that events say. Of one unit
        they are among its 500 newest; else what ``experiment_id`` and ``event_type`` choose is chosen among the newest
        200 to 500 of all, so that a busy store is not read through for rare ones: who follows on with ``since`` misses
        none that come in between, while they are as few.
        """
        check_whole("limit", limit, minimum=1, maximum=MAX_LATEST)
        named = {"experiment_id": experiment_id, "event_type": event_type, "unit": unit}
        for field, value in named.items():
            if value is not None:
                check_id(field, value)
        at = self.clock()
        earliest = at - LATEST_WINDOW
        start = earliest if since is None else max(check_instant("since", since), earliest)
        found = self._newest(start, at) if unit is None else self._of_unit(unit, start, at)
        chosen = [
            each
            for each in found
            if experiment_id in (None, each.experiment_id) and event_type in (None, each.event_type)
        ]
        chosen.sort(key=lambda each: each.id)
        chosen.sort(key=lambda each: each.at, reverse=True)
        return tuple(chosen[:limit])

    def _of_unit(self, unit: str, start: datetime, at: datetime) -> Sequence[Event]:
        return self.store.of_unit(unit, start=start, end=at, at=at, limit=_MOST_READ).items

    def _newest(self, earliest: datetime, at: datetime) -> Sequence[Event]:
        """Return every event of the longest time up to now that is tried and holds no more than are read at once.

        The time is doubled until it holds enough, and halved back where it holds too many. Where even the shortest
        does, as after an import, some of its events.
        """
        found: Sequence[Event] = ()
        some: Sequence[Event] = ()
        fits, span, over = timedelta(0), _FIRST, None
        until = at + timedelta(microseconds=1)  # what was recorded right now is before it
        while True:
            start = max(earliest, at - span)
            page = self.store.window(start=start, end=until, at=at, limit=_MOST_READ)
            if page.last_key is None:
                found, fits = page.items, span
                if len(found) >= MAX_LATEST or start == earliest:
                    return found
            else:
                some, over = page.items, span
            if over is None:
                span *= 2
            elif over - fits <= _NARROWEST:
                return found or some
            else:
                span = fits + (over - fits) / 2
