"""One page of a longer list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, overload

from variate.errors import DecryptionError, InvalidInputError, VariateError

R = TypeVar("R")
T = TypeVar("T")

MAX_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Page(Sequence[T], Generic[T]):
    """A sequence of ``items``; ``last_key`` asks for the page after it and is None on the last page.

    ``last_key`` is opaque text: pass it back as it came, to the same call with the same filters. ``unreadable`` has, by
    id, the error of each definition that would stand on this page and cannot be read: it is not among the items.
    """

    items: tuple[T, ...]
    last_key: str | None = None
    unreadable: Mapping[str, VariateError] = field(default_factory=dict, hash=False)

    @classmethod
    def read(
        cls,
        rows: Iterable[R],
        read: Callable[[R], T],
        *,
        named: Callable[[R], str],
        last_key: str | None,
        unreadable: Mapping[str, VariateError],
    ) -> Page[T]:
        """Return the page of what ``read`` makes of the rows.

        A row for which it raises ``InvalidInputError`` or ``DecryptionError`` is among the unreadable, under the id by
        which it is ``named``, with those that are known already.
        """
        items: list[T] = []
        found = dict(unreadable)
        for row in rows:
            try:
                items.append(read(row))
            except (InvalidInputError, DecryptionError) as error:
                found[named(row)] = error
        return Page(tuple(items), last_key, found)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.items[index]


def every_page(read: Callable[..., Page[T]], *arguments: Any, **named: Any) -> Iterator[Page[T]]:
    """Yield each page of what ``read`` lists, beginning with ``last_key`` where that is given."""
    last_key = named.pop("last_key", None)
    while True:
        page = read(*arguments, **named, limit=MAX_PAGE, last_key=last_key)
        yield page
        last_key = page.last_key
        if last_key is None:
            return


def every(read: Callable[..., Page[T]], *arguments: Any, **named: Any) -> Iterator[T]:
    """Yield everything that ``read`` lists; raise the error of what cannot be read, since nobody knows what it is."""
    for page in every_page(read, *arguments, **named):
        yield from page
        for error in page.unreadable.values():
            raise error
