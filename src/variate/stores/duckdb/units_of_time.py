"""Moments and lengths in microseconds, exactly: what SQL counts in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Return the moment in microseconds from 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def micros_of(length: timedelta) -> int:
    """Return the length in microseconds."""
    return length // _MICROSECOND
