"""Moments in time: always aware, always UTC, to the microsecond."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Protocol

from variate.errors import InvalidInputError
from variate.model.rules import check_text

MAX_INSTANT_BYTES = 64

# Python takes the one of less than a second for none, and so the moment for another.
_OFFSET_TO_THE_MICROSECOND = re.compile(r"[+-]\d\d:?\d\d:?\d\d[.,]\d+\Z")


class Scheduled(Protocol):
    """What is in force from the one moment (None: always) until before the other."""

    @property
    def starts_at(self) -> datetime | None:
        """The first moment."""

    @property
    def ends_at(self) -> datetime | None:
        """The first moment after it."""


def check_instant(field: str, value: object) -> datetime:
    """Return ``value`` in UTC if it is an aware datetime, else raise ``InvalidInputError``."""
    if not isinstance(value, datetime):
        raise InvalidInputError(field, f"must be a datetime, not {type(value).__name__}")
    if value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise InvalidInputError(field, "must carry a time zone: a naive datetime means a different moment elsewhere")
    return _in_utc(field, value)


def check_schedule(scheduled: Scheduled) -> None:
    """Bring both ends into UTC, as a value is built; raise ``InvalidInputError`` unless the end is after the start."""
    for name in ("starts_at", "ends_at"):
        moment = getattr(scheduled, name)
        if moment is not None:
            object.__setattr__(scheduled, name, check_instant(name, moment))
    if scheduled.starts_at is not None and scheduled.ends_at is not None and scheduled.ends_at <= scheduled.starts_at:
        raise InvalidInputError("ends_at", "must be after starts_at")


def parse_instant(field: str, value: object) -> datetime:
    """Return the moment of an aware datetime or of an ISO 8601 string with an offset."""
    if not isinstance(value, str):
        return check_instant(field, value)
    check_text(field, value, max_bytes=MAX_INSTANT_BYTES)  # a NUL at the end would pass
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise InvalidInputError(
            field, f"must be an ISO 8601 time such as 2026-01-31T09:30:00Z, not {value!r}"
        ) from error
    if _OFFSET_TO_THE_MICROSECOND.search(value):
        raise InvalidInputError(field, f"must carry an offset of whole seconds, not {value!r}")
    if moment.utcoffset() is None:
        raise InvalidInputError(field, f"must carry an offset such as Z or +02:00, not {value!r}")
    return _in_utc(field, moment)


def format_instant(moment: datetime) -> str:
    """Return ``moment`` (UTC) as ``2026-01-31T09:30:00.000000Z``: of one length, so text order is time order."""
    # Not strftime: it writes the year 1 as "1" on some platforms.
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _in_utc(field: str, moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInputError(field, "must be between the years 1 and 9999 in UTC") from error
