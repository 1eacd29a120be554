"""A list of events behind the EventStore's window, in pages of two, shuffled: a window promises no order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from variate.model import Document, Event, Experiment, Json, Page, Variation, VerdictStatus

START = datetime(2026, 1, 1, tzinfo=UTC)
END = START + timedelta(days=30)


class ListedEvents:
    """Holds events; only ``window`` has something to say."""

    def __init__(self, events: Sequence[Event], *, seed: int = 1) -> None:
        self.events = list(events)
        random.Random(seed).shuffle(self.events)

    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        raise NotImplementedError

    def of_unit(
        self,
        unit: str,
        *,
        event_type: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        at: datetime,
        limit: int,
        last_key: str | None = None,
    ) -> Page[Event]:
        raise NotImplementedError

    def window(
        self,
        *,
        start: datetime,
        end: datetime,
        experiment_id: str | None = None,
        event_type: str | None = None,
        at: datetime,
        limit: int,
        last_key: str | None = None,
    ) -> Page[Event]:
        chosen = [
            event
            for event in self.events
            if start <= event.at < end
            and experiment_id in (None, event.experiment_id)
            and event_type in (None, event.event_type)
        ]
        first = int(last_key or 0)
        after = first + 2
        return Page(tuple(chosen[first:after]), str(after) if after < len(chosen) else None)

    def purge(self, *, expired_before: datetime) -> int:
        raise NotImplementedError


def experiment(*names: str) -> Experiment:
    """Return an experiment of these variations, id ``e``."""
    variations = tuple(Variation(id=name, name=name, created_at=START, updated_at=START) for name in names)
    return Experiment(id="e", name="colours", variations=variations, created_at=START, updated_at=START)


def event(unit: str, event_type: str, data: Json, *, minute: int = 5, experiment_id: str | None = "e") -> Event:
    """Return an event so many minutes after the start."""
    return Event(
        id=f"{unit}-{event_type}-{minute}-{data}",
        unit=unit,
        event_type=event_type,
        document=Document.of(data, field="data"),
        at=START + timedelta(minutes=minute),
        experiment_id=experiment_id,
    )


def exposure(unit: str, variation: str, *, minute: int = 0) -> Event:
    """Return the exposure of the unit to this variation."""
    return event(unit, "exposure", {"variation": variation}, minute=minute)
