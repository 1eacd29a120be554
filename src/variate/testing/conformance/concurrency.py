"""Calls that start at the same moment in threads of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds after which a barrier gives up; far above what any test takes."""


def together(count: int, call: Callable[[int], T]) -> list[T]:
    """Return what ``call(0)`` to ``call(count - 1)``, let go at one moment, return; raise what the first raises."""
    barrier = Barrier(count)

    def start(number: int) -> T:
        barrier.wait(PATIENCE)
        return call(number)

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(start, number) for number in range(count)]]


def wins(call: Callable[[], object], *, losing: type[Exception] | tuple[type[Exception], ...]) -> bool:
    """Whether ``call()`` returns; False where it raises ``losing``."""
    try:
        call()
    except losing:
        return False
    return True
