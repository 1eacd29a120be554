"""One page of a longer list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

T = TypeVar("T")

MAX_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Page(Sequence[T], Generic[T]):
    """A sequence of ``items``; ``last_key`` asks for the page after it and is None on the last page.

    ``last_key`` is opaque text: pass it back as it came, to the same call with the same filters.
    """

    items: tuple[T, ...]
    last_key: str | None = None

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.items[index]
