"""The overrides in force: all of experiments or of flags, or those of a unit, an experiment or a flag."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import InvalidInputError, VariateError
from variate.model import Override, OverrideTarget, Page
from variate.server.dashboard.form import Form
from variate.server.dashboard.overrides.standing import standing
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit

pages = Pages()

_ROWS = 25
_FILTERS = ("unit", "experiment_id", "flag_id", "type")


@pages.get("/overrides")
def list_overrides(visit: Visit) -> Response:
    """Show a page of them."""
    form = visit.take_query()
    found: Page[Override] = Page(())
    try:
        found = _found(visit, form)
    except VariateError as error:
        visit.refuse(error)
    filters = {name: form.text(name) for name in _FILTERS}
    return visit.page(
        "overrides/list.html.j2",
        standing=standing(visit, found),
        filters=filters,
        is_narrowed=any(value for name, value in filters.items() if name != "type"),
        more_path=None if found.last_key is None else path_of("overrides", **filters, after=found.last_key),
    )


def _found(visit: Visit, form: Form) -> Page[Override]:
    platform = visit.platform
    unit, experiment_id, flag_id = (form.text(name) for name in ("unit", "experiment_id", "flag_id"))
    if experiment_id and flag_id:
        raise InvalidInputError("flag_id", "must be empty where an experiment is given")
    if unit and (experiment_id or flag_id):
        one = platform.get_override(unit, experiment_id) if experiment_id else platform.get_flag_override(unit, flag_id)
        return Page(() if one is None else (one,))
    last_key = form.raw("after") or None
    if unit:
        return platform.get_user_overrides(unit, limit=_ROWS, last_key=last_key)
    if experiment_id:
        return platform.list_overrides(experiment_id, limit=_ROWS, last_key=last_key)
    if flag_id:
        return platform.list_flag_overrides(flag_id, limit=_ROWS, last_key=last_key)
    kind = form.text("type") or OverrideTarget.EXPERIMENT
    return platform.list_all_overrides(kind, limit=_ROWS, last_key=last_key)
