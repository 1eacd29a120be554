"""Summarise an experiment by streaming its events, page by page."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from variate.analysis.outcomes import Summary, outcome
from variate.model import EXPOSURE, MAX_PAGE, Event, Experiment
from variate.stores.ports import EventStore

_CROSSED = -1


def summarise(
    experiment: Experiment,
    *,
    events: EventStore,
    start: datetime,
    end: datetime,
    at: datetime,
    event_types: Sequence[str] = (),
) -> Summary:
    """Return what was recorded with ``experiment`` from ``start`` to before ``end``.

    ``event_types`` come first and are there even if nobody did them; the others that occur follow by name.

    A user enters by an exposure, the first one counting; their events count from that moment on. A user exposed to two
    variations is left out and counted. The value of an event is the number in its data under ``value``, else 1, and a
    user's values of one type are added up.

    Two passes, exposures first, since a window promises no order. What is held at once is one moment a user, and one
    number for each event type that the user has.
    """

    def read(event_type: str | None) -> Iterator[Event]:
        last_key: str | None = None
        while True:
            page = events.window(
                start=start,
                end=end,
                experiment_id=experiment.id,
                event_type=event_type,
                at=at,
                limit=MAX_PAGE,
                last_key=last_key,
            )
            yield from page
            if (last_key := page.last_key) is None:
                return

    names = [variation.name for variation in experiment.variations]
    names.sort(key=lambda name: name != experiment.control)
    entries, unknown = _entries(read(EXPOSURE), names)
    users = dict.fromkeys(names, 0)
    for _, place in entries.values():
        if place != _CROSSED:
            users[names[place]] += 1
    totals = _totals(read(None), entries)
    outcomes = []
    for event_type in (*event_types, *sorted(totals.keys() - set(event_types))):
        values: dict[str, list[float]] = {name: [] for name in names}
        for unit, value in totals.get(event_type, {}).items():
            values[names[entries[unit][1]]].append(value)
        outcomes.append(outcome(event_type, users=users, values=values))
    return Summary(
        experiment_id=experiment.id,
        name=experiment.name,
        users=users,
        crossed=sum(place == _CROSSED for _, place in entries.values()),
        unknown=unknown,
        outcomes=tuple(outcomes),
    )


def _entries(exposures: Iterator[Event], names: list[str]) -> tuple[dict[str, tuple[datetime, int]], int]:
    """Return each user's first exposure with the place of its variation, and how many exposures named none."""
    places = {name: place for place, name in enumerate(names)}
    entries: dict[str, tuple[datetime, int]] = {}
    unknown = 0
    for event in exposures:
        data = event.data
        name = data.get("variation") if isinstance(data, dict) else None
        place = places.get(name) if isinstance(name, str) else None
        if place is None:
            unknown += 1
            continue
        at, before = entries.get(event.unit, (event.at, place))
        entries[event.unit] = (min(at, event.at), place if place == before else _CROSSED)
    return entries, unknown


def _totals(events: Iterator[Event], entries: dict[str, tuple[datetime, int]]) -> dict[str, dict[str, float]]:
    """Return, by event type, the sum of values of each user who has any after entering."""
    totals: dict[str, dict[str, float]] = defaultdict(dict)
    for event in events:
        entry = entries.get(event.unit)
        if entry is None or entry[1] == _CROSSED or event.at < entry[0] or event.event_type == EXPOSURE:
            continue
        of_type = totals[event.event_type]
        of_type[event.unit] = of_type.get(event.unit, 0.0) + _value(event)
    return totals


def _value(event: Event) -> float:
    data = event.data
    value = data.get("value", 1) if isinstance(data, dict) else 1
    try:
        return float(value) if isinstance(value, (int, float)) else 1.0
    except OverflowError:
        return math.inf  # a whole number beyond a float's range: the outcome then says it is out of range
