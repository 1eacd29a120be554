"""Removing an override, once it was seen what goes."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import NotFoundError
from variate.model import OverrideTarget
from variate.server.dashboard.form import Form
from variate.server.dashboard.overrides.adding import find_standing
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()


@pages.get("/overrides/remove", needs=CHANGES)
def confirm_removal(visit: Visit) -> Response:
    """Ask whether it is to go."""
    form = visit.take_query()
    kind, target_id = _said(form)
    return visit.page("overrides/remove.html.j2", found=find_standing(visit, form.text("unit"), kind, target_id))


@pages.post("/overrides/remove", needs=CHANGES)
def remove_override(visit: Visit) -> Response:
    """Remove it."""
    platform, unit = visit.platform, visit.form.text("unit")
    kind, target_id = _said(visit.form)
    remove = platform.remove_override if kind is OverrideTarget.EXPERIMENT else platform.remove_flag_override
    if not remove(unit, target_id, actor=visit.actor):
        raise NotFoundError("override of unit", unit)
    return visit.to("/overrides", done="removed")


def _said(form: Form) -> tuple[OverrideTarget, str]:
    flag_id = form.text("flag_id")
    return (OverrideTarget.FLAG, flag_id) if flag_id else (OverrideTarget.EXPERIMENT, form.text("experiment_id"))
