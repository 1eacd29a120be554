"""Values of a stored report that are made when somebody first looks at them: most of a large one are never shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class ReadLater(Sequence[T], Generic[T]):
    """Like the tuple of what ``read`` makes of each of ``given``, and equal to it; it is made when it is needed."""

    __slots__ = ("_given", "_made", "_read")

    def __init__(self, given: Sequence[Any], read: Callable[[Any], T]) -> None:
        self._given = given
        self._read = read
        self._made: tuple[T, ...] | None = None

    def __len__(self) -> int:
        return len(self._given)

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[T, ...]: ...
    def __getitem__(self, place: int | slice) -> T | tuple[T, ...]:
        if self._made is None and isinstance(place, int):
            return self._read(self._given[place])  # who wants one may want no more
        return self._whole()[place]

    def __iter__(self) -> Iterator[T]:
        return iter(self._whole())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple | ReadLater) and self._whole() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._whole())

    def __repr__(self) -> str:
        return repr(self._whole())

    def _whole(self) -> tuple[T, ...]:
        # Of several threads that come at once each makes the same.
        if self._made is None:
            self._made = tuple(map(self._read, self._given))
        return self._made
