"""The newest events, for somebody who watches them come in: few, and found without looking at many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from variate.clock import Clock
from variate.model import check_instant
from variate.model.rules import check_id, check_whole
from variate.stores.events import EventStore, NewestEvents

MAX_LATEST = 200
LATEST_WINDOW = timedelta(minutes=10)
"""How far back they are looked for at most."""

AMONG = 10_000
"""How many events are looked at for those that are asked for."""
_OF_UNIT = 500
"""How many events of a unit are looked at: they are read, not only looked at."""


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
    ) -> NewestEvents:
        """Return at most ``limit`` (at most 200) events from ``since`` to now, most recent first (then by id).

        They are looked for in the last 10 minutes, however early ``since`` is, by the time that events say, and so that
        a busy store is not read through for rare ones among the newest 10,000 only, or of a unit among its 500 newest.
        Where others may be beyond those, the answer is cut, and says so. Who follows on with ``since`` misses none that
        come in between, while they are as few.
        """
        check_whole("limit", limit, minimum=1, maximum=MAX_LATEST)
        named = {"experiment_id": experiment_id, "event_type": event_type, "unit": unit}
        for field, value in named.items():
            if value is not None:
                check_id(field, value)
        at = self.clock()
        earliest = at - LATEST_WINDOW
        start = earliest if since is None else max(check_instant("since", since), earliest)
        if unit is None:
            return self.store.newest(
                start=start,
                end=at + timedelta(microseconds=1),  # what was recorded right now is before it
                experiment_id=experiment_id,
                event_type=event_type,
                at=at,
                limit=limit,
                among=AMONG,
            )
        page = self.store.of_unit(unit, event_type=event_type, start=start, end=at, at=at, limit=_OF_UNIT)
        found = tuple(each for each in page if experiment_id in (None, each.experiment_id))
        return NewestEvents(events=found[:limit], is_cut=len(found) < limit and page.last_key is not None)
