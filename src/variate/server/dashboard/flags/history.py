"""What was changed of a flag, by whom and when."""

from __future__ import annotations

from starlette.responses import Response

from variate.server.dashboard.changes_shown import changed
from variate.server.dashboard.flags.found import found
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit

pages = Pages()

ON_A_PAGE = 20
_ACTIONS = {
    "created": "Created",
    "updated": "Changed",
    "environment_updated": "Changed in an environment",
    "promoted": "Promoted from one environment to another",
    "status_change": "Switched",
    "withdrawn": "Taken back: it led back to itself",
    "override_added": "Override added",
    "override_removed": "Override removed",
}


@pages.get("/flags/{flag_id}/history")
def history(visit: Visit) -> Response:
    """Show the changes of the flag, the latest first, each field by field."""
    flag = found(visit)
    entries = visit.platform.audit_log(
        entity_type="flag", entity_id=flag.id, limit=ON_A_PAGE, last_key=visit.query("after") or None
    )
    return visit.page(
        "flags/history.html.j2",
        flag=flag,
        entries=[(entry, _ACTIONS.get(entry.action, entry.action), changed(entry)) for entry in entries],
        more=None if entries.last_key is None else path_of("flags", flag.id, "history", after=entries.last_key),
    )
