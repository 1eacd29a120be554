"""What this process counts of its own work, in plain numbers: an answer is counted in half a microsecond."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import NamedTuple

SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""The upper bounds by which durations are told apart: an evaluation takes less than the first ones."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Answered(NamedTuple):
    """What answers are counted by."""

    route: str
    method: str
    status: int


class Tally:
    """Counts that only grow. Written by the event loop alone."""

    def __init__(self) -> None:
        self.durations: dict[tuple[str, str, int], list[float]] = {}
        """For each ``Answered``: how many fell below each of ``SECONDS`` and above all, and their seconds together."""
        self.evaluations: defaultdict[str, int] = defaultdict(int)
        """How many evaluations had each reason."""
        self.events: defaultdict[str, int] = defaultdict(int)
        """How many events had each verdict."""

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer."""
        key = (route, method, status)
        counts = self.durations.get(key)
        if counts is None:
            counts = self._new(route, method, status)
        counts[bisect_left(SECONDS, seconds)] += 1
        counts[-1] += seconds

    def _new(self, route: str, method: str, status: int) -> list[float]:
        # Whoever asks chooses the method's name, and is not to make a series of numbers by each.
        named = Answered(route, method if method in _METHODS else "_OTHER", status)
        return self.durations.setdefault(named, [0] * (len(SECONDS) + 1) + [0.0])
