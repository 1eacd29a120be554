"""Decisions in the process beside those of other libraries, and what a thousand flags of ours cost.

The libraries' pins would disturb ours, so all race in one child process of an environment of their own: see
``benchmarks.peers``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.engines import Engines
from benchmarks.line import Aim, Line
from benchmarks.peers.footprint import FLAGS
from benchmarks.peers.subject import OURS

_ROOT = Path(__file__).parents[1]
_PEERS = _ROOT / ".venv-peers" / "bin" / "python"

# What each piece of work is called, the unit of its figures, how many nanoseconds that is, and what we aim at in it.
_WORKS = {
    "experiment": ("a 50/50 experiment", "ns", 1, 500),
    "flag": ("a flag of three rules and a rollout", "ns", 1, 550),
    "flags": ("100 such flags for one unit", "us", 1_000, 35),
}
_OF_BARE = Aim(1 / 1.6)
"""Of the time of the fastest that returns a bare value."""
_OF_REASONED = Aim(1 / 10)
"""Of the time of the fastest that says why."""

_Found = Mapping[str, Any]


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:  # noqa: ARG001 - decisions need no engine
    """Yield what a decision takes, beside each peer, and what loading many flags does."""
    yield from _beside_peers(turns)
    yield from _footprint(turns)


def _beside_peers(turns: int) -> Iterator[Line]:
    if not _PEERS.exists():
        yield _nothing("the peers are not installed; make .venv-peers/.runs")
        return
    command = [str(_PEERS), "-m", "benchmarks.peers", str(turns)]
    answer = subprocess.run(command, check=False, cwd=_ROOT, stdout=subprocess.PIPE, text=True)
    found: list[_Found] = [json.loads(line) for line in answer.stdout.splitlines()]
    for each in found:
        if "fault" in each:
            yield _nothing(each["fault"], who=each["subject"])
    for work in _WORKS:
        yield from _of_work(work, [each for each in found if each.get("work") == work])
    if answer.returncode:
        yield _nothing(f"the process of the peers ended with {answer.returncode}")


def _of_work(work: str, found: Sequence[_Found]) -> Iterator[Line]:
    what, unit, scale, bound = _WORKS[work]
    ours = next((each for each in found if each["subject"] == OURS), None)
    peers = sorted((each for each in found if each is not ours), key=lambda each: median(each["ns"]))
    if ours is not None:
        yield Line(what=f"decision: {what}", unit=unit, ours=median(ours["ns"]) / scale, aim=Aim(bound))
    fastest = {each["says_why"]: each for each in reversed(peers)}
    for each in peers:
        note = "says why" if each["says_why"] else "bare value"
        aim = None
        if each is fastest[each["says_why"]]:
            note, aim = f"fastest: {note}", _OF_REASONED if each["says_why"] else _OF_BARE
        yield Line(
            what=f"decision: {what}, beside {each['subject']}: {each['call']}",
            unit=unit,
            ours=None if ours is None else median(ours["ns"]) / scale,
            bare=median(each["ns"]) / scale,
            ratio=None if ours is None else median(a / b for a, b in zip(ours["ns"], each["ns"], strict=True)),
            aim=aim,
            note=note,
        )


def _footprint(turns: int) -> Iterator[Line]:
    what = f"decision: {FLAGS:,} such flags"
    try:
        held = _child("memory")["bytes"]
        times = [_child("time") for _ in range(min(turns, 5))]
    except subprocess.CalledProcessError as error:
        yield Line(what=f"{what}: not measured", unit="", note=error.stderr.strip().splitlines()[-1])
        return
    load, first = (median(each[name] for each in times) * 1e3 for name in ("load", "first"))
    yield Line(what=f"{what} loaded and evaluated: memory", unit="MiB", ours=held / 2**20, aim=Aim(5))
    yield Line(what=f"{what}: load", unit="ms", ours=load, aim=Aim(20))
    yield Line(what=f"{what}: first evaluation of all", unit="ms", ours=first)


def _child(figure: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.peers.footprint", figure]
    answer = subprocess.run(command, check=True, cwd=_ROOT, capture_output=True, text=True)
    found: dict[str, float] = json.loads(answer.stdout)
    return found


def _nothing(why: str, *, who: str = "beside peers") -> Line:
    return Line(what=f"decision: {who}: not measured", unit="", note=why)
