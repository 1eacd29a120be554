"""Intake: each event gets a verdict of its own, and is acknowledged only when durable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from variate.errors import InvalidInputError
from variate.model import EXPOSURE, Event, Json, Page, Verdict, check_dimensions, check_instant
from variate.model.rules import check_id
from variate.recording.batch import Reader
from variate.recording.latest import Latest
from variate.recording.reading import EVENT_DAYS, read_event
from variate.stores.events import EventStore

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes what ``reader`` reads into ``store``, one call after the other."""

    store: EventStore
    reader: Reader

    @property
    def clock(self) -> Callable[[], datetime]:
        """What dates events that say no time of their own."""
        return self.reader.clock

    @property
    def latest(self) -> Latest:
        """What reads the newest of what was taken in."""
        return Latest(store=self.store, clock=self.clock)

    def record_event(
        self,
        unit: str,
        event_type: str,
        data: Json,
        *,
        experiment_id: str | None = None,
        ttl_days: float | None = EVENT_DAYS,
        event_id: str | None = None,
        timestamp: datetime | str | None = None,
        sender: str | None = None,
        number: int | None = None,
    ) -> Event:
        """Store one event and return it; it is durable then.

        With an ``event_id`` it is safe to repeat: the first of that id stands, and what is returned is what was given.
        With ``ttl_days`` of None it is kept for ever. A ``sender`` that numbers what it sends says its ``number``.
        """
        at = self.clock()
        given = {
            "id": event_id,
            "user_id": unit,
            "event_type": event_type,
            "data": data,
            "experiment_id": experiment_id,
            "timestamp": timestamp,
            "ttl_days": ttl_days,
            "sender": sender,
            "number": number,
        }
        event = read_event(given, at=at, new_id=self.reader.new_id)
        self.store.append([event], at=at)
        return event

    def record_exposure(
        self,
        unit: str,
        experiment_id: str,
        variation: str,
        *,
        dimensions: Mapping[str, str] | None = None,
        event_id: str | None = None,
        sender: str | None = None,
        number: int | None = None,
    ) -> Event:
        """Record that the unit met its variation: the only way into the analysis.

        ``dimensions``, a value by name, say what the unit is like, as in ``{"country": "US"}``: a report then shows
        each. At most 20, names and values of at most 100 bytes.
        """
        data: dict[str, Json] = {"variation": check_id("variation", variation)}
        if dimensions is not None:
            data["dimensions"] = {**check_dimensions("dimensions", dimensions)}
        return self.record_event(
            unit, EXPOSURE, data, experiment_id=experiment_id, event_id=event_id, sender=sender, number=number
        )

    def batch_create_events(self, events: Iterable[Mapping[str, Any]]) -> list[Verdict]:
        """Store the events and return a verdict for each, in order: accepted, duplicate, or rejected with the reason.

        An event is a dict with ``user_id``, ``event_type``, ``data`` and, where wanted, ``id``, ``experiment_id``,
        ``timestamp``, ``ttl_days``, ``sender`` and ``number``. A bad one is rejected and the others are stored. Where
        this raises ``StoreUnavailableError``, events that were given an ``id`` can be sent again without being counted
        twice.
        """
        if isinstance(events, (str, bytes, Mapping)) or not isinstance(events, Iterable):
            raise InvalidInputError("events", "must be a list of dicts")
        verdicts: list[Verdict] = []
        stream = iter(events)
        while batch := list(islice(stream, BATCH)):
            verdicts.extend(self._take(batch))
        return verdicts

    def get_user_events(
        self,
        unit: str,
        *,
        event_type: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        limit: int = 50,
        last_key: str | None = None,
    ) -> Page[Event]:
        """Return a page of the unit's events from ``start`` to ``end``, both included, most recent first."""
        return self.store.of_unit(
            check_id("user_id", unit),
            event_type=None if event_type is None else check_id("event_type", event_type),
            start=None if start is None else check_instant("start_time", start),
            end=None if end is None else check_instant("end_time", end),
            at=self.clock(),
            limit=limit,
            last_key=last_key,
        )

    def get_events(
        self,
        *,
        start: datetime,
        end: datetime,
        experiment_id: str | None = None,
        event_type: str | None = None,
        limit: int = 1_000,
        last_key: str | None = None,
    ) -> Page[Event]:
        """Return a page of every unit's events from ``start`` to before ``end``, each once, in no promised order."""
        return self.store.window(
            start=check_instant("start", start),
            end=check_instant("end", end),
            experiment_id=experiment_id,
            event_type=event_type,
            at=self.clock(),
            limit=limit,
            last_key=last_key,
        )

    def _take(self, given: list[Mapping[str, Any]]) -> list[Verdict]:
        batch = self.reader.read(given)
        return batch.verdicts(self.store.append(batch.events, at=self.clock()) if batch.events else ())
