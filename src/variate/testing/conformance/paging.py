"""What every list promises of its pages."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import TypeAlias, TypeVar

import pytest

from variate.errors import InvalidInputError
from variate.model import MAX_PAGE, Page

T = TypeVar("T")

Fetch: TypeAlias = Callable[[int, str | None], Page[T]]
"""``fetch(limit, last_key)``: a list method with its filters."""

_MOST_PAGES = 2_000
_FORGED = [
    "",
    " ",
    "x",
    "null",
    "0",
    "[]",
    "{}",
    "W10",
    "e30",
    "bnVsbA",
    "WyJhIl0",
    "WzEsMiwzXQ",
    "' OR 1=1 --",
    "😀",
    "\x00",
    "\ud800",
    "a" * 100_000,
    "%",
    "====",
]


def walk(fetch: Fetch[T], *, limit: int = 7, full_pages: bool = True) -> list[T]:
    """Return the items of every page, having seen that none is too long and only the last is short."""
    found: list[T] = []
    key: str | None = None
    for _ in range(_MOST_PAGES):
        page = fetch(limit, key)
        assert len(page) <= limit
        if full_pages:
            assert page.last_key is None or len(page) == limit, "a page is short only when it is the last one"
        found += page
        key = page.last_key
        if key is None:
            return found
        assert isinstance(key, str)
    pytest.fail(f"more than {_MOST_PAGES} pages")


def check_pages(fetch: Fetch[T], *, expected: Sequence[object], of: Callable[[T], object]) -> None:
    """See that pages of any length walk through just what is ``expected``, in that order."""
    for limit in (7, 1, 5, MAX_PAGE):
        assert [of(item) for item in walk(fetch, limit=limit)] == list(expected)


def check_newest_first(items: Sequence[T], *, at: Callable[[T], object], by: Callable[[T], str] | None = None) -> None:
    """See that times fall; and, with ``by``, that items of one moment are in one direction by this."""
    times: list[object] = [at(item) for item in items]
    assert times == sorted(times, reverse=True)  # type: ignore[type-var] # what is compared are times
    if by is None:
        return
    ties = [[by(item) for item in tied] for _, tied in groupby(items, key=at)]
    rising = all(tied == sorted(tied) for tied in ties)
    falling = all(tied == sorted(tied, reverse=True) for tied in ties)
    assert rising or falling, "items of one moment are in order of their ids"


def check_refusals(fetch: Fetch[T], *, foreign: Sequence[str | None] = ()) -> None:
    """See that only what ``fetch`` itself returned is taken for a ``last_key``; there must be a second page."""
    own = fetch(1, None).last_key
    assert own is not None, "the test must store two items at least"
    assert len(fetch(1, own)) <= 1
    altered = [own[:-1], own[1:], own[: len(own) // 2], own + "A", own + "=", own + own, f" {own}", f"{own}\n"]
    for key in [*_FORGED, *altered, *_of_other_types(own)]:
        _see_refused(fetch, key)
    for other in foreign:
        assert other is not None, "the test must give the other list two items at least"
        _see_refused(fetch, other)
    for key in _of_other_texts(own):
        _see_refused_or_answered(fetch, key)


def _see_refused(fetch: Fetch[T], key: str) -> None:
    assert _field_refused(fetch, key) == "last_key", f"last_key {key[:200]!r} was taken"


def _see_refused_or_answered(fetch: Fetch[T], key: str) -> None:
    assert _field_refused(fetch, key) in ("last_key", None)


def _field_refused(fetch: Fetch[T], key: str) -> str | None:
    try:
        fetch(1, key)
    except InvalidInputError as error:
        return error.field
    return None


def _of_other_types(own: str) -> Iterator[str]:
    """Yield keys of the form of ``own`` in which one text is a number, or the other way round, or a list."""
    values = _opened(own)
    for place, value in enumerate(values):
        others: tuple[object, ...] = (0, True, 1.5, "text", [], {})
        for other in others:
            if value is not None and type(other) is not type(value):
                yield _closed([*values[:place], other, *values[place + 1 :]])


def _of_other_texts(own: str) -> Iterator[str]:
    """Yield keys of the form of ``own`` with one value that may or may not be possible, and that no engine expects."""
    values = _opened(own)
    for place, value in enumerate(values):
        others: tuple[object, ...] = (-1, 2**62, None)
        if not isinstance(value, int):
            others = ("", "x", "9" * 30, "2024-13-45T99:99:99.000000Z", "😀", None)
        for other in others:
            yield _closed([*values[:place], other, *values[place + 1 :]])


def _opened(key: str) -> list[object]:
    """Return the values in a key of variate's own codec, none of any other."""
    try:
        values = json.loads(urlsafe_b64decode(key + "=" * (-len(key) % 4)))
    except ValueError:
        return []
    return values if isinstance(values, list) else []


def _closed(values: list[object]) -> str:
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
