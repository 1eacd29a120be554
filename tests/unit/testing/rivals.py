"""A race that is lost every time, for stores that look first and write after."""

from __future__ import annotations

from contextlib import suppress
from threading import Barrier, BrokenBarrierError


class Rivals:
    """So many callers, none of whom writes before all have looked."""

    def __init__(self, number: int) -> None:
        self._all = Barrier(number)

    def have_looked(self) -> None:
        """Wait for the others; where they do not come, go on after ten seconds, and the fault may not be found."""
        with suppress(BrokenBarrierError):
            self._all.wait(10)
