"""A coroutine begun before it is decided how long to wait for it: most have nothing to wait for."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Begun(Generic[T]):
    """What a coroutine gives: ``value`` once ``done``, which may be so at once; else await it, as one would the other.

    A timer costs more than a small answer does, so it is set only where there is something to wait for.
    """

    __slots__ = ("_coroutine", "_waits_for", "done", "value")

    value: T

    def __init__(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._coroutine = coroutine
        self._waits_for: Any = None
        self.done = False
        try:
            self._waits_for = coroutine.send(None)
        except StopIteration as end:
            self.done = True
            self.value = end.value

    def __await__(self) -> Generator[Any, Any, T]:
        while not self.done:
            try:
                try:
                    came = yield self._waits_for
                except BaseException as error:  # noqa: BLE001 - as in PEP 380, it is for the coroutine, whatever it is
                    self._waits_for = self._coroutine.throw(error)
                else:
                    self._waits_for = self._coroutine.send(came)
            except StopIteration as end:
                self.done = True
                self.value = end.value
        return self.value
