"""The time of a call, by turns, so that whatever else the machine does meets every subject alike.

It is the processor's time for this process, all threads of it: no decision waits for anything, and the clock on the
wall would count who runs in between against those with the longer turns only.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from benchmarks.peers.subject import Subject, Work
from benchmarks.peers.workload import Person, Workload

_FOR_ALL_FLAGS = 20
"""People in a turn in which all flags are evaluated for each."""


def race(subjects: Sequence[Subject], workload: Workload, *, turns: int) -> Iterator[tuple[Subject, str, list[float]]]:
    """Yield the nanoseconds of a call in each turn, for each piece of work of each subject."""
    gc.collect()
    gc.freeze()  # the collections in one's turn are of what one leaves, not of all that the others have loaded
    for place, (name, _) in enumerate(subjects[0].works if subjects else ()):
        works = [tuple(subject.works)[place][1] for subject in subjects]
        people = _one_by_one if name == "flags" else _all
        for subject, figures in zip(subjects, _by_turns(works, workload.people, people, turns=turns), strict=True):
            yield subject, name, figures


def _by_turns(
    works: Sequence[Work[Any]],
    people: Sequence[Person],
    choose: Callable[[Sequence[Person], int], Sequence[Person]],
    *,
    turns: int,
) -> list[list[float]]:
    """Let each work take its turns, warm, the first turn unmeasured, another being first each time."""
    found: list[list[float]] = [[] for _ in works]
    for turn in range(turns + 1):
        chosen = choose(people, turn)
        for step in range(len(works)):
            index = (turn + step) % len(works)
            works[index].turn(chosen)  # not measured: the one before has left none of this one's data in the caches
            start = time.process_time_ns()
            works[index].turn(chosen)
            found[index].append((time.process_time_ns() - start) / len(chosen))
    return [figures[1:] for figures in found]


def _all(people: Sequence[Person], turn: int) -> Sequence[Person]:  # noqa: ARG001 - the same each turn
    return people


def _one_by_one(people: Sequence[Person], turn: int) -> Sequence[Person]:
    start = turn * _FOR_ALL_FLAGS % len(people)
    return people[start : start + _FOR_ALL_FLAGS]
