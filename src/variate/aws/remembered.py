"""Answers remembered by name for a while; each is asked for by one thread at a time."""

from __future__ import annotations

import copy
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from variate.errors import VariateError

T = TypeVar("T")

logger = logging.getLogger(__name__)

FAILURE_MAX_AGE_SECONDS = 30.0
"""How long a failure to ask is believed, where answers are believed for longer."""
FRUITLESS_PAUSE_SECONDS = 1.0
"""How long after an answer proved to be the newest it is not asked for again."""


@dataclass(frozen=True, slots=True)
class _Given(Generic[T]):
    value: T
    at: float
    max_age: float


@dataclass(frozen=True, slots=True)
class _Failed:
    error: VariateError
    at: float
    max_age: float


class Remembered(Generic[T]):
    """What ``ask(name)`` answered, believed for ``max_age_seconds``.

    A failure (a ``VariateError``) is remembered too, for at most 30 seconds; where an older answer is known, that one
    stands meanwhile. ``clock`` gives seconds. It is the wall clock because the monotonic one stands still while a
    process is frozen or a laptop sleeps; where the wall clock was set back, the answer is asked for anew.
    """

    def __init__(
        self, ask: Callable[[str], T], *, max_age_seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._ask = ask
        self._max_age = max_age_seconds
        self._clock = clock
        self._known: dict[str, _Given[T] | _Failed] = {}
        self._fruitless: dict[str, float] = {}
        self._locks: dict[str, threading.Lock] = {}

    def get(self, name: str) -> T:
        """Return the answer, asking if none is known or it is too old; raise what asking raised."""
        known = self._known.get(name)
        if known is None or not self._believed(known):
            known = self._asked(name, seen=known)
        return _value(known)

    def newer(self, name: str, *, than: T) -> T:
        """Return an answer that differs from ``than``, asking at once if need be; ``than`` itself if it is the newest.

        Having learnt that it is the newest, this does not ask again for a second.
        """
        known = self._known.get(name)
        if isinstance(known, _Given) and known.value == than:
            if 0 <= self._clock() - self._fruitless.get(name, float("-inf")) < FRUITLESS_PAUSE_SECONDS:
                return than
            known = self._asked(name, seen=known)
            if isinstance(known, _Given) and known.value == than:
                self._fruitless[name] = self._clock()
            return _value(known)
        return self.get(name)

    def _believed(self, known: _Given[T] | _Failed) -> bool:
        return 0 <= self._clock() - known.at < known.max_age

    def _asked(self, name: str, *, seen: _Given[T] | _Failed | None) -> _Given[T] | _Failed:
        with self._locks.setdefault(name, threading.Lock()):
            known = self._known.get(name)
            if known is not None and known is not seen:
                return known  # another thread asked while this one waited
            known = self._known[name] = self._answer(name, seen)
            return known

    def _answer(self, name: str, seen: _Given[T] | _Failed | None) -> _Given[T] | _Failed:
        brief = min(self._max_age, FAILURE_MAX_AGE_SECONDS)
        try:
            return _Given(self._ask(name), self._clock(), self._max_age)
        except VariateError as error:
            if isinstance(seen, _Given):
                logger.warning("keeping the known value of %s: %s", name, error)
                return _Given(seen.value, self._clock(), brief)
            return _Failed(error, self._clock(), brief)


def _value(known: _Given[T] | _Failed) -> T:
    if isinstance(known, _Failed):
        # A copy, for one exception raised in many threads would gather all their tracebacks.
        raise copy.copy(known.error) from known.error.__cause__
    return known.value
