"""The latest events, and those that come in while somebody looks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from starlette.responses import Response

from variate.errors import InvalidInputError, VariateError
from variate.model import Event
from variate.model.rules import check_id
from variate.platform import Platform
from variate.recording.latest import AMONG
from variate.server.dashboard.form import Form
from variate.server.dashboard.live import Shown
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of, render
from variate.server.dashboard.visit import Visit
from variate.server.operations.intake_history import MINUTES, IntakeHistory

pages = Pages()

ROWS = 100
_EVERY_SECONDS = 2.0
_BOUND = f"Only the newest {AMONG:,} events were looked at for these: there may be others that came before."


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Events, and ``last_key`` where older ones can be asked for. ``bound`` says in words that others were not seen."""

    events: Sequence[Event] = ()
    last_key: str | None = None
    bound: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which events are looked at; of None all."""

    unit: str | None
    experiment_id: str | None
    event_type: str | None

    @classmethod
    def read(cls, form: Form) -> Filters:
        """Return what is typed; raise ``InvalidInputError`` for what no event can have."""
        names = ("unit", "experiment_id", "event_type")
        return cls(**{name: check_id(name, form.text(name)) if form.text(name) else None for name in names})

    def events(self, platform: Platform, *, last_key: str | None = None) -> Found:
        """Return the latest first: those of a unit however old they are, those of all of the last minutes."""
        if self.unit is None:
            if last_key is not None:
                raise InvalidInputError("unit", "must be given for events that are older")
            latest = platform.latest_events(experiment_id=self.experiment_id, event_type=self.event_type, limit=ROWS)
            return Found(events=latest.events, bound=_BOUND if latest.is_cut else "")
        page = platform.get_user_events(self.unit, event_type=self.event_type, limit=ROWS, last_key=last_key)
        chosen = tuple(each for each in page if self.experiment_id in (None, each.experiment_id))
        return Found(events=chosen, last_key=page.last_key)

    def path(self, *below: str, after: str | None = None) -> str:
        """Return a path of the events with these filters."""
        return path_of("events", *below, **asdict(self), after=after)


@pages.get("/events")
def show_events(visit: Visit) -> Response:
    """Show the latest, and the numbers of the intake."""
    form = visit.take_query()
    found = Found()
    filters, last_key = None, form.raw("after") or None
    try:
        filters = Filters.read(form)
        found = filters.events(visit.platform, last_key=last_key)
    except VariateError as error:
        visit.refuse(error)
    is_live = filters is not None and last_key is None
    return visit.page(
        "events/events.html.j2",
        events=found.events,
        bound=found.bound,
        filters=filters,
        stream=filters.path("stream") if filters and is_live else None,
        older=filters.path(after=found.last_key) if filters and found.last_key else None,
        intake=_numbers(visit.site.intake),
        minutes=MINUTES,
        most=ROWS,
    )


@pages.live("/events/stream")
def stream_events(visit: Visit) -> Response:
    """Tell the latest, whenever there are others, and the numbers of the intake."""
    filters, platform, intake = Filters.read(visit.take_query()), visit.platform, visit.site.intake

    def read() -> Shown:
        found = filters.events(platform)
        rows = render("events/tail.html.j2", {"events": found.events})
        return {"tail|html": rows, "bound": found.bound, **_numbers(intake)}

    return visit.stream(f"events {json.dumps(asdict(filters))}", read, every=_EVERY_SECONDS)


def _numbers(intake: IntakeHistory) -> dict[str, str]:
    """Return what the intake took lately, by the names under which it stands on the page."""
    counts = intake.recent()
    return {
        "accepted": f"{counts.accepted:,}",
        "duplicate": f"{counts.duplicate:,}",
        "rejected": f"{counts.rejected:,}",
        "refused": f"{counts.refused:,}",
        "rate": f"{intake.accepted_per_second():,.1f}",
    }
