"""The numbers of a service's processes, each as it last wrote its own, so that any of them can tell of all."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from variate.server.operations.tally import Answered, Tally

N = TypeVar("N", int, float)

_STALE_SECONDS = 10.0
"""When what a process said of its present state counts no longer: it has ended, or hangs."""


class Numbers(msgspec.Struct, kw_only=True):
    """What one process has counted, and what it is like at ``at`` (seconds since the epoch).

    ``counts`` only grow and ``gauges`` do not; both are by their names in the text. ``stores`` say which are up.
    """

    at: float
    answered: list[tuple[str, str, int, list[float]]]
    evaluations: dict[str, int]
    events: dict[str, int]
    counts: dict[str, float]
    gauges: dict[str, float]
    stores: dict[str, bool]

    @property
    def present(self) -> bool:
        """Whether the process was there lately."""
        return time.time() - self.at < _STALE_SECONDS


def numbers_of(
    tally: Tally,
    *,
    before: Numbers | None,
    counts: Mapping[str, float],
    gauges: Mapping[str, float],
    stores: Mapping[str, bool],
) -> Numbers:
    """Return the numbers of now, on top of those that a process of the same place had counted when it ended."""
    own = Numbers(
        at=time.time(),
        answered=[(*key, list(counts)) for key, counts in tally.durations.items()],
        evaluations=dict(tally.evaluations),
        events=dict(tally.events),
        counts=dict(counts),
        gauges=dict(gauges),
        stores=dict(stores),
    )
    return own if before is None else _counted_on(before, own)


def _counted_on(before: Numbers, own: Numbers) -> Numbers:
    both = [before, own]
    return Numbers(
        at=own.at,
        answered=[(*key, counts) for key, counts in answered_together(both).items()],
        evaluations=together(each.evaluations for each in both),
        events=together(each.events for each in both),
        counts=together(each.counts for each in both),
        gauges=own.gauges,
        stores=own.stores,
    )


def answered_together(all_numbers: Iterable[Numbers]) -> dict[Answered, list[float]]:
    """Return the counts of every process, summed."""
    summed: dict[Answered, list[float]] = {}
    for numbers in all_numbers:
        for route, method, status, counts in numbers.answered:
            key = Answered(route, method, status)
            summed[key] = [a + b for a, b in zip(summed[key], counts, strict=True)] if key in summed else counts
    return summed


def together(counts: Iterable[Mapping[str, N]]) -> dict[str, N]:
    """Return the counts, summed by name."""
    summed: dict[str, N] = {}
    for each in counts:
        for name, count in each.items():
            summed[name] = summed[name] + count if name in summed else count
    return summed


class Board:
    """Where each process of a service puts its numbers: a file for each place in ``folder``, none where that is None.

    A process that takes the place of one that died goes on counting where that ended: sums never fall.
    """

    def __init__(self, folder: Path | None, *, place: int = 0) -> None:
        self._folder = folder
        self._place = place
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(Numbers)
        self.before = None if folder is None else self._read(self._file)

    @property
    def _file(self) -> Path:
        return (self._folder or Path()) / f"{self._place}.numbers"

    def put(self, numbers: Numbers) -> None:
        """Show these numbers to the other processes."""
        if self._folder is None:
            return
        part = self._file.with_suffix(".part")
        part.write_bytes(self._encoder.encode(numbers))
        os.replace(part, self._file)

    def others(self) -> Sequence[Numbers]:
        """Return what the other processes have put last."""
        if self._folder is None:
            return ()
        found = (self._read(path) for path in sorted(self._folder.glob("*.numbers")) if path != self._file)
        return [numbers for numbers in found if numbers is not None]

    def _read(self, path: Path) -> Numbers | None:
        try:
            return self._decoder.decode(path.read_bytes())
        except FileNotFoundError:
            return None
