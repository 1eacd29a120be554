"""How much was taken in lately, over all processes of a service: what a page shows of it, kept in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from itertools import pairwise
from threading import Lock
from typing import NamedTuple

from variate.model import VerdictStatus
from variate.server.operations.numbers import Numbers, answered_together, together

MINUTES = 15
"""How far back it goes."""
_NOW_SECONDS = 10.0
_MINUTE = 60.0
_MOST_SAMPLES = MINUTES * 60 + 60
"""One a second, and what is a little more often."""
_ROUTES = frozenset({"events", "otlp_logs"})
_REFUSALS = frozenset({429, 503})


class IntakeCounts(NamedTuple):
    """Events by verdict, the requests that brought them, and how many of those were ``refused``: by 429 or 503."""

    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    requests: int = 0
    refused: int = 0

    @property
    def rejected_share(self) -> float:
        """The share of the events that were rejected; 0 where there were none."""
        events = self.accepted + self.duplicate + self.rejected
        return self.rejected / events if events else 0.0

    @property
    def refused_share(self) -> float:
        """The share of the requests that were refused; 0 where there were none. What a sender gives up is lost."""
        return self.refused / self.requests if self.requests else 0.0


class IntakeHistory:
    """What was taken in over the last 15 minutes. It does not grow beyond those. Thread-safe.

    ``clock`` counts seconds and never goes back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._last: IntakeCounts | None = None
        self._grown = IntakeCounts()
        self._samples: deque[tuple[float, IntakeCounts]] = deque(maxlen=_MOST_SAMPLES)

    def add(self, all_numbers: Iterable[Numbers]) -> None:
        """Note what the processes have counted until now.

        What was counted before the first time is no growth, nor is what makes a count fall: it has begun anew.
        """
        counts = _counts_of(list(all_numbers))
        with self._lock:
            before = self._last or counts
            growth = [new - old for new, old in zip(counts, before, strict=True)]
            if min(growth) >= 0:
                self._grown = IntakeCounts(*(a + b for a, b in zip(self._grown, growth, strict=True)))
            self._last = counts
            self._samples.append((self._clock(), self._grown))

    def accepted_per_second(self) -> float:
        """Return how many events were accepted a second, over the last 10 seconds or since the first sample."""
        until = self._clock()
        with self._lock:
            if not self._samples:
                return 0.0
            seconds = min(_NOW_SECONDS, until - self._samples[0][0])
            accepted = self._between(until - seconds, until).accepted
        return accepted / seconds if seconds > 0 else 0.0

    def per_minute(self) -> tuple[IntakeCounts, ...]:
        """Return what came in each of the last 15 minutes, the oldest first; the last one ends now."""
        until = self._clock()
        ends = [until - _MINUTE * back for back in range(MINUTES, -1, -1)]
        with self._lock:
            return tuple(self._between(start, end) for start, end in pairwise(ends))

    def recent(self) -> IntakeCounts:
        """Return what came in the last 15 minutes together."""
        until = self._clock()
        with self._lock:
            return self._between(until - MINUTES * _MINUTE, until)

    def _between(self, start: float, end: float) -> IntakeCounts:
        return IntakeCounts(*(a - b for a, b in zip(self._at(end), self._at(start), strict=True)))

    def _at(self, moment: float) -> IntakeCounts:
        """Return what had come by the last sample that is not after the moment; the first one's, where all are."""
        if not self._samples:
            return IntakeCounts()
        place = bisect_right(self._samples, moment, key=lambda sample: sample[0])
        return self._samples[max(place - 1, 0)][1]


def _counts_of(all_numbers: list[Numbers]) -> IntakeCounts:
    events = together(each.events for each in all_numbers)
    requests = refused = 0
    for answered, counts in answered_together(all_numbers).items():
        if answered.route in _ROUTES:
            number = int(sum(counts[:-1]))
            requests += number
            refused += number if answered.status in _REFUSALS else 0
    return IntakeCounts(
        accepted=events.get(VerdictStatus.ACCEPTED.value, 0),
        duplicate=events.get(VerdictStatus.DUPLICATE.value, 0),
        rejected=events.get(VerdictStatus.REJECTED.value, 0),
        requests=requests,
        refused=refused,
    )
