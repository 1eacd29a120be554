"""The events in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, update

from variate.model import Event, Page, VerdictStatus
from variate.stores.events import NewestEvents
from variate.stores.sql.data_columns import read_columns
from variate.stores.sql.database import Database, Intake
from variate.stores.sql.paging import Listing
from variate.stores.sql.purging import purge_expired
from variate.stores.sql.schema import analyses, events

_INTAKE = Intake(
    table=events,
    key=("id",),
    columns=(
        "id",
        "user_id",
        "event_type",
        "data",
        "at",
        "experiment_id",
        "expires_at",
        "sender",
        "number",
        "value",
        "variation",
    ),
    clock=None,
    often_there=False,
    numbered="sequence",
)
_OF_UNIT = Listing("events-of-unit", (events.c.at, True), (events.c.id, False))
_WINDOW = Listing("events-window", (events.c.at, False), (events.c.sequence, False))


class SqlEventStore:
    """See ``EventStore``. A batch is one transaction: it is stored whole or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        """Store each unless its id is taken; return ACCEPTED or DUPLICATE for each, in order."""
        moment = self._database.moment
        now = moment(at)
        rows: dict[str, tuple[Any, ...]] = {}
        for event in events:
            if event.id not in rows:
                rows[event.id] = (
                    event.id,
                    event.unit,
                    event.event_type,
                    event.document.text,
                    moment(event.at),
                    event.experiment_id,
                    moment(event.expires_at),
                    event.sender,
                    event.number,
                    *read_columns(event.event_type, event.document.text),
                    now,
                )
        stored = self._database.intake(_INTAKE, list(rows.values()))
        accepted = {event_id for event_id, is_stored in zip(rows, stored, strict=True) if is_stored}
        verdicts = []
        for event in events:
            verdicts.append(VerdictStatus.ACCEPTED if event.id in accepted else VerdictStatus.DUPLICATE)
            accepted.discard(event.id)
        return verdicts

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
        """Return the unit's events from ``start`` to ``end``, both included, most recent first (then by id)."""
        query = select(events).where(events.c.user_id == unit)
        if event_type is not None:
            query = query.where(events.c.event_type == event_type)
        if start is not None:
            query = query.where(events.c.at >= start)
        if end is not None:
            query = query.where(events.c.at <= end)
        return self._page(_OF_UNIT.of(unit, event_type, start, end), query, at=at, limit=limit, last_key=last_key)

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
        """Return the events of every unit from ``start`` to before ``end``, each once, oldest first."""
        query = select(events).where(events.c.at >= start, events.c.at < end)
        if experiment_id is not None:
            query = query.where(events.c.experiment_id == experiment_id)
        if event_type is not None:
            query = query.where(events.c.event_type == event_type)
        return self._page(
            _WINDOW.of(start, end, experiment_id, event_type), query, at=at, limit=limit, last_key=last_key
        )

    def newest(
        self,
        *,
        start: datetime,
        end: datetime,
        experiment_id: str | None = None,
        event_type: str | None = None,
        at: datetime,
        limit: int,
        among: int,
    ) -> NewestEvents:
        """Return up to ``limit`` of the events from ``start`` to before ``end``, the newest of those looked at."""
        asked = [events.c.at >= start, events.c.at < end]
        if experiment_id is not None:
            asked.append(events.c.experiment_id == experiment_id)  # of these an index has the order, too
        looked_at = select(events).where(*asked).order_by(events.c.at.desc(), events.c.sequence.desc()).limit(among)
        seen = looked_at.subquery()
        wanted = select(seen).where(or_(seen.c.expires_at.is_(None), seen.c.expires_at > at))
        if event_type is not None:
            wanted = wanted.where(seen.c.event_type == event_type)
        newest = wanted.order_by(seen.c.at.desc(), seen.c.id).limit(limit)
        counting = select(func.count()).select_from(looked_at.with_only_columns(events.c.sequence).subquery())

        def read(connection: Connection) -> NewestEvents:
            found = tuple(map(_event, connection.execute(newest).all()))
            is_cut = len(found) < limit and connection.execute(counting).scalar_one() == among
            return NewestEvents(events=found, is_cut=is_cut)

        return self._database.read_together(read)

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this and return how many."""
        purged = purge_expired(self._database, events, ("sequence",), expired_before=expired_before)
        if purged:
            self._database.write(_read_again)
        return purged

    def _page(
        self, listing: Listing, query: Select[Any], *, at: datetime, limit: int, last_key: str | None
    ) -> Page[Event]:
        query = listing.page_of(query.where(_lives(at)), limit=limit, last_key=last_key)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return listing.page(rows, limit=limit, make=_event)


def _read_again(connection: Connection) -> None:
    """Have analyses read from the last event that is left: SQLite gives the sequences beyond it anew."""
    newest = select(func.coalesce(func.max(events.c.sequence), 0)).scalar_subquery()
    for column in (analyses.c.through, analyses.c.looked_through):
        connection.execute(update(analyses).where(column > newest).values({column: newest}))


def _lives(at: datetime) -> ColumnElement[bool]:
    return or_(events.c.expires_at.is_(None), events.c.expires_at > at)


def _event(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        unit=row.user_id,
        event_type=row.event_type,
        document=row.data,
        at=row.at,
        experiment_id=row.experiment_id,
        expires_at=row.expires_at,
        sender=row.sender,
        number=row.number,
    )
