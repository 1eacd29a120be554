"""The dashboard over a thousand experiments and five thousand flags: each page beside one that shows nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.engines import Engines
from benchmarks.line import Aim, Line
from benchmarks.pages.addresses import NOTHING
from benchmarks.pages.crowd import BROWSING, LOOKING, crowd
from benchmarks.pages.filling import fill
from benchmarks.pages.naming import ENVIRONMENTS, Sizes, flag_id
from benchmarks.pages.serving import serving
from benchmarks.pages.viewing import Viewed, first_views, view
from benchmarks.pages.visitor import Visitor
from benchmarks.served.race import Run, Served, asked, served
from benchmarks.served.workload import SECRET
from benchmarks.service_evaluation import script
from variate import Settings
from variate.access.keyring import secret_hash
from variate.settings import Profile

_MILLISECONDS = Aim(100, of_figure=True)
_WARM_SECONDS = 5
"""How long somebody looks at the first page of all, while the process makes the others ready."""
_CROWDS, _CROWD_SECONDS = 5, 5
_PAUSE = "\nfunction delay() return 20 end\n"
"""Each of wrk's connections asks so many milliseconds after it was answered: it is to be late, not overrun."""


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield how long each page takes, and what OFREP notices of it."""
    folder = engines.folder / "dashboard"
    folder.mkdir()
    yield from _on("SQLite", Settings(home=folder, environments=ENVIRONMENTS), folder, turns=turns)
    url = engines.postgres_url()
    settings = Settings(profile=Profile.POSTGRES, database_url=url, environments=ENVIRONMENTS)
    yield from _on("PostgreSQL", settings, folder, turns=turns)


def _on(name: str, settings: Settings, folder: Path, *, turns: int) -> Iterator[Line]:
    sizes = Sizes()
    begun = time.perf_counter()
    fill(settings, sizes, first_hash=secret_hash(SECRET))
    counts = f"{sizes.experiments:,} experiments, {sizes.flags:,} flags and what goes with them"
    yield Line(what=f"{name}: writing {counts}", unit="s", ours=time.perf_counter() - begun)
    with serving(environment_of(settings), folder) as service, closing(Visitor(service.port)) as visitor:
        visitor.sign_in()
        first = visitor.look("/")
        yield Line(what=f"{name}: home, the first page of a process's life", unit="ms", ours=first.milliseconds)
        time.sleep(_WARM_SECONDS)
        viewed = first_views(visitor)
        missing = [page for page, found in viewed.items() if found.status != 200]
        view(visitor, service, {page: found for page, found in viewed.items() if page not in missing}, turns=turns)
        for page, found in viewed.items():
            what = f"{name}: {page}"
            yield (
                Line(what=f"{what}: not measured", unit="", note=str(found.status))
                if page in missing
                else _page(what, found)
            )
        yield _of_the_slowest(name, viewed)
        yield from _beside_a_bare_page(name, visitor, folder, turns=turns)
        yield from _crowded(name, service, folder)


def environment_of(settings: Settings) -> dict[str, str]:
    """Return the variables by which a process has these settings, and lets a crowd sign in."""
    return {
        "VARIATE_HOME": str(settings.home),
        "VARIATE_PROFILE": settings.profile.value,
        "VARIATE_DATABASE_URL": settings.database_url or "",
        "VARIATE_ENVIRONMENTS": ",".join(ENVIRONMENTS),
        "VARIATE_SIGN_INS_PER_MINUTE": "100000",
    }


def _page(what: str, found: Viewed) -> Line:
    return Line(
        what=f"{what}, beside a page that shows nothing",
        unit="ms",
        ours=median(found.looks),
        bare=median(found.beside),
        ratio=found.ratio,
        aim=_MILLISECONDS,
        note=f"longest {max(found.looks):.0f}, first {found.first:.0f}, processor {median(found.processor):.0f}; "
        f"{found.kilobytes:.0f} kB",
    )


def _of_the_slowest(name: str, viewed: Mapping[str, Viewed]) -> Line:
    page, found = max(viewed.items(), key=lambda each: each[1].first)
    return Line(
        what=f"{name}: the slowest first view of a page",
        unit="ms",
        ours=found.first,
        aim=_MILLISECONDS,
        note=page,
    )


def _beside_a_bare_page(name: str, visitor: Visitor, folder: Path, *, turns: int) -> Iterator[Line]:
    with served("page", folder) as bare, closing(Visitor(bare.port)) as other:
        for each in (visitor, other):
            each.look("/")
        pairs = [(visitor.look(NOTHING).milliseconds, other.look("/").milliseconds) for _ in range(turns)]
    yield Line(
        what=f"{name}: a page that shows nothing, beside 50 rows by Starlette and Jinja2 alone",
        unit="ms",
        ours=median(ours for ours, _ in pairs),
        bare=median(bare for _, bare in pairs),
        ratio=median(ours / bare for ours, bare in pairs),
    )


def _crowded(name: str, service: Served, folder: Path) -> Iterator[Line]:
    file = script(folder / "ofrep.lua", path=f"/ofrep/v1/evaluate/flags/{flag_id(0)}")
    with file.open("a") as more:
        more.write(_PAUSE)
    asked(service, file, seconds=1)
    alone, crowded, took = list[Run](), list[Run](), list[float]()
    for _ in range(_CROWDS):
        alone.append(asked(service, file, seconds=_CROWD_SECONDS))
        with crowd(service.port) as looks:
            crowded.append(asked(service, file, seconds=_CROWD_SECONDS))
        took += looks
    who = f"{BROWSING} browse and {LOOKING} look at live pages"
    yield Line(
        what=f"{name}: OFREP's 99th percentile while {who}, beside that without them",
        unit="ms",
        ours=median(each.p99_milliseconds for each in crowded),
        bare=median(each.p99_milliseconds for each in alone),
        ratio=median(ours.p99_milliseconds / bare.p99_milliseconds for ours, bare in zip(crowded, alone, strict=True)),
        note=f"{_rate(crowded):,.0f} and {_rate(alone):,.0f} asked a second",
    )
    yield Line(
        what=f"{name}: a page while {who}",
        unit="ms",
        ours=median(took),
        aim=_MILLISECONDS,
        note=f"longest {max(took):.0f} of {len(took)}",
    )


def _rate(runs: Sequence[Run]) -> float:
    return median(each.per_second for each in runs)
