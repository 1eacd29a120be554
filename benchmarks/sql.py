"""Assignments and events through a platform, beside a bare driver that inserts the same rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from benchmarks.contest import Contest, Figure, Turn
from benchmarks.line import Aim
from benchmarks.rows import END, EXPERIMENT, NOW, Given, event_turns, in_no_order, in_order, pairs
from variate import Platform
from variate.model import VerdictStatus

COLUMNS = {
    "assignments": ("user_id", "experiment_id", "version", "variation", "assigned_at", "expires_at"),
    "events": ("id", "user_id", "event_type", "data", "at", "experiment_id", "expires_at"),
}
BATCH = 500
"""Events in a call, and in a transaction of the bare driver's."""
BULK = 5_000
"""Assignments in a call, and in a transaction of the bare driver's."""
CALLS = 100
"""Calls in a turn of those that write one row."""

Row: TypeAlias = tuple[Any, ...]


class Bare(Protocol):
    """A driver on tables and indexes like ours, each commit as durable."""

    name: str

    def moment(self, moment: datetime) -> object:
        """Return the moment as a row has it."""

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Insert the rows in one transaction."""


def contests(engine: str, platform: Platform, bare: Bare, *, turns: int) -> Iterator[Contest]:
    """Yield assignments and events, one by one and many at once."""
    yield _assignments(f"{engine}: create_assignment, one a transaction", platform, bare, turns=turns)
    yield _bulk_assignments(f"{engine}: keep_assignments, {BULK:,} a transaction", platform, bare, turns=turns)
    yield _events(f"{engine}: record_event, one a transaction", platform, bare, turns=turns)
    what = f"{engine}: batch_create_events, {BATCH} a transaction"
    aim = Aim(0.6, at_least=True)
    yield event_batches(f"{what}, users in no order", platform, bare, turns=turns, aim=aim)
    yield event_batches(f"{what}, users in order", platform, bare, turns=turns, user=in_order, aim=aim)
    yield event_batches(f"{what}, users in order, rows ready", platform, bare, turns=turns, user=in_order, ready=True)


def event_batches(
    what: str,
    platform: Platform,
    bare: Bare,
    *,
    turns: int,
    user: Callable[[int], str] = in_no_order,
    ready: bool = False,
    aim: Aim | None = None,
) -> Contest:
    """Return the contest of durable events. Where ``ready``, the bare side is given rows, and only inserts them."""
    calls = 10
    events = event_turns(turns, calls * BATCH, user)
    rows = [[event_row(event, bare) for event in of_turn] for of_turn in events] if ready else None

    def ours(turn: int) -> None:
        for batch in _split(events[turn], BATCH):
            verdicts = platform.batch_create_events(batch)
            assert all(verdict.status is VerdictStatus.ACCEPTED for verdict in verdicts)

    def beside(turn: int) -> None:
        for batch in _split(events[turn], BATCH):
            bare.insert("events", [event_row(event, bare) for event in batch])

    return Contest(
        what=_beside(what, bare),
        ours=ours,
        bare=beside if rows is None else _inserting(bare, "events", rows, BATCH),
        operations=calls * BATCH,
        turns=turns,
        figure=Figure.RATE,
        aim=aim,
    )


def _events(what: str, platform: Platform, bare: Bare, *, turns: int) -> Contest:
    events = event_turns(turns, CALLS)

    def ours(turn: int) -> None:
        for event in events[turn]:
            platform.record_event(
                event["user_id"],
                event["event_type"],
                event["data"],
                experiment_id=event["experiment_id"],
                event_id=event["id"],
            )

    def beside(turn: int) -> None:
        for event in events[turn]:
            bare.insert("events", [event_row(event, bare)])

    return Contest(what=_beside(what, bare), ours=ours, bare=beside, operations=CALLS, turns=turns, figure=Figure.RATE)


def _assignments(what: str, platform: Platform, bare: Bare, *, turns: int) -> Contest:
    given = [pairs(turn, CALLS) for turn in range(turns + 1)]
    ready = [[_assignment_row(*pair, "single", bare) for pair in of_turn] for of_turn in given]

    def ours(turn: int) -> None:
        for unit, variation in given[turn]:
            platform.create_assignment(unit, "single", variation)

    return Contest(
        what=_beside(what, bare),
        ours=ours,
        bare=_inserting(bare, "assignments", ready, 1),
        operations=CALLS,
        turns=turns,
        figure=Figure.RATE,
    )


def _bulk_assignments(what: str, platform: Platform, bare: Bare, *, turns: int) -> Contest:
    calls = 2
    given = [pairs(turn, calls * BULK) for turn in range(turns + 1)]
    ready = [[_assignment_row(*pair, EXPERIMENT, bare) for pair in of_turn] for of_turn in given]

    def ours(turn: int) -> None:
        for batch in _split(given[turn], BULK):
            platform.keep_assignments(EXPERIMENT, batch)

    return Contest(
        what=_beside(what, bare),
        ours=ours,
        bare=_inserting(bare, "assignments", ready, BULK),
        operations=calls * BULK,
        turns=turns,
        figure=Figure.RATE,
    )


def _beside(what: str, bare: Bare) -> str:
    return f"{what}, beside {bare.name}"


def _inserting(bare: Bare, table: str, ready: Sequence[Sequence[Row]], size: int) -> Turn:
    def turn_of_bare(turn: int) -> None:
        for rows in _split(ready[turn], size):
            bare.insert(table, rows)

    return turn_of_bare


def _split(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _assignment_row(unit: str, variation: str, experiment_id: str, bare: Bare) -> Row:
    return unit, experiment_id, 1, variation, bare.moment(NOW), bare.moment(END)


def event_row(event: Given, bare: Bare) -> Row:
    """Return the event as a row of the bare driver's."""
    return (
        event["id"],
        event["user_id"],
        event["event_type"],
        json.dumps(event["data"]),
        bare.moment(NOW),
        event["experiment_id"],
        bare.moment(END),
    )
