"""Ours and the bare driver by turns, so that whatever else the machine does meets both alike."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from statistics import median

from benchmarks.line import Aim, Line

Turn = Callable[[int], None]
"""Does one turn's operations. It is given the turn's number, from 0, so that the two sides can write the same rows."""


class Figure(Enum):
    """What a line shows of the time a turn took."""

    RATE = "/s"
    COST = "us"

    def of(self, seconds: float, *, operations: int) -> float:
        """Return the figure for so many operations in so long."""
        return operations / seconds if self is Figure.RATE else seconds / operations * 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """``ours`` and ``bare`` each do ``operations`` in a turn. Where ``bare`` is None there is nothing to compare."""

    what: str
    ours: Turn
    bare: Turn | None
    operations: int
    turns: int
    figure: Figure
    aim: Aim | None = None

    def run(self) -> Line:
        """Take the turns, the first unmeasured, who goes first changing each time; return the line."""
        shown: list[float] = []
        beside: list[float] = []
        for turn in range(self.turns + 1):
            sides = [(self.ours, shown), (self.bare, beside)]
            for side, figures in sides if turn % 2 else reversed(sides):
                if side is not None:
                    figures.append(self.figure.of(_seconds(side, turn), operations=self.operations))
        ratios = [a / b for a, b in zip(shown[1:], beside[1:], strict=bool(beside))]
        return Line(
            what=self.what,
            unit=self.figure.value,
            ours=median(shown[1:]),
            bare=median(beside[1:]) if beside else None,
            ratio=median(ratios) if ratios else None,
            aim=self.aim,
        )


def _seconds(side: Turn, turn: int) -> float:
    start = time.perf_counter()
    side(turn)
    return time.perf_counter() - start
