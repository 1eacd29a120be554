"""What a process pays for variate before it does anything: import time and memory, each in a new process."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from benchmarks.children import in_a_child
from benchmarks.engines import Engines
from benchmarks.line import Aim, Line

_IMPORT = """
import time
start = time.perf_counter()
{statement}
seconds = time.perf_counter() - start
"""
_FIRST_EVENT = """
import pathlib, sys, time
start = time.perf_counter()
from variate import Platform, Settings
with Platform.open(Settings(home=pathlib.Path(sys.argv[1]))) as platform:
    platform.migrate()
    platform.record_event("user-1", "visit", {})
seconds = time.perf_counter() - start
"""


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield import time, memory after it, and both for a first durable event on an empty SQLite."""
    nothing = [in_a_child(_IMPORT.format(statement="pass")) for _ in range(turns)]
    for statement, aim in (("import variate", Aim(0.15)), ("from variate import Platform", None)):
        found = [in_a_child(_IMPORT.format(statement=statement)) for _ in range(turns)]
        yield Line(what=statement, unit="s", ours=median(s for s, _ in found), aim=aim)
        yield Line(
            what=f"{statement}: memory, beside a bare Python",
            unit="MB",
            ours=median(mb for _, mb in found),
            bare=median(mb for _, mb in nothing),
        )
    homes = [str(engines.folder / f"first-{turn}") for turn in range(turns)]
    first = [in_a_child(_FIRST_EVENT, home) for home in homes]
    what = "new process: import, migrate a new SQLite file, record an event"
    yield Line(what=what, unit="s", ours=median(s for s, _ in first))
    yield Line(what=f"{what}: memory", unit="MB", ours=median(mb for _, mb in first))
