"""Events as they came from one sender: those that are read wait for a store, the others are rejected already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from variate.errors import InvalidInputError
from variate.model import Event, Verdict, VerdictStatus
from variate.recording.reading import read_event

Outcome: TypeAlias = VerdictStatus | InvalidInputError
"""What a store made of an event: what it answered, or why it cannot hold this one."""


@dataclass(frozen=True, slots=True)
class Batch:
    """``events`` are to be stored, in order; ``_read`` has a verdict for each that was given and is not among them."""

    events: list[Event]
    _read: list[Verdict | None]

    def verdicts(self, outcomes: Iterable[Outcome]) -> list[Verdict]:
        """Return a verdict for each that was given, in order; ``outcomes`` has one for each of ``events``."""
        stored = zip(self.events, outcomes, strict=True)
        return [_verdict(*next(stored)) if verdict is None else verdict for verdict in self._read]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads what senders give. ``new_id`` makes the id of an event that comes without one."""

    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def read(self, given: Iterable[Mapping[str, Any]]) -> Batch:
        """Return the batch of these, each dated by the clock where it says no time of its own."""
        events: list[Event] = []
        verdicts: list[Verdict | None] = []
        for each in given:
            try:
                events.append(read_event(each, at=self.clock(), new_id=self.new_id))
                verdicts.append(None)
            except InvalidInputError as error:
                verdicts.append(_rejected(each, error))
        return Batch(events, verdicts)


def _verdict(event: Event, outcome: Outcome) -> Verdict:
    if isinstance(outcome, InvalidInputError):
        return Verdict(event_id=event.id, status=VerdictStatus.REJECTED, error=outcome)
    return Verdict(event_id=event.id, status=outcome)


def _rejected(given: object, error: InvalidInputError) -> Verdict:
    event_id = given.get("id") if isinstance(given, dict) else None
    return Verdict(event_id=event_id if isinstance(event_id, str) else None, status=VerdictStatus.REJECTED, error=error)
