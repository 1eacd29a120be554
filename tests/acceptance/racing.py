"""One racer: assigns and decides units before, during and after a change of weights, and says what each was given.

Run as ``python -m tests.acceptance.racing EXPERIMENT SEED``: it prints a line at the end of a lap, and waits for one
before the next. The last line is the variations of each unit, as JSON.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable

import variate

UNITS = 999
DELAY_SECONDS = 6.0
"""After how long the change is in force; the lap in which it comes into force takes longer."""

Given = dict[str, list[str]]


def race(experiment_id: str, chance: random.Random, next_lap: Callable[[], object]) -> Given:
    """Run three laps over ever more units; return the variations that each unit was given, decided or assigned."""
    given: dict[str, set[str]] = {}

    def ask(unit: str) -> None:
        assigned = variate.assign(unit, experiment_id).variation
        decided = variate.decide(unit, experiment_id).variation
        given.setdefault(unit, set()).update((assigned or "none", decided or "none"))

    def lap(units: int) -> None:
        for number in chance.sample(range(units), units):
            ask(f"user-{number}")

    lap(UNITS // 3)
    next_lap()
    end = time.monotonic() + DELAY_SECONDS + 2
    while time.monotonic() < end:
        ask(f"user-{chance.randrange(UNITS * 2 // 3)}")
    next_lap()
    lap(UNITS)
    variate.flush_assignments()
    return {unit: sorted(found) for unit, found in given.items()}


def main() -> None:
    """Race, and print what was given."""
    experiment_id, seed = sys.argv[1:]

    def next_lap() -> None:
        print("lap", flush=True)
        sys.stdin.readline()

    next_lap()
    print(json.dumps(race(experiment_id, random.Random(int(seed)), next_lap)))


if __name__ == "__main__":
    main()
