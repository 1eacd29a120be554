"""Many callers at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def all_at_once(number: int, call: Callable[[int], T]) -> list[T]:
    """Return what ``call(0)`` to ``call(number - 1)`` return, each from a thread of its own, started together."""
    start = threading.Barrier(number)

    def wait_and_call(index: int) -> T:
        start.wait(30)
        return call(index)

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(wait_and_call, range(number)))
