"""Moments as conditions compare them: whole milliseconds, from text or from an aware datetime.

The text is RFC 3339's, narrowed to what every language reads alike: ``2026-01-31T09:30:00.123Z``, with up to nine
decimals and ``Z`` or an offset of at most 14 hours; no hour 24, no leap second, nothing outside the years 1 to 9999.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from variate.model.remembered import Remembered

MAX_MOMENT_CHARACTERS = 35
"""``2026-01-31T09:30:00.123456789+14:00``."""

_SHAPE = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([0-9]{2}):([0-5][0-9]))"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_WIDEST_OFFSET = timedelta(hours=14)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND


_FIRST = _milliseconds(datetime.min.replace(tzinfo=UTC))
_LAST = _milliseconds(datetime.max.replace(tzinfo=UTC))


def moment_key(value: object) -> int | None:
    """Return the milliseconds from 1970 to ``value``; None if it is neither a time's text nor an aware datetime."""
    if isinstance(value, str):
        key: int | None = MOMENTS[value]
        return key
    if not isinstance(value, datetime):
        return None
    try:
        offset = value.utcoffset()
        return None if offset is None else _within(value, offset)
    except (ArithmeticError, AttributeError, NotImplementedError, TypeError, ValueError):  # a time zone of one's own
        return None


def _read(text: str) -> int | None:
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    *fields, decimals, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    year, month, day, hour, minute, second = map(int, fields)
    microsecond = int((decimals or "")[:6].ljust(6, "0"))
    try:
        moment = datetime(year, month, day, hour, minute, second, microsecond, tzinfo=timezone(offset))
    except ValueError:  # no such day, hour 24, second 60, an offset of a day
        return None
    return _within(moment, offset)


def _within(moment: datetime, offset: timedelta) -> int | None:
    if abs(offset) > _WIDEST_OFFSET:
        return None
    key = _milliseconds(moment)
    return key if _FIRST <= key <= _LAST else None


MOMENTS = Remembered(_read, longest=MAX_MOMENT_CHARACTERS)
"""The keys of times in text, each read once."""
