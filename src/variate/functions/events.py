"""Events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from variate.functions.rows import items
from variate.model import Json, parse_instant
from variate.model.record import Record, event_record, verdict_record
from variate.platform import default_platform


def record_event(
    user_id: str,
    event_type: str,
    data: Json,
    experiment_id: str | None = None,
    ttl_days: float | None = 90,
    *,
    event_id: str | None = None,
    timestamp: datetime | str | None = None,
    sender: str | None = None,
    number: int | None = None,
) -> Record:
    """Store an event and return it; it is durable then. ``data`` is any JSON.

    With an ``event_id`` it is safe to repeat. ``timestamp`` (now, if None) is aware, or ISO 8601 with an offset.
    A ``sender`` that numbers what it sends, from 1 on, says its ``number``: a report then knows what never came.
    """
    return event_record(
        default_platform().record_event(
            user_id,
            event_type,
            data,
            experiment_id=experiment_id,
            ttl_days=ttl_days,
            event_id=event_id,
            timestamp=timestamp,
            sender=sender,
            number=number,
        )
    )


def record_exposure(
    user_id: str,
    experiment_id: str,
    variation: str,
    *,
    dimensions: Mapping[str, str] | None = None,
    event_id: str | None = None,
    sender: str | None = None,
    number: int | None = None,
) -> Record:
    """Store that the user met the variation, and return the event: the only way into the analysis.

    ``dimensions`` say what the user is like, as in ``{"country": "US"}``: at most 20, names and values of at most 100
    bytes. ``sender`` and ``number`` are those of ``record_event``.
    """
    return event_record(
        default_platform().record_exposure(
            user_id,
            experiment_id,
            variation,
            dimensions=dimensions,
            event_id=event_id,
            sender=sender,
            number=number,
        )
    )


def get_user_events(
    user_id: str,
    event_type: str | None = None,
    start_time: datetime | str | None = None,
    end_time: datetime | str | None = None,
    limit: int = 50,
    last_key: str | None = None,
) -> dict[str, Any]:
    """Return ``items``, the user's events, most recent first, and ``last_key``.

    ``limit`` counts events of the type asked for, so a page is short only when it is the last one. The times are aware
    datetimes, or ISO 8601 with an offset; both ends are included.
    """
    page = default_platform().get_user_events(
        user_id,
        event_type=event_type,
        start=None if start_time is None else parse_instant("start_time", start_time),
        end=None if end_time is None else parse_instant("end_time", end_time),
        limit=limit,
        last_key=last_key,
    )
    return items(page, event_record)


def batch_create_events(events: Iterable[Mapping[str, Any]]) -> list[Record]:
    """Store the events and return a verdict for each, in order: ``{"id", "status"}``.

    ``status`` is ``accepted``, ``duplicate`` (the id was there) or ``rejected``, then with ``field`` and ``reason``. An
    event is a dict with ``user_id``, ``event_type``, ``data`` and, where wanted, ``id``, ``experiment_id``,
    ``timestamp``, ``ttl_days``, ``sender`` and ``number``.
    """
    return [verdict_record(verdict) for verdict in default_platform().batch_create_events(events)]
