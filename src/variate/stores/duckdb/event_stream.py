"""Analysing the events of any store, read page by page: those of DynamoDB, and those whose data are sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from variate.errors import MissingExtraError
from variate.model import EXPOSURE, Event
from variate.model.page import every
from variate.stores.aggregates import Advance, Answer, Question, UnitValues
from variate.stores.duckdb.event_analysis import answer_events, event_unit_values
from variate.stores.duckdb.event_source import SCHEMA, EventSource, event_batch
from variate.stores.duckdb.happenings import event_types
from variate.stores.duckdb.session import MEMORY, Session
from variate.stores.events import EventStore

try:
    import pyarrow as pa
except ImportError as error:
    raise MissingExtraError("pyarrow", "duckdb") from error

_BATCH = 20_000
"""Events that Python holds at once."""
_SLICES = 20
"""Into so many stretches of time each reading is cut, so that it can be told how far it is."""


class EventStream:
    """An ``Aggregator`` over the events of ``store``.

    It reads the experiment's exposures and the events of the types that the metrics read, of every unit, and keeps
    nothing between questions. The other types it does not read, so it cannot tell what is missing of senders' numbers.
    Raise as the store does.
    """

    def __init__(self, store: EventStore, *, memory: str = MEMORY) -> None:
        self._store = store
        self._memory = memory

    def answer(self, question: Question, *, advance: Advance | None = None) -> Answer:
        """Return the moments of every metric of the question."""
        with Session(memory=self._memory, advance=advance) as session:
            return answer_events(session, self._read(session, question, advance), question, are_all=False)

    def unit_values(self, question: Question, *, advance: Advance | None = None) -> Mapping[str, UnitValues]:
        """Return the rows of every metric that has moments."""
        with Session(memory=self._memory, advance=advance) as session:
            return event_unit_values(session, self._read(session, question, advance), question)

    def _read(self, session: Session, question: Question, advance: Advance | None) -> EventSource:
        """Copy what the question needs of the store into the table ``events``."""
        session.register("pattern", SCHEMA.empty_table())
        columns = '* EXCLUDE ("at") REPLACE (epoch_us(expires_at) AS expires_at), epoch_us("at") AS moment'
        session.run(f"CREATE TEMP TABLE events AS SELECT {columns} FROM pattern")
        last = 0
        some: list[Event] = []

        def write() -> None:
            nonlocal last
            if some:
                last = max(last, *(int(event.at.timestamp()) for event in some))
                session.register("batch", pa.Table.from_batches([event_batch(some)]))
                session.run(f"INSERT INTO events SELECT {columns} FROM batch")
                some.clear()

        for event in self._events(question, advance):
            some.append(event)
            if len(some) == _BATCH:
                write()
        write()
        count = session.rows("SELECT count(*) FROM events")[0][0]
        return EventSource(relation="events", through=f"events:{count}:{last}")

    def _events(self, question: Question, advance: Advance | None) -> Iterator[Event]:
        before = max((metric.covariate or timedelta(0) for metric in question.metrics), default=timedelta(0))
        readings: list[tuple[str, str | None, datetime, datetime]] = []
        stop = question.at if question.until is None else min(question.at, question.until)
        types = event_types(question.metrics)
        if EXPOSURE not in types:
            readings += [(EXPOSURE, question.experiment_id, *each) for each in _slices(question.start, stop)]
        for event_type in types:
            readings += [(event_type, None, *each) for each in _slices(question.start - before, question.at)]
        for done, (event_type, experiment_id, start, end) in enumerate(readings):
            if advance is not None:
                advance("reading events", done, len(readings))
            yield from every(
                self._store.window,
                start=start,
                end=end,
                experiment_id=experiment_id,
                event_type=event_type,
                at=question.at,
            )
        if advance is not None:
            advance("reading events", len(readings), len(readings))


def _slices(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield stretches that are ``start`` to before ``end`` together."""
    length = (end - start) / _SLICES
    if end <= start:
        return
    edges: list[Any] = [start, *(start + length * place for place in range(1, _SLICES)), end]
    yield from ((low, high) for low, high in pairwise(edges) if low < high)
