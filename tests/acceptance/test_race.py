"""A hundred processes and fifty threads, one variation a unit, though the weights change under them."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

import variate
from tests.acceptance.deployments import Deployment
from tests.acceptance.racing import UNITS, Given, Pace, race

PROJECT = Path(__file__).parents[2]
THREADS = 50
# On AWS each process finds its engines first, which takes a hundred of them minutes on two cores.
PROCESSES = {"local": 100, "postgres": 100, "aws": 10}
ALL = Pace(share=UNITS, breath_seconds=0.02)
# SQLite has one writer at a time and no queue for the others, so each of a hundred asks for a few.
PACES = {"local": Pace(share=40, breath_seconds=0.5), "postgres": ALL, "aws": ALL}
PATIENCE_SECONDS = 240
DELAY_SECONDS = 6.0

pytestmark = pytest.mark.slow


class Racers:
    """Processes and threads that race, and wait for each other at the end of each lap."""

    def __init__(
        self, experiment_id: str, pace: Pace, processes: list[subprocess.Popen[str]], threads: ThreadPoolExecutor
    ) -> None:
        self._pace = pace
        self._processes = processes
        self._finished = threading.Event()
        self._ends = threading.Barrier(THREADS + 1)
        self._threads = [
            threads.submit(
                race, experiment_id, random.Random(1_000 + n), pace, next_lap=self._wait, is_finished=self._is_finished
            )
            for n in range(THREADS)
        ]

    def finish_lap(self) -> None:
        """Return once everybody is at the end of a lap and waits."""
        for process in self._processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "lap\n"
        self._ends.wait(PATIENCE_SECONDS)

    def start_lap(self) -> None:
        """Let everybody go."""
        self._tell("go\n")
        self._ends.wait(PATIENCE_SECONDS)

    def finish(self) -> None:
        """End the second lap."""
        self._finished.set()
        self._tell("finish\n")

    def results(self) -> list[Given]:
        """Return what each of them was given."""
        found = [future.result() for future in self._threads]
        for process in self._processes:
            assert process.stdout is not None
            found.append(json.loads(process.stdout.readline()))
        return found

    def give_up(self) -> None:
        """Let nobody wait for the others any longer."""
        self._finished.set()
        self._ends.abort()

    def _tell(self, line: str) -> None:
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.write(line)
            process.stdin.flush()

    def _is_finished(self) -> bool:
        return self._finished.wait(self._pace.breath_seconds)

    def _wait(self) -> None:
        self._ends.wait(PATIENCE_SECONDS)  # everybody is here
        self._ends.wait(PATIENCE_SECONDS)  # and may go


@contextmanager
def racing_processes(experiment_id: str, count: int, pace: Pace) -> Iterator[list[subprocess.Popen[str]]]:
    """Lend processes that have started; what is still running at the end is killed."""
    environ = {**os.environ, "VARIATE_DATABASE_POOL_SIZE": "2"}
    given = [str(pace.share), str(pace.breath_seconds)]
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.acceptance.racing", experiment_id, str(seed), *given],
            cwd=PROJECT,
            env=environ,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for seed in range(count)
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()


def test_every_unit_has_one_variation_whoever_asks_before_during_and_after_a_change(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIATE_SNAPSHOT_POLL_SECONDS", "0.5")
    monkeypatch.setenv("VARIATE_CHANGE_DELAY_SECONDS", str(DELAY_SECONDS))
    experiment_id = variate.create_experiment("Race", "", [{"name": "control"}, {"name": "green"}])["id"]
    variate.update_experiment_status(experiment_id, "active")
    pace = PACES[deployment.profile]
    with (
        racing_processes(experiment_id, PROCESSES[deployment.profile], pace) as processes,
        ThreadPoolExecutor(THREADS) as threads,
    ):
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "lap\n", "it has started"
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        racers = Racers(experiment_id, pace, processes, threads)
        try:
            racers.finish_lap()
            racers.start_lap()
            weights = [{"name": "control", "weight": 1}, {"name": "green", "weight": 9}]
            variate.update_experiment(experiment_id, variations=weights)
            threading.Event().wait(DELAY_SECONDS + 2)  # the change comes into force while they run
            racers.finish()
            racers.finish_lap()
            racers.start_lap()
            found = racers.results()
        finally:
            racers.give_up()
    asked = {unit for given in found for unit in given}
    assert len(asked) > 0.9 * UNITS
    kept = {unit: _kept(unit, experiment_id) for unit in asked}
    others = Counter(unit for given in found for unit, names in given.items() if names != [kept[unit]])
    assert others == Counter()
    # The change was in force in the last lap: of the third that came in it, 9 of 10 got green and not half.
    late = Counter(kept[unit] for unit in asked if int(unit.removeprefix("user-")) >= UNITS * 2 // 3)
    assert late["green"] > 0.8 * late.total(), late


def _kept(unit: str, experiment_id: str) -> str:
    assignment = variate.get_user_assignment(unit, experiment_id)
    assert assignment is not None, unit
    return str(assignment["variation"])
