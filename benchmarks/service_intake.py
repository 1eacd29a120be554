"""Durable events over HTTP, beside the same batches straight through a platform and through the bare driver."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from statistics import median

import psycopg

from benchmarks import sql
from benchmarks.engines import Engines
from benchmarks.intake.load import Sent, Served, send, served
from benchmarks.line import Aim, Line
from benchmarks.postgres import BarePsycopg
from benchmarks.rows import Given, event_turns
from benchmarks.sqlite import BareSQLite, connected
from variate import Platform, Settings
from variate.settings import Profile

SECONDS = 2
"""How long a turn of each side lasts."""
LOADS = {500: 8, 20: 32, 1: 128}
"""How many senders send at once, by how many events a request has."""
_AHEAD = 60_000
"""Events that are made before the clock runs; they come again under other ids where a turn takes more."""

Rate = Callable[[], float]
"""Takes a turn and returns its events a second."""


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield events a second on SQLite and on PostgreSQL, and the memory they take."""
    yield from _sqlite(engines, turns=turns)
    yield from _postgres(engines, turns=turns)


def _sqlite(engines: Engines, *, turns: int) -> Iterator[Line]:
    folders = {name: engines.folder / f"intake-{name}" for name in ("served", "straight", "bare")}
    for folder in folders.values():
        folder.mkdir()
    with ExitStack() as stack:
        service = stack.enter_context(served(folders["served"]))
        platform = stack.enter_context(Platform.open(Settings(home=folders["straight"])))
        beside = stack.enter_context(Platform.open(Settings(home=folders["bare"])))
        for each in (platform, beside):
            each.migrate()
        connection = stack.enter_context(connected(Settings(home=folders["bare"])))
        yield from _lines("SQLite", service, folders["served"], platform, BareSQLite(connection), turns=turns)


def _postgres(engines: Engines, *, turns: int) -> Iterator[Line]:
    folder = engines.folder / "intake-postgres"
    folder.mkdir()
    urls = {name: engines.postgres_url() for name in ("served", "straight", "bare")}
    settings = {name: Settings(profile=Profile.POSTGRES, database_url=url) for name, url in urls.items()}
    with ExitStack() as stack:
        service = stack.enter_context(served(folder, urls["served"]))
        platform = stack.enter_context(Platform.open(settings["straight"]))
        beside = stack.enter_context(Platform.open(settings["bare"]))
        for each in (platform, beside):
            each.migrate()
        connection = stack.enter_context(psycopg.connect(urls["bare"]))
        yield from _lines("PostgreSQL", service, folder, platform, BarePsycopg(connection), turns=turns)


def _lines(
    engine: str, service: Served, folder: Path, platform: Platform, bare: sql.Bare, *, turns: int
) -> Iterator[Line]:
    at_rest = service.megabytes()
    for size, connections in LOADS.items():
        sent: list[Sent] = []

        def over_http(size: int = size, connections: int = connections, sent: list[Sent] = sent) -> float:
            sent.append(send(service, folder, size=size, connections=connections, seconds=SECONDS))
            return sent[-1].events_per_second

        found = _turns(
            {
                "http": over_http,
                "straight": _straight(platform, size=size),
                "bare": _inserted(bare, size=size),
            },
            turns=turns,
        )
        what = f"{engine}: durable events over HTTP, {size} a request, {connections} senders"
        aim = Aim(0.6, at_least=True) if size == sql.BATCH else None
        yield _beside(f"{what}, beside batch_create_events of as many", found, "straight", aim)
        yield _beside(f"{what}, beside {bare.name}, as many a transaction", found, "bare", None)
        late = median(each.p99_milliseconds for each in sent[1:])
        yield Line(what=f"{what}: 99th percentile of a request", unit="ms", ours=late)
    yield Line(
        what=f"{engine}: memory of the service under this load, beside itself at rest",
        unit="MB",
        ours=service.megabytes(),
        bare=at_rest,
    )


def _turns(sides: Mapping[str, Rate], *, turns: int) -> dict[str, list[float]]:
    """Let each side take its turns, another one first each time, the first turn unmeasured."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for turn in range(turns + 1):
        for name in names if turn % 2 else reversed(names):
            rate = sides[name]()
            if turn:
                found[name].append(rate)
    return found


def _beside(what: str, found: Mapping[str, Sequence[float]], other: str, aim: Aim | None) -> Line:
    ratios = [ours / theirs for ours, theirs in zip(found["http"], found[other], strict=True)]
    return Line(
        what=what, unit="/s", ours=median(found["http"]), bare=median(found[other]), ratio=median(ratios), aim=aim
    )


def _straight(platform: Platform, *, size: int) -> Rate:
    def write(batch: Sequence[Given]) -> None:
        verdicts = platform.batch_create_events(batch)
        assert all(verdict.status == "accepted" for verdict in verdicts)

    return _rate(write, size=size)


def _inserted(bare: sql.Bare, *, size: int) -> Rate:
    return _rate(lambda batch: bare.insert("events", [sql.event_row(event, bare) for event in batch]), size=size)


def _rate(write: Callable[[Sequence[Given]], None], *, size: int) -> Rate:
    """Return what writes batches one after another for a turn; no two events of all turns have one id."""
    (events,) = event_turns(0, _AHEAD)
    rounds = count()

    def turn() -> float:
        written = 0
        began = time.perf_counter()
        while (seconds := time.perf_counter() - began) < SECONDS:
            start = written % _AHEAD
            round_number = next(rounds)
            write([{**event, "id": f"{event['id']}-{round_number}"} for event in events[start : start + size]])
            written += size
        return written / seconds

    return turn
