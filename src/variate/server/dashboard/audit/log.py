"""The audit log, most recent first, by filters; and one entry with all of it."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import NotFoundError, VariateError
from variate.model import AuditEntry, Page
from variate.model.audit import ENTITY_TYPES, AuditFilters
from variate.server.dashboard.audit.entry import Shown
from variate.server.dashboard.form import Form
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit

pages = Pages()

_ROWS = 25
_FIELDS = ("entity_type", "entity_id", "actor", "action", "since", "until")


@pages.get("/audit")
def list_entries(visit: Visit) -> Response:
    """Show a page of the entries."""
    form = visit.take_query()
    found: Page[AuditEntry] = Page(())
    try:
        found = visit.platform.audit_log(limit=_ROWS, last_key=form.raw("after") or None, **_filters(form))
    except VariateError as error:
        visit.refuse(error)
    typed = {name: form.text(name) for name in _FIELDS}
    return visit.page(
        "audit/log.html.j2",
        shown=[Shown.of(each, visit.principal) for each in found],
        kinds=ENTITY_TYPES,
        is_narrowed=any(typed.values()),
        more_path=None if found.last_key is None else path_of("audit", **typed, after=found.last_key),
    )


@pages.get("/audit/{entry_id}")
def show_entry(visit: Visit) -> Response:
    """Show all of one entry."""
    entry_id = visit.named("entry_id")
    entry = visit.platform.get_audit_entry(entry_id)
    if entry is None:
        raise NotFoundError("audit entry", entry_id)
    return visit.page("audit/entry.html.j2", shown=Shown.of(entry, visit.principal))


def _filters(form: Form) -> AuditFilters:
    return AuditFilters(
        entity_type=form.text("entity_type") or None,
        entity_id=form.text("entity_id") or None,
        actor=form.text("actor") or None,
        action=form.text("action") or None,
        since=form.moment("since"),
        until=form.moment("until"),
    )
