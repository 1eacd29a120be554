"""The overrides in force: all of experiments and of flags, or those of a unit, an experiment or a flag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from variate.errors import InvalidInputError, VariateError
from variate.model import Override, OverrideTarget, Page
from variate.model.rules import check_choice
from variate.server.dashboard.form import Form
from variate.server.dashboard.overrides.standing import Standing, standing
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit

pages = Pages()

_ROWS = 25
_ROWS_OF_EACH = 12
"""How many of each kind are shown beside the other: the audit log is asked of each who made it."""
_OF_ONE = ("unit", "experiment_id", "flag_id")
_FILTERS = (*_OF_ONE, "type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of overrides, and where it goes on. ``kind`` is set where they are all of that kind."""

    kind: OverrideTarget | None
    standing: Sequence[Standing]
    more_path: str | None


@pages.get("/overrides")
def list_overrides(visit: Visit) -> Response:
    """Show a page of them; of each kind one where nothing says which."""
    form = visit.take_query()
    filters = {name: form.text(name) for name in _FILTERS}
    listed: list[Listed] = []
    try:
        listed = _listed(visit, form, filters)
    except VariateError as error:
        visit.refuse(error)
    return visit.page(
        "overrides/list.html.j2",
        listed=listed,
        filters=filters,
        is_narrowed=any(filters.values()),
    )


def _listed(visit: Visit, form: Form, filters: dict[str, str]) -> list[Listed]:
    after = form.raw("after") or None
    if any(filters[name] for name in _OF_ONE):
        return [_shown(visit, None, _found(visit, form, after), filters)]
    asked = filters["type"]
    limit, last_key = (_ROWS, after) if asked else (_ROWS_OF_EACH, None)
    kinds = [check_choice("type", asked, OverrideTarget)] if asked else [*OverrideTarget]
    return [
        _shown(
            visit,
            kind,
            visit.platform.list_all_overrides(kind, limit=limit, last_key=last_key),
            {"type": kind},
        )
        for kind in kinds
    ]


def _shown(visit: Visit, kind: OverrideTarget | None, found: Page[Override], asked: Mapping[str, str]) -> Listed:
    more = None if found.last_key is None else path_of("overrides", **asked, after=found.last_key)
    return Listed(kind=kind, standing=standing(visit, found), more_path=more)


def _found(visit: Visit, form: Form, last_key: str | None) -> Page[Override]:
    platform = visit.platform
    unit, experiment_id, flag_id = (form.text(name) for name in _OF_ONE)
    if experiment_id and flag_id:
        raise InvalidInputError("flag_id", "must be empty where an experiment is given")
    if unit and (experiment_id or flag_id):
        one = platform.get_override(unit, experiment_id) if experiment_id else platform.get_flag_override(unit, flag_id)
        return Page(() if one is None else (one,))
    if unit:
        return platform.get_user_overrides(unit, limit=_ROWS, last_key=last_key)
    if experiment_id:
        return platform.list_overrides(experiment_id, limit=_ROWS, last_key=last_key)
    return platform.list_flag_overrides(flag_id, limit=_ROWS, last_key=last_key)
