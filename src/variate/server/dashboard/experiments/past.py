"""The history of an experiment and of the overrides in it: who changed what, as the audit log has it."""

from __future__ import annotations

from starlette.responses import Response

from variate.server.dashboard.changes_shown import changed
from variate.server.dashboard.experiments.head import found
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit

pages = Pages()

ENTRIES_A_PAGE = 25
ACTIONS = {
    "created": "Created",
    "updated": "Changed",
    "status_change": "Status changed",
    "ownership_change": "Handed over",
    "new_version": "New version begun",
    "concluded": "Decided",
    "override_added": "Override added",
    "override_removed": "Override removed",
}


@pages.get("/experiments/{experiment_id}/history")
def history(visit: Visit) -> Response:
    """Show what was changed, the most recent first."""
    experiment = found(visit)
    page = visit.platform.audit_log(
        entity_type="experiment",
        entity_id=experiment.id,
        limit=ENTRIES_A_PAGE,
        last_key=visit.query("after") or None,
    )
    onward = path_of("experiments", experiment.id, "history", after=page.last_key) if page.last_key else None
    return visit.page(
        "experiments/history.html.j2",
        experiment=experiment,
        entries=[(each, ACTIONS.get(each.action, each.action), changed(each)) for each in page],
        onward=onward,
        is_first=not visit.query("after"),
    )
