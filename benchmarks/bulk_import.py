"""A million assignments into SQLite, in a process of its own, so that its peak memory is its own."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.children import in_a_child
from benchmarks.engines import Engines
from benchmarks.line import Aim, Line

UNITS = 1_000_000
CALL = 10_000

_START = """
import pathlib, sys, time
from variate import Platform, Settings
units, call = int(sys.argv[2]), int(sys.argv[3])
pairs = ((f"user-{n:012d}", ("control", "treatment")[n % 2]) for n in range(units))
platform = Platform.open(Settings(home=pathlib.Path(sys.argv[1])))
platform.migrate()
start = time.perf_counter()
"""
_ONE_CALL = 'assert len(platform.keep_assignments("x", pairs)) == units'
_CALLS = """
from itertools import islice
while batch := list(islice(pairs, call)):
    platform.keep_assignments("x", batch)
"""
_END = """
seconds = time.perf_counter() - start
platform.close()
"""


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:  # noqa: ARG001 - each import is run once
    """Yield time and peak memory of the import, in calls of 10,000 and in a single call that returns all of them."""
    for way, code in ((f"calls of {CALL:,}", _CALLS), ("one call", _ONE_CALL)):
        home = engines.folder / f"import-{way.split()[0]}"
        seconds, megabytes = in_a_child(_START + code + _END, str(home), str(UNITS), str(CALL))
        what = f"SQLite: import of {UNITS:,} assignments, {way}"
        yield Line(what=what, unit="s", ours=seconds, aim=Aim(20))
        yield Line(what=f"{what}, peak memory", unit="MB", ours=megabytes, aim=Aim(300))
