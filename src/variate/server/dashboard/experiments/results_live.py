"""What is live on the results: a newer report, one in the making, and what comes in."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from starlette.responses import Response

from variate.model import EXPOSURE
from variate.platform import Platform
from variate.recording.latest import AMONG, MAX_LATEST
from variate.server.dashboard.experiments.head import found
from variate.server.dashboard.making import Work
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import count, path_of, render
from variate.server.dashboard.visit import Visit
from variate.stores.reports import ReportHead

pages = Pages()

NONE = "none"
"""The id that stands for no report, where none was there."""

_FRAGMENTS = ("newer", "making")
_EVERY_SECONDS = 3.0
_COMING_SECONDS = 15.0
_LATELY = "in the last 10 minutes"
_AMONG = f"among the newest {AMONG:,} events {_LATELY}"


@pages.live("/experiments/{experiment_id}/results/live")
def live(visit: Visit) -> Response:
    """Tell of a report in the making, of one that is newer than the one shown, and of what comes in."""
    experiment_id, site = found(visit).id, visit.site
    shown_id, after = visit.query("shown", NONE), visit.query("after")
    coming = _Coming(site.platform, experiment_id)

    def read() -> dict[str, str]:
        heads = site.platform.list_reports(experiment_id, limit=1)
        work = site.making.of(experiment_id)
        told = told_of(work, experiment_id, shown_id, after, heads.items)
        return {
            **{f"{name}|html": text for name, text in told.items()},
            "step": "" if work is None or work.is_over else work.step,
            "coming": coming.words(),
        }

    topic = path_of("results", experiment_id, shown=shown_id, after=after)
    return visit.stream(topic, read, every=_EVERY_SECONDS)


def newest_id(heads: Sequence[ReportHead]) -> str:
    """Return the id of the first one."""
    return heads[0].id if heads else NONE


def told_of(
    work: Work | None, experiment_id: str, shown_id: str, after: str, heads: Sequence[ReportHead]
) -> dict[str, str]:
    """Return what is told of reports, as markup: the one in the making, and one that is newer than the one shown.

    One that was asked for while ``after`` was the newest, and that nobody knows of here, is in the making in another
    process of the service.
    """
    head = heads[0] if heads else None
    context = {
        "work": work,
        "is_elsewhere": work is None and after == newest_id(heads),
        "is_outdated": work is not None and head is not None and head.at >= work.asked_at,
        "newer": head if head is not None and head.id != shown_id else None,
        "experiment_id": experiment_id,
        "after": after,
    }
    return {name: render(f"experiments/results_{name}.html.j2", context).strip() for name in _FRAGMENTS}


class _Coming:
    """Says whether units are coming in. A busy store takes a while to say so, so it is asked now and then."""

    def __init__(self, platform: Platform, experiment_id: str) -> None:
        self._platform = platform
        self._experiment_id = experiment_id
        self._said = ""
        self._until = -math.inf

    def words(self) -> str:
        """Return what was said last, unless that is long ago."""
        if time.monotonic() >= self._until:
            self._said = _coming_words(self._platform, self._experiment_id)
            self._until = time.monotonic() + _COMING_SECONDS
        return self._said


def _coming_words(platform: Platform, experiment_id: str) -> str:
    found = platform.latest_events(experiment_id=experiment_id, event_type=EXPOSURE, limit=MAX_LATEST)
    events, among = found.events, _AMONG if found.is_cut else _LATELY
    if not events:
        return f"no exposure {among}"
    number = f"{MAX_LATEST} or more exposures" if len(events) == MAX_LATEST else count(len(events), "exposure")
    return f"{number} {among}, the last one at {events[0].at:%H:%M} UTC"
