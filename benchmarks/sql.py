"""Assignments and events through a platform, beside a bare driver that inserts the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol

from benchmarks.contest import Contest, Figure, Turn
from benchmarks.line import Aim
from benchmarks.rows import END, EXPERIMENT, NOW, EventRow, event_turns, pairs
from variate import Platform
from variate.model import VerdictStatus

COLUMNS = {
    "assignments": ("experiment_id", "version", "user_id", "variation", "assigned_at", "expires_at"),
    "events": ("id", "user_id", "event_type", "data", "at", "experiment_id", "expires_at"),
}
BATCH = 500
"""Events in a call, and in a transaction of the bare driver's."""
BULK = 5_000
"""Assignments in a call, and in a transaction of the bare driver's."""

Row = tuple[Any, ...]


class Bare(Protocol):
    """A driver on tables and indexes like ours, each commit as durable. Its rows are ready: it only inserts."""

    name: str

    def moment(self, moment: datetime) -> object:
        """Return the moment as a row has it."""

    def insert(self, table: str, rows: Sequence[Row]) -> None:
        """Insert the rows in one transaction."""


def contests(engine: str, platform: Platform, bare: Bare, *, turns: int) -> Iterator[Contest]:
    """Yield single assignments, bulk assignments, and events one by one and in batches."""
    yield _assignments(f"{engine}: create_assignment, one a transaction", platform, bare, calls=100, turns=turns)
    yield _bulk_assignments(f"{engine}: keep_assignments, {BULK:,} a transaction", platform, bare, turns=turns)
    yield _events(f"{engine}: record_event, one a transaction", platform, bare, calls=100, turns=turns)
    yield event_batches(engine, platform, bare, turns=turns, aim=Aim(0.6, at_least=True))


def event_batches(engine: str, platform: Platform, bare: Bare, *, turns: int, aim: Aim | None) -> Contest:
    """Return the contest of durable events, 500 a transaction."""
    calls = 10
    events = event_turns(turns, calls * BATCH)
    given = [[row.given for row in of_turn] for of_turn in events]
    ready = [[_event_row(row, bare) for row in of_turn] for of_turn in events]

    def ours(turn: int) -> None:
        for batch in _split(given[turn], BATCH):
            verdicts = platform.batch_create_events(batch)
            assert all(verdict.status is VerdictStatus.ACCEPTED for verdict in verdicts)

    return Contest(
        what=f"{engine}: batch_create_events, {BATCH} a transaction, beside {bare.name}",
        ours=ours,
        bare=_inserting(bare, "events", ready, BATCH),
        operations=calls * BATCH,
        turns=turns,
        figure=Figure.RATE,
        aim=aim,
    )


def _events(what: str, platform: Platform, bare: Bare, *, calls: int, turns: int) -> Contest:
    events = event_turns(turns, calls)
    ready = [[_event_row(row, bare) for row in of_turn] for of_turn in events]

    def ours(turn: int) -> None:
        for row in events[turn]:
            given = row.given
            platform.record_event(
                given["user_id"],
                given["event_type"],
                given["data"],
                experiment_id=given["experiment_id"],
                event_id=given["id"],
            )

    bare_turn = _inserting(bare, "events", ready, 1)
    return Contest(
        what=f"{what}, beside {bare.name}",
        ours=ours,
        bare=bare_turn,
        operations=calls,
        turns=turns,
        figure=Figure.RATE,
    )


def _assignments(what: str, platform: Platform, bare: Bare, *, calls: int, turns: int) -> Contest:
    given = [pairs(turn, calls) for turn in range(turns + 1)]
    ready = [[_assignment_row(*pair, "single", bare) for pair in of_turn] for of_turn in given]

    def ours(turn: int) -> None:
        for unit, variation in given[turn]:
            platform.create_assignment(unit, "single", variation)

    return Contest(
        what=f"{what}, beside {bare.name}",
        ours=ours,
        bare=_inserting(bare, "assignments", ready, 1),
        operations=calls,
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
        what=f"{what}, beside {bare.name}",
        ours=ours,
        bare=_inserting(bare, "assignments", ready, BULK),
        operations=calls * BULK,
        turns=turns,
        figure=Figure.RATE,
    )


def _inserting(bare: Bare, table: str, ready: Sequence[Sequence[Row]], size: int) -> Turn:
    def turn_of_bare(turn: int) -> None:
        for rows in _split(ready[turn], size):
            bare.insert(table, rows)

    return turn_of_bare


def _split(rows: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


def _assignment_row(unit: str, variation: str, experiment_id: str, bare: Bare) -> Row:
    return experiment_id, 1, unit, variation, bare.moment(NOW), bare.moment(END)


def _event_row(row: EventRow, bare: Bare) -> Row:
    given = row.given
    return (
        given["id"],
        given["user_id"],
        given["event_type"],
        row.text,
        bare.moment(NOW),
        given["experiment_id"],
        bare.moment(END),
    )
