"""The store of events with their data sealed; see ``variate.stores.wrappers.encrypted``."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime

from variate.model import Event, Page, VerdictStatus
from variate.stores.events import EventStore, NewestEvents
from variate.stores.wrappers.sealed_fields import EVENT_DATA, SealedFields
from variate.stores.wrappers.sealing import FieldCipher


class EncryptedEventStore:
    """An ``EventStore`` whose data are sealed where chosen."""

    def __init__(self, store: EventStore, cipher: FieldCipher, fields: Set[str]) -> None:
        self._store = store
        self._sealed = SealedFields(cipher, fields)

    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        """Store each unless its id is taken; return ACCEPTED or DUPLICATE for each, in order."""
        return self._store.append([self._seal(event) for event in events], at=at)

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
        """Return the unit's events, opened, most recent first."""
        return self._opened(
            self._store.of_unit(
                unit, event_type=event_type, start=start, end=end, at=at, limit=limit, last_key=last_key
            )
        )

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
        """Return the events of every unit from ``start`` to before ``end``, opened, each once."""
        return self._opened(
            self._store.window(
                start=start,
                end=end,
                experiment_id=experiment_id,
                event_type=event_type,
                at=at,
                limit=limit,
                last_key=last_key,
            )
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
        """Return the newest events, opened, among so many."""
        found = self._store.newest(
            start=start,
            end=end,
            experiment_id=experiment_id,
            event_type=event_type,
            at=at,
            limit=limit,
            among=among,
        )
        return replace(found, events=tuple(self._open(event) for event in found.events))

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this and return how many."""
        return self._store.purge(expired_before=expired_before)

    def _seal(self, event: Event) -> Event:
        document = self._sealed.seal_document(event.document, field=EVENT_DATA, place=event.id)
        return event if document is event.document else replace(event, document=document)

    def _opened(self, page: Page[Event]) -> Page[Event]:
        return Page(tuple(self._open(event) for event in page.items), page.last_key)

    def _open(self, event: Event) -> Event:
        document = self._sealed.open_document(event.document, field=EVENT_DATA, place=event.id)
        return event if document is event.document else replace(event, document=document)
