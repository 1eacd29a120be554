"""A list of those of another list's items for which something is true that its store cannot tell."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Generic, Protocol, TypeVar

from variate.errors import InvalidInputError, VariateError
from variate.model import MAX_PAGE, Page
from variate.model.rules import check_whole
from variate.stores.cursor import decode_cursor, encode_cursor

T = TypeVar("T")


class ReadsPages(Protocol[T]):
    """Returns a page of a list."""

    def __call__(self, *, limit: int, last_key: str | None) -> Page[T]: ...


class Sifting(Generic[T]):
    """The items that ``read`` lists and ``fits`` holds for, in pages as full as any other's.

    It reads as many pages as that takes. ``of`` is what ``fits`` looks for: another's ``last_key`` is refused. What
    cannot be read may fit or not, so it is named among the unreadable.
    """

    def __init__(self, read: ReadsPages[T], fits: Callable[[T], bool], *, of: object) -> None:
        self._read = read
        self._fits = fits
        self._scope = blake2b(repr(of).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()

    def page(self, *, limit: int, last_key: str | None = None) -> Page[T]:
        """Return the first ``limit`` that fit; with a ``last_key`` only where another one does."""
        check_whole("limit", limit, minimum=1, maximum=MAX_PAGE)
        key = None if last_key is None else self._opened(last_key)
        items: list[T] = []
        unreadable: dict[str, VariateError] = {}
        size, room = limit, limit
        while room:
            found = self._sifted(size, key)
            count = _count(found)
            if count > room:
                # Its end would lie within what was read, where no key is: read less. As many as there is room for fit.
                size = max(room, size * room // count)
                continue
            items += found.items
            unreadable |= found.unreadable
            key, room = found.last_key, room - count
            if key is None:
                break
            size = min(MAX_PAGE, size * 2)
        return Page(tuple(items), self._key_to_more(key, limit), unreadable)

    def _sifted(self, limit: int, last_key: str | None) -> Page[T]:
        page = self._read(limit=limit, last_key=last_key)
        return Page(tuple(filter(self._fits, page)), page.last_key, page.unreadable)

    def _key_to_more(self, key: str | None, size: int) -> str | None:
        """Return our key for that of the list, unless nothing that fits comes after it: the first that does tells."""
        after = key
        while after is not None:
            found = self._read(limit=size, last_key=after)
            if found.unreadable or any(map(self._fits, found)):
                return encode_cursor([self._scope, key])
            after, size = found.last_key, min(MAX_PAGE, size * 2)
        return None

    def _opened(self, last_key: str) -> str:
        scope, key = decode_cursor(last_key, length=2)
        if scope != self._scope or not isinstance(key, str):
            raise InvalidInputError("last_key", "must be the last_key of the page before, unchanged, of the same list")
        return key


def _count(page: Page[T]) -> int:
    return len(page.items) + len(page.unreadable)
