"""A million assignments into SQLite, in a process of its own, so that its peak memory is its own."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.children import in_a_child
from benchmarks.engines import Engines
from benchmarks.line import Aim, Line

UNITS = 1_000_000
CALL = 10_000

_START = """
import pathlib, sys, time, uuid
from itertools import islice
from variate import Platform, Settings
home, units, call = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
unit = "user-{:012d}".format if sys.argv[4] == "in order" else lambda n: str(uuid.uuid5(uuid.NAMESPACE_OID, str(n)))
pairs = ((unit(n), ("control", "treatment")[n % 2]) for n in range(units))
platform = Platform.open(Settings(home=home))
platform.migrate()
start = time.perf_counter()
"""
_ONE_CALL = """
assert len(platform.keep_assignments("x", pairs)) == units
"""
_CALLS = """
while batch := list(islice(pairs, call)):
    platform.keep_assignments("x", batch)
"""
_END = """
seconds = time.perf_counter() - start
platform.close()
"""


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:  # noqa: ARG001 - each import is run once
    """Yield time and peak memory of the import, of ids in order and in none.

    Those in no order come in one call, which returns all of them, and in calls of 10,000.
    """
    for number, (code, way, order) in enumerate(
        (
            (_CALLS, f"calls of {CALL:,}", "in order"),
            (_CALLS, f"calls of {CALL:,}", "in no order"),
            (_ONE_CALL, "one call", "in no order"),
        )
    ):
        home = engines.folder / f"import-{number}"
        seconds, megabytes = in_a_child(_START + code + _END, str(home), str(UNITS), str(CALL), order)
        what = f"SQLite: import of {UNITS:,} assignments, ids {order}, {way}"
        yield Line(what=what, unit="s", ours=seconds, aim=Aim(20))
        yield Line(what=f"{what}: peak memory", unit="MB", ours=megabytes, aim=Aim(300))
