"""One flag: what it is in each environment, side by side, and what else is to be known of it."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import VariateError
from variate.model import FeatureFlag
from variate.rendering.definition_words import json_words
from variate.server.dashboard.flags.found import environment_names, found, targeting_or_why
from variate.server.dashboard.flags.states import environments_shown, status_state
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit

pages = Pages()

_OVERRIDES_SHOWN = 5
_SOMEBODY = "somebody"


@pages.get("/flags/{flag_id}")
def flag(visit: Visit) -> Response:
    """Show the flag."""
    flag = found(visit)
    targeting, why = targeting_or_why(flag)
    names = environment_names(visit, targeting)
    return visit.page(
        "flags/flag.html.j2",
        flag=flag,
        targeting=targeting,
        why_unreadable=why,
        state=status_state(flag),
        shown=[] if targeting is None else environments_shown(flag, targeting, names, now=visit.now),
        values=[] if targeting is None else [json_words(each.value.value) for each in targeting.variations],
        raw=flag.rules.text if flag.targeting is None else f"{flag.rules.text}\n{flag.targeting.text}",
        overrides=visit.platform.list_flag_overrides(flag.id, limit=_OVERRIDES_SHOWN),
        stale=visit.platform.stale_reasons([flag]).get(flag.id),
        served_revision=_served_revision(visit, flag),
    )


def _served_revision(visit: Visit, flag: FeatureFlag) -> int | None:
    """Return the revision that is in force in this service's environment; None where none is."""
    try:
        return visit.platform.evaluate_flag(_SOMEBODY, flag.id).version
    except VariateError:
        return None
