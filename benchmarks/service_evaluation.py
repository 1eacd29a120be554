"""OFREP over HTTP: one flag, a hundred at once, and the memory it takes."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.engines import Engines
from benchmarks.line import Aim, Line
from benchmarks.served.race import Run, Served, asked, served
from benchmarks.served.workload import ATTRIBUTES, BULK_FLAGS, BULK_PATH, PATH, SECRET, answered

_WHOLE = 0.9
"""With less of its core than this a service was not asked as fast as it answers."""

_SECONDS = 2
"""Of each turn; a section of 15 turns takes three minutes."""

_SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {secret}"
local number = 0
request = function()
  number = (number + 1) % 100003
  return wrk.format(nil, "{path}", nil, '{{"context":{{"targetingKey":"user-' .. number .. '",{attributes}}}}}')
end
"""


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield requests a second and the 99th percentile of single and bulk evaluation, and memory."""
    folder = engines.folder / "served"
    folder.mkdir()
    single, bulk = script(folder / "single.lua", path=PATH), script(folder / "bulk.lua", path=BULK_PATH)
    with ExitStack() as running:
        ours = running.enter_context(served("ours", folder))
        at_rest = ours.memory_megabytes()
        (folder / "bulk.json").write_bytes(_answer(ours, BULK_PATH))
        others = {name: running.enter_context(served(name, folder)) for name in ("bare", "framework")}
        sides = {"ours": ours, **others}
        told = {name: json.loads(_answer(side, PATH)) for name, side in sides.items()}
        if any(each != answered(each["variant"]) for each in told.values()):
            raise AssertionError(f"they do not answer the same: {told}")
        yield from _single(_turns(sides, single, turns=turns))
        bulk_sides = {name: sides[name] for name in ("ours", "bare")}
        what = f"OFREP: {BULK_FLAGS} flags at once"
        found = _turns(bulk_sides, bulk, turns=turns)
        yield _line(f"{what}, beside a bare ASGI app that answers ready bytes", found, "bare", _RATE)
        yield _line(f"{what}: time of the core", found, "bare", _COST)
        yield _line(f"{what}: 99th percentile", found, "bare", _LATE)
        yield Line(what="service: memory at rest", unit="MB", ours=at_rest)
        yield Line(
            what="service: memory under load, beside the bare ASGI app",
            unit="MB",
            ours=ours.memory_megabytes(),
            bare=others["bare"].memory_megabytes(),
        )


def script(file: Path, *, path: str) -> Path:
    """Write what wrk is to ask at this path, for another unit each time; return the file."""
    attributes = json.dumps(ATTRIBUTES, separators=(",", ":"))[1:-1]
    file.write_text(_SCRIPT.format(secret=SECRET, attributes=attributes, path=path))
    return file


def _turns(sides: Mapping[str, Served], file: Path, *, turns: int) -> dict[str, list[Run]]:
    """Ask each side by turns, another one first each time, the first turn unmeasured."""
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    names = list(sides)
    for turn in range(turns + 1):
        for name in names if turn % 2 else reversed(names):
            run = asked(sides[name], file, seconds=_SECONDS)
            if turn:
                runs[name].append(run)
    return runs


def _single(runs: Mapping[str, list[Run]]) -> Iterator[Line]:
    what = "OFREP: one flag"
    bare = "a bare ASGI app that parses, hashes and answers"
    yield _line(f"{what}, beside {bare}", runs, "bare", _RATE, Aim(0.75, at_least=True))
    yield _line(f"{what}, beside plain FastAPI", runs, "framework", _RATE, Aim(3, at_least=True))
    # The same aims, where other work on the machine has no say.
    yield _line(f"{what}: time of the core, beside the bare ASGI app", runs, "bare", _COST, Aim(1.33))
    yield _line(f"{what}: time of the core, beside plain FastAPI", runs, "framework", _COST, Aim(0.333))
    yield _line(f"{what}: 99th percentile, beside the bare ASGI app", runs, "bare", _LATE)
    yield _line(f"{what}: 99th percentile, beside plain FastAPI", runs, "framework", _LATE)


_Figure = tuple[str, Callable[[Run], float]]
_RATE: _Figure = ("/s", lambda run: run.per_second)
_COST: _Figure = ("us", lambda run: run.processor_microseconds)
_LATE: _Figure = ("ms", lambda run: run.p99_milliseconds)


def _line(what: str, runs: Mapping[str, list[Run]], beside: str, figure: _Figure, aim: Aim | None = None) -> Line:
    unit, of = figure
    ours, others = ([of(each) for each in runs[name]] for name in ("ours", beside))
    ratio = median(a / b for a, b in zip(ours, others, strict=True))
    share = median(each.core_share for name in ("ours", beside) for each in runs[name])
    note = f"disturbed: of their core they had {share:.0%}" if figure is _RATE and share < _WHOLE else ""
    return Line(what=what, unit=unit, ours=median(ours), bare=median(others), ratio=ratio, aim=aim, note=note)


def _answer(service: Served, path: str) -> bytes:
    body = json.dumps({"context": {"targetingKey": "user-1", **ATTRIBUTES}}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {SECRET}"}
    url = f"http://127.0.0.1:{service.port}{path}"
    with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers), timeout=30) as answer:
        found: bytes = answer.read()
        return found
