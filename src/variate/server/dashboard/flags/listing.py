"""The flags: found by their words, status, owner and tags, with what each is in every environment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from variate.definition.stale_flags import UNCHANGED_FOR
from variate.errors import InvalidInputError, VariateError
from variate.model import FeatureFlag, Page
from variate.model.targeting import Targeting
from variate.server.dashboard.flags.found import environment_names, targeting_or_why
from variate.server.dashboard.flags.states import State, environments_shown, status_state
from variate.server.dashboard.form import Form
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit

pages = Pages()

ON_A_PAGE = 50
_STALE = "stale"
STATUSES = (("", "any"), ("active", "active"), ("inactive", "inactive"), ("archived", "archived"))


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagShown:
    """A flag in the list; ``states`` are by environment, one without a name where they are the same everywhere."""

    flag: FeatureFlag
    kind: str
    owner: str | None
    tags: Sequence[str]
    states: Sequence[tuple[str, State]]


@pages.get("/flags")
def flags(visit: Visit) -> Response:
    """List the flags that are asked for, most recently updated first."""
    return _stale(visit) if visit.query("show") == _STALE else _found(visit)


def _found(visit: Visit) -> Response:
    form = visit.take_query()
    asked = _asked(form)
    found: Page[FeatureFlag] = Page(())
    try:
        found = visit.platform.list_feature_flags(**asked, limit=ON_A_PAGE, last_key=form.text("after") or None)
    except VariateError as error:
        visit.refuse(error)
    more = None if found.last_key is None else path_of("flags", **asked, after=found.last_key)
    return visit.page(
        "flags/list.html.j2",
        shown=[flag_shown(visit, each) for each in found],
        unreadable=found.unreadable,
        more=more,
        asked=asked,
        statuses=STATUSES,
        is_filtered=bool(asked),
    )


def _asked(form: Form) -> dict[str, str]:
    """Return what a list of flags is to be filtered by."""
    return {name: form.text(name) for name in ("status", "text", "owner", "tag") if form.text(name)}


def _stale(visit: Visit) -> Response:
    """List the flags that have done their work, of those that are asked for, each with why."""
    form, days = visit.take_query(), UNCHANGED_FOR.days
    asked = _asked(form)
    found: Page[FeatureFlag] = Page(())
    reasons: Mapping[str, str] = {}
    try:
        days = form.whole("days") or days
        found = visit.platform.list_stale_flags(
            **asked, unchanged_days=days, limit=ON_A_PAGE, last_key=form.text("after") or None
        )
        reasons = visit.platform.stale_reasons(found, unchanged_days=days)
    except InvalidInputError as error:
        visit.refuse(InvalidInputError("days", error.rule) if error.field == "unchanged_days" else error)
    if not form.text("days"):
        form.put("days", str(days))
    more = None if found.last_key is None else path_of("flags", show=_STALE, **asked, days=days, after=found.last_key)
    return visit.page(
        "flags/stale.html.j2",
        shown=[flag_shown(visit, each) for each in found],
        reasons=reasons,
        more=more,
        asked=asked,
        statuses=STATUSES,
    )


def flag_shown(visit: Visit, flag: FeatureFlag) -> FlagShown:
    """Return the flag as a list shows it."""
    targeting, why = targeting_or_why(flag)
    return FlagShown(
        flag=flag,
        kind="cannot be read" if why else "free-form" if targeting is None else targeting.type.value,
        owner=None if targeting is None else targeting.owner,
        tags=() if targeting is None else targeting.tags,
        states=_states(visit, flag, targeting),
    )


def _states(visit: Visit, flag: FeatureFlag, targeting: Targeting | None) -> Sequence[tuple[str, State]]:
    if targeting is None:
        return [("", status_state(flag))]
    shown = environments_shown(flag, targeting, environment_names(visit, targeting), now=visit.now)
    if len({each.state for each in shown}) == 1:
        return [("", shown[0].state)]
    return [(each.name, each.state) for each in shown]
