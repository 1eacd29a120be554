"""Events as senders write them, made into values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from variate.errors import InvalidInputError
from variate.model import EXPOSURE, MAX_DEPTH, Document, Event, check_dimensions, parse_instant
from variate.model.lifetime import expiry

EVENT_DAYS = 90

_KEYS = frozenset({"id", "user_id", "event_type", "data", "experiment_id", "timestamp", "ttl_days", "sender", "number"})


def read_event(given: Mapping[str, Any], *, at: datetime, new_id: Callable[[], str]) -> Event:
    """Return the event that the mapping describes; raise ``InvalidInputError`` for the first rule it breaks.

    ``user_id``, ``event_type`` and ``data`` are required; ``id`` is made and ``timestamp`` is ``at`` where not given.
    An exposure whose data has ``dimensions`` keeps the rules of those.
    """
    if type(given) is not dict and not isinstance(given, Mapping):  # the second takes longer than all the rest here
        raise InvalidInputError("event", f"must be a dict, not {type(given).__name__}")
    if not _KEYS.issuperset(given):
        stranger = min(str(key) for key in given.keys() - _KEYS)
        raise InvalidInputError(stranger, f"is not known; an event has {', '.join(sorted(_KEYS))}")
    for name in ("user_id", "event_type", "data"):
        if name not in given:
            raise InvalidInputError(name, "is required")
    data = given["data"]
    if given["event_type"] == EXPOSURE and isinstance(data, Mapping) and "dimensions" in data:
        check_dimensions("dimensions", data["dimensions"])
    moment = given.get("timestamp")
    event_id = given.get("id")
    return Event(
        id=new_id() if event_id is None else event_id,
        unit=given["user_id"],
        event_type=given["event_type"],
        document=Document.of(data, field="data", max_depth=MAX_DEPTH),
        at=at if moment is None else parse_instant("timestamp", moment),
        experiment_id=given.get("experiment_id"),
        expires_at=expiry(given.get("ttl_days", EVENT_DAYS), since=at),
        sender=given.get("sender"),
        number=given.get("number"),
    )
