"""A sample of the units that came lately, with what their exposures say of them; or of those that somebody pasted."""

from __future__ import annotations

import csv
import io
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from variate.errors import InvalidInputError
from variate.model import EXPOSURE, Event, Json
from variate.model.condition import MAX_CONDITION_DEPTH
from variate.platform import Platform
from variate.server.dashboard.typed_json import json_value

MOST_UNITS = 1_000
_MOST_EVENTS = 4_000
_KEPT = timedelta(minutes=1)
_WINDOWS = ((timedelta(hours=1), "hour"), (timedelta(hours=24), "24 hours"), (timedelta(days=7), "7 days"))
_UNIT_KEYS = ("unit", "user_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Attributes by unit. ``of`` says in words whose they are; ``pasted`` that somebody gave them."""

    units: Mapping[str, Mapping[str, Any]]
    of: str
    pasted: bool = False
    names: tuple[str, ...] = field(init=False)
    """The names of attributes that some unit has, as conditions write them, in order."""

    def __post_init__(self) -> None:
        names = {name for attributes in self.units.values() for name in _names(attributes)}
        object.__setattr__(self, "names", tuple(sorted(names)))


class Samples:
    """The sample of one process, read when it is asked for and kept for a minute. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: tuple[datetime, Sample] | None = None

    def kept(self, now: datetime) -> Sample | None:
        """Return what was read in the last minute, None if nothing was."""
        read = self._read
        return read[1] if read is not None and now - read[0] < _KEPT else None

    def read(self, platform: Platform, now: datetime) -> Sample:
        """Return the sample of the shortest time that has enough units, or of the longest."""
        with self._lock:
            found = self.kept(now)
            if found is None:
                found = _recent(platform, now)
                self._read = (now, found)
            return found


def pasted(text: str) -> Sample:
    """Return the sample that was pasted: a JSON object a line, or CSV with names in its first line.

    Raise ``InvalidInputError`` saying which line is wrong.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    read = _json_lines(lines) if lines and lines[0].lstrip().startswith("{") else _csv(lines)
    units: dict[str, Mapping[str, Any]] = {}
    for place, attributes in enumerate(islice(read, MOST_UNITS), 1):
        unit = next((found for key in _UNIT_KEYS if isinstance(found := attributes.get(key), str)), f"line {place}")
        nested = attributes.get("attributes")
        units[unit] = nested if isinstance(nested, dict) else attributes
    return Sample(units=units, of="that you pasted", pasted=True)


def _recent(platform: Platform, now: datetime) -> Sample:
    for length, words in _WINDOWS:
        units: dict[str, dict[str, Any]] = {}
        for event in islice(_exposures(platform, now - length, now), _MOST_EVENTS):
            if event.unit in units or len(units) < MOST_UNITS:
                units.setdefault(event.unit, {}).update(dimensions_of(event))
        found = Sample(units=units, of=f"of the last {words}")
        if len(units) >= MOST_UNITS:
            break
    return found


def _exposures(platform: Platform, start: datetime, end: datetime) -> Iterator[Event]:
    last_key: str | None = None
    for _ in range(_MOST_EVENTS // MOST_UNITS):
        page = platform.get_events(start=start, end=end, event_type=EXPOSURE, limit=MOST_UNITS, last_key=last_key)
        yield from page.items
        last_key = page.last_key
        if last_key is None:
            return


def dimensions_of(event: Event) -> Mapping[str, Any]:
    """Return what an exposure says of its unit: nothing, where it says nothing."""
    data = event.data
    found = data.get("dimensions") if isinstance(data, dict) else None
    return found if isinstance(found, dict) else {}


def _names(attributes: Mapping[str, Any], depth: int = MAX_CONDITION_DEPTH) -> Iterator[str]:
    """Yield the names as conditions write them; what lies deeper no condition can name."""
    for name, value in attributes.items():
        if isinstance(value, dict) and value:
            yield from (f"{name}.{below}" for below in _names(value, depth - 1)) if depth > 1 else ()
        elif name and "." not in name:
            yield name


def _json_lines(lines: list[str]) -> Iterator[dict[str, Json]]:
    for place, line in enumerate(lines, 1):
        try:
            found = json_value("sample", line)
        except InvalidInputError as error:
            raise InvalidInputError("sample", f"line {place} {error.rule}") from None
        if not isinstance(found, dict):
            raise InvalidInputError("sample", f"line {place} must be an object of attributes")
        yield found


def _csv(lines: list[str]) -> Iterator[dict[str, Json]]:
    try:
        for row in csv.DictReader(io.StringIO("\n".join(lines)), strict=True):
            if None in row:
                raise InvalidInputError("sample", "a line has more values than the first has names")
            yield {name: value if name in _UNIT_KEYS else _cell(value) for name, value in row.items() if name and value}
    except csv.Error as error:
        raise InvalidInputError("sample", f"must be lines of JSON, or CSV: {error}") from None


def _cell(text: str) -> Json:
    """Return a number, true or false as such; all else is text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, (bool, int, float)) else text
