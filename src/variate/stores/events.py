"""The port that keeps the events; see ``variate.stores.ports`` for all ports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from variate.model import Event, Page, VerdictStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestEvents:
    """The newest of those that were asked for, most recent first (then by id).

    ``is_cut``: only so many were looked at, and there may be others that were not.
    """

    events: tuple[Event, ...]
    is_cut: bool = False


class EventStore(Protocol):
    """Exposures and metric events; append-only."""

    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        """Store each unless its id is taken; return ACCEPTED or DUPLICATE for each, in order.

        Durable on return. An id whose event expired at or before ``at`` is free again. The same id twice in a batch:
        the first is accepted. If it raises, some may be stored and sending the same batch again is safe.
        """

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
        """Return the events of every unit from ``start`` to before ``end``, each once, in no promised order.

        With ``experiment_id``, only those recorded with it. Unlike elsewhere, a page that is not the last may be short.
        """

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
        """Return up to ``limit`` of the events from ``start`` to before ``end``, most recent first (then by id).

        About ``among`` events are looked at, at most, and those are the newest: of all, or where an index tells them
        apart, of those with the ``experiment_id``. The cost is theirs, however few of them are asked for.
        """

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this and return how many; 0 where the engine expires by itself."""
