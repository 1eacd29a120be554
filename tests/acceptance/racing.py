"""One racer: assigns and decides units before, during and after a change of weights, and says what each was given.

Run as ``python -m tests.acceptance.racing EXPERIMENT SEED SHARE BREATH``: it prints a line at the end of a lap, and
waits for one before the next; the second lap ends with a line, too. The last line it prints is the variations of each
unit, as JSON.
"""

from __future__ import annotations

import json
import random
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass

import variate

UNITS = 999

Given = dict[str, list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much one racer asks of the engines."""

    share: int
    """How many of the units it asks for in a lap, at most."""
    breath_seconds: float
    """For how long it listens between two units of the second lap: a hundred that never did starve the engines."""


def race(
    experiment_id: str,
    chance: random.Random,
    pace: Pace,
    *,
    next_lap: Callable[[], object],
    is_finished: Callable[[], bool],
) -> Given:
    """Run three laps over ever more units; return the variations that each unit was given, decided or assigned."""
    given: dict[str, set[str]] = {}

    def ask(unit: str) -> None:
        assigned = variate.assign(unit, experiment_id).variation
        decided = variate.decide(unit, experiment_id).variation
        given.setdefault(unit, set()).update((assigned or "none", decided or "none"))

    def lap(units: int) -> None:
        for number in chance.sample(range(units), min(units, pace.share)):
            ask(f"user-{number}")

    lap(UNITS // 3)
    next_lap()
    while not is_finished():
        ask(f"user-{chance.randrange(UNITS * 2 // 3)}")
    next_lap()
    lap(UNITS)
    variate.flush_assignments()
    return {unit: sorted(found) for unit, found in given.items()}


def main() -> None:
    """Race, and print what was given."""
    experiment_id, seed, share, breath = sys.argv[1:]
    pace = Pace(share=int(share), breath_seconds=float(breath))

    def next_lap() -> None:
        print("lap", flush=True)
        sys.stdin.readline()

    next_lap()

    def is_finished() -> bool:
        readable, _, _ = select.select([sys.stdin], [], [], pace.breath_seconds)
        return bool(readable and sys.stdin.readline())

    chance = random.Random(int(seed))
    print(json.dumps(race(experiment_id, chance, pace, next_lap=next_lap, is_finished=is_finished)))


if __name__ == "__main__":
    main()
