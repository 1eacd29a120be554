"""Moments in time: always aware, always UTC, to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime

from variate.errors import InvalidInputError


def check_instant(field: str, value: object) -> datetime:
    """Return ``value`` in UTC if it is an aware datetime, else raise ``InvalidInputError``."""
    if not isinstance(value, datetime):
        raise InvalidInputError(field, f"must be a datetime, not {type(value).__name__}")
    if value.tzinfo is UTC:
        return value
    if value.utcoffset() is None:
        raise InvalidInputError(field, "must carry a time zone: a naive datetime means a different moment elsewhere")
    return value.astimezone(UTC)


def parse_instant(field: str, value: object) -> datetime:
    """Return the moment of an aware datetime or of an ISO 8601 string with an offset."""
    if not isinstance(value, str):
        return check_instant(field, value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise InvalidInputError(
            field, f"must be an ISO 8601 time such as 2026-01-31T09:30:00Z, not {value!r}"
        ) from error
    if moment.utcoffset() is None:
        raise InvalidInputError(field, f"must carry an offset such as Z or +02:00, not {value!r}")
    return moment.astimezone(UTC)


def format_instant(moment: datetime) -> str:
    """Return ``moment`` (UTC) as ``2026-01-31T09:30:00.000000Z``: of one length, so text order is time order."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}Z"
