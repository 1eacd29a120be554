"""The events in DynamoDB."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zlib import crc32

from variate.errors import InvalidInputError
from variate.model import Document, Event, Page, VerdictStatus
from variate.stores.cursor import CursorValue
from variate.stores.dynamodb.attributes import (
    Item,
    instant,
    latest,
    microseconds,
    read_document,
    read_instant,
    text,
    tie_of,
    whole,
)
from variate.stores.dynamodb.conditions import Condition, alive, equal, lifetime, read_end, vacant
from variate.stores.dynamodb.item_table import ItemTable
from variate.stores.dynamodb.queries import IndexQuery, Position, check_page_limit, page_of, scope_of
from variate.stores.dynamodb.source import TableSource
from variate.stores.dynamodb.writes import Put
from variate.stores.events import NewestEvents

SLOTS = tuple(f"{number:02d}" for number in range(16))
"""Partitions of the index by time. Each takes 1,000 writes a second; a window is one query of each.

They carry no date: writes go to the newest end of each in either case, and with one a window of a quarter would take
ninety times the queries.
"""

_SCATTERED = 250
"""Items to look at in one request where a filter may pass over most."""


class DynamoDBEventStore:
    """An ``EventStore`` in the guide's ``events`` table."""

    def __init__(self, tables: TableSource) -> None:
        self._table = ItemTable(tables, "events")

    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        """See ``EventStore.append``."""
        free = vacant(at)
        first: dict[str, int] = {}
        for index, event in enumerate(events):
            first.setdefault(event.id, index)
        puts = [Put(item=_item(events[index]), condition=free) for index in first.values()]
        statuses = [VerdictStatus.DUPLICATE] * len(events)
        if puts:
            for index, refusal in zip(first.values(), self._table.put_all(puts), strict=True):
                if refusal is None:
                    statuses[index] = VerdictStatus.ACCEPTED
        return statuses

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
        """See ``EventStore.of_unit``."""
        check_page_limit(limit)
        after, last, scope = None, end, scope_of("events of unit", unit, event_type, start, end)
        if last_key is not None:
            position = Position(last_key, scope=scope, length=2)
            moment = position.moment()
            after = (-microseconds(moment), position.id())
            last = moment if end is None else min(moment, end)
        query = IndexQuery(
            index="user-event-index",
            partition="user_id",
            value=unit,
            sort="timestamp",
            low=None if start is None else instant(start),
            high=None if last is None else latest(instant(last)),
            forward=False,
            filters=_filters(at, event_type=event_type),
        )
        found = self._table.ordered(
            query,
            limit=limit if event_type is None else max(limit, _SCATTERED),
            tie=lambda item: tie_of(item["timestamp"]),
            order=_newest_first,
            after=after,
        )
        # The bounds are as coarse as the guide's milliseconds; these are exact.
        items = (
            item
            for item in found
            if (start is None or read_instant(item["timestamp"]) >= start)
            and (end is None or read_instant(item["timestamp"]) <= end)
        )
        return page_of(items, limit=limit, read=self._read, scope=scope, position=_position)

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
        """See ``EventStore.window``. What the guide's own code wrote is in no slot, and so in no window."""
        check_page_limit(limit)
        slot, after, scope = SLOTS[0], None, scope_of("window", start, end, experiment_id, event_type)
        if last_key is not None:
            slot, after = _window_position(last_key, scope=scope, start=start, end=end)
        if start >= end:
            return Page(())
        filters = _filters(at, event_type=event_type, experiment_id=experiment_id)

        def of_slot(slot: str) -> IndexQuery:
            return IndexQuery(
                index="slot-index",
                partition="slot",
                value=slot,
                sort="timestamp",
                low=instant(start),
                high=instant(end - timedelta(microseconds=1)),
                filters=filters,
            )

        page_size = limit + 1 if len(filters) == 1 else max(limit + 1, _SCATTERED)
        items = (
            item
            for following in SLOTS[SLOTS.index(slot) :]
            for item in self._table.query(
                of_slot(following), page_size=page_size, start=after if following == slot else None
            )
        )
        return page_of(items, limit=limit, read=self._read, scope=scope, position=_window_order)

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
        """See ``EventStore.newest``. As in ``window``, what the guide's own code wrote is not found."""
        if start >= end:
            return NewestEvents(events=())
        found: list[Item] = []
        unseen: list[datetime] = []
        for slot in SLOTS:
            items, last = self._table.glance(
                IndexQuery(
                    index="slot-index",
                    partition="slot",
                    value=slot,
                    sort="timestamp",
                    low=instant(start),
                    high=instant(end - timedelta(microseconds=1)),
                    forward=False,
                    filters=_filters(at, event_type=event_type, experiment_id=experiment_id),
                ),
                looked_at=max(1, among // len(SLOTS)),
            )
            found += items
            if last is not None:
                unseen.append(read_instant(last["timestamp"]))
        found.sort(key=_newest_first)
        newest = tuple(map(self._read, found[:limit]))
        # Beyond the last one that a slot showed may be others; they matter where they are newer than what is given.
        oldest = newest[-1].at if len(newest) == limit else start
        return NewestEvents(events=newest, is_cut=any(moment >= oldest for moment in unseen))

    def purge(self, *, expired_before: datetime) -> int:  # noqa: ARG002 - DynamoDB deletes by ``ttl`` itself
        """See ``EventStore.purge``."""
        return 0

    def _read(self, item: Item) -> Event:
        return self._table.read(_read_event, item)


def _item(event: Event) -> Item:
    item = {
        "id": text(event.id),
        "timestamp": instant(event.at),
        "user_id": text(event.unit),
        "event_type": text(event.event_type),
        "data": text(event.document.text),
        "slot": text(SLOTS[crc32(event.id.encode()) % len(SLOTS)]),
        **lifetime(event.expires_at),
    }
    if event.experiment_id is not None:
        item["experiment_id"] = text(event.experiment_id)
    if event.sender is not None and event.number is not None:
        item["sender"], item["number"] = text(event.sender), whole(event.number)
    return item


def _read_event(item: Item) -> Event:
    data = item["data"]
    return Event(
        id=item["id"]["S"],
        unit=item["user_id"]["S"],
        event_type=item["event_type"]["S"],
        document=Document(data["S"]) if "slot" in item else read_document(data, field="data"),
        at=read_instant(item["timestamp"]),
        experiment_id=item["experiment_id"]["S"] if "experiment_id" in item else None,
        expires_at=read_end(item),
        sender=item["sender"]["S"] if "sender" in item else None,
        number=int(item["number"]["N"]) if "number" in item else None,
    )


def _filters(at: datetime, *, event_type: str | None = None, experiment_id: str | None = None) -> tuple[Condition, ...]:
    filters = [alive(at)]
    if event_type is not None:
        filters.append(equal("event_type", event_type))
    if experiment_id is not None:
        filters.append(equal("experiment_id", experiment_id))
    return tuple(filters)


def _newest_first(item: Item) -> tuple[int, str]:
    return -microseconds(read_instant(item["timestamp"])), item["id"]["S"]


def _position(item: Item) -> list[CursorValue]:
    return [microseconds(read_instant(item["timestamp"])), item["id"]["S"]]


def _window_order(item: Item) -> list[CursorValue]:
    return [item["slot"]["S"], *_position(item)]


def _window_position(last_key: str, *, scope: str, start: datetime, end: datetime) -> tuple[str, Item]:
    position = Position(last_key, scope=scope, length=3)
    slot, moment, event_id = position.one_of(*SLOTS), position.moment(), position.id()
    if not start <= moment < end:
        raise InvalidInputError("last_key", "must be the last_key of the page before, of the same window")
    return slot, {"slot": text(slot), "timestamp": instant(moment), "id": text(event_id)}
