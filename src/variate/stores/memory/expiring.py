"""A bounded map whose entries expire.

cachetools has one (``TLRUCache``), untyped; this is shorter than the shim and the dependency would be.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Generic, TypeVar

from variate.errors import InvalidInputError

V = TypeVar("V")

_SLACK = 64


class ExpiringMap(Generic[V]):
    """Holds at most ``max_entries`` values by key, each until its time. Not thread-safe: its owner holds a lock.

    Each ``put`` evicts all that expired, then, if still over, the entry that was used least recently.
    """

    def __init__(self, *, clock: Callable[[], float], max_entries: int) -> None:
        if max_entries < 1:
            raise InvalidInputError("max_entries", f"must be at least 1, not {max_entries}")
        self._clock = clock
        self._max_entries = max_entries
        self._entries: OrderedDict[str, tuple[float, V]] = OrderedDict()
        self._ends: list[tuple[float, int, str]] = []
        self._serial = count()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> V | None:
        """Return the value, or None when there is none or it has expired."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= self._clock():
            del self._entries[key]
            return None
        self._entries.move_to_end(key)
        return entry[1]

    def put(self, key: str, value: V, *, ttl_seconds: float) -> None:
        """Store the value for ``ttl_seconds``."""
        now = self._clock()
        self._evict_expired(now)
        self._entries[key] = (now + ttl_seconds, value)
        self._entries.move_to_end(key)
        heapq.heappush(self._ends, (now + ttl_seconds, next(self._serial), key))
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
        if len(self._ends) > 2 * len(self._entries) + _SLACK:
            self._forget_replaced_ends()

    def pop(self, key: str) -> None:
        """Remove the key if it is there."""
        self._entries.pop(key, None)

    def _evict_expired(self, now: float) -> None:
        while self._ends and self._ends[0][0] <= now:
            key = heapq.heappop(self._ends)[2]
            entry = self._entries.get(key)
            # An entry put again since has a later end, further down the heap.
            if entry is not None and entry[0] <= now:
                del self._entries[key]

    def _forget_replaced_ends(self) -> None:
        self._ends = [(end, next(self._serial), key) for key, (end, _) in self._entries.items()]
        heapq.heapify(self._ends)
