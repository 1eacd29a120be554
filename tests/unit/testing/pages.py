"""Pages of what the reference stores hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from variate.errors import InvalidInputError
from variate.model import Page
from variate.stores.cursor import decode_cursor, encode_cursor

T = TypeVar("T")
Position = tuple[int | str, ...]


def cut(
    items: Iterable[T], *, by: Callable[[T], Position], of: object, limit: int, last_key: str | None, width: int = 2
) -> Page[T]:
    """Return the page after ``last_key`` of the items in order of ``by``; ``of`` names the list and its filters."""
    ordered = sorted(items, key=by)
    if last_key is not None:
        name, *after = decode_cursor(last_key, length=width + 1)
        position = tuple(after)
        kinds = [type(value) for value in by(ordered[0])] if ordered else []
        if name != repr(of) or [type(value) for value in position] != kinds:
            raise InvalidInputError("last_key", "is of another list")
        ordered = [item for item in ordered if by(item) > position]
    page = ordered[:limit]
    return Page(tuple(page), encode_cursor([repr(of), *by(page[-1])]) if len(ordered) > limit else None)


def micros(moment: datetime) -> int:
    """Return whole microseconds, exactly."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
