"""Home: running experiments, flags changed lately, what comes in, and what is served; all of it live."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.responses import Response

from variate.clock import utc_now
from variate.errors import StoreUnavailableError
from variate.model import AuditEntry
from variate.patience import within
from variate.server.dashboard.changes_shown import changed
from variate.server.dashboard.experiments.running import how_they_stand
from variate.server.dashboard.field_names import field_words, within_a_sentence
from variate.server.dashboard.home.intake import intake_of
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.site import Site
from variate.server.dashboard.templating import render
from variate.server.dashboard.visit import Visit

logger = logging.getLogger("variate.server")

pages = Pages()

MOST_RUNNING = 20
_MOST_FLAGS = 8
_ENTRIES = 40
"""How many changes are looked through for flags: some change often."""
_MOST_SHOWN = 60
"""How long a change may be to be shown in full."""
_EVERY_SECONDS = 3.0
_STORES_SECONDS = 3.0
"""How long stores may take for what is read of them: that one is away is to be seen here soon."""
_KEPT = ("running", "flags")
_COUNTED = ("service", "intake", "snapshot")


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagChange:
    """The last change of a flag, what it changed, and how many changes it had lately."""

    entry: AuditEntry
    name: str
    fields: tuple[str, ...]
    times: int


@pages.get("/")
def home(visit: Visit) -> Response:
    """Show how it stands."""
    return visit.page("home/home.html.j2", **_state(visit.site, visit.now))


@pages.live("/live/home")
def home_live(visit: Visit) -> Response:
    """Tell how it stands, whenever that changes."""
    site = visit.site
    return visit.stream("home", lambda: _shown(site), every=_EVERY_SECONDS)


def _shown(site: Site) -> Mapping[str, str]:
    state = _state(site, utc_now())
    # What stands on the page stays, rather than that it cannot be read.
    shown = _COUNTED if state["is_away"] else (*_COUNTED, *_KEPT)
    intake, snapshot = state["intake"], state["snapshot"]
    return {
        "per-second": intake.per_second,
        "bars|html": str(intake.bars),
        "snapshot-seen": snapshot.seen,
        **{f"{name}|html": render(f"home/{name}.html.j2", state) for name in shown},
    }


def _state(site: Site, now: datetime) -> dict[str, Any]:
    try:
        with within(_STORES_SECONDS):
            kept = _kept(site, now)
    except StoreUnavailableError as error:
        logger.warning("home is shown without what the stores keep: %s", error)
        kept = {"is_away": True}
    return {
        "now": now,
        "most": MOST_RUNNING,
        "intake": intake_of(site.intake),
        "snapshot": _snapshot(site),
        "health": site.health(),
        **kept,
    }


def _kept(site: Site, now: datetime) -> dict[str, Any]:
    running = site.platform.list_active_experiments(limit=MOST_RUNNING)
    return {
        "is_away": False,
        "running": how_they_stand(site.platform, running.items, now=now),
        "is_cut": running.last_key is not None,
        "flags": _changed_flags(site),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What this process decides from: its number, when it was made, and when it was last seen to be in force."""

    sequence: str
    published_at: datetime | None
    seen: str


def _snapshot(site: Site) -> Snapshot:
    served = site.platform.snapshot_in_force()
    if served is None:
        return Snapshot(sequence="none yet", published_at=None, seen="nothing is served yet")
    seconds = served.age_seconds
    age = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return Snapshot(
        sequence=f"{served.publication.sequence:,}",
        published_at=served.publication.at,
        seen=f"seen to be in force {age} ago",
    )


def _changed_flags(site: Site) -> Sequence[FlagChange]:
    """Return the flags changed last, by their newest change each."""
    entries: dict[str, list[AuditEntry]] = {}
    for entry in site.platform.audit_log(limit=_ENTRIES, entity_type="flag").items:
        entries.setdefault(entry.entity_id, []).append(entry)
    return [_flag_change(site, flag_id, found) for flag_id, found in [*entries.items()][:_MOST_FLAGS]]


def _flag_change(site: Site, flag_id: str, entries: Sequence[AuditEntry]) -> FlagChange:
    flag = site.platform.get_feature_flag(flag_id)
    newest = entries[0]
    return FlagChange(
        entry=newest, name=flag_id if flag is None else flag.name, fields=_fields_of(newest), times=len(entries)
    )


def _fields_of(entry: AuditEntry) -> tuple[str, ...]:
    """Return what was changed: a short change of one field in full, else the names. What is new is new as a whole."""
    if entry.action == "created":
        return ()
    differences = changed(entry).differences
    if len(differences) == 1:
        (one,) = differences
        whole = f"{within_a_sentence(field_words(one.path))} {one.before or '-'} → {one.after or '-'}"
        if len(whole) <= _MOST_SHOWN:
            return (whole,)
    return tuple(dict.fromkeys(within_a_sentence(field_words(each.path.partition(".")[0])) for each in differences))
