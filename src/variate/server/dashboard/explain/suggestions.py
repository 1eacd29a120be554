"""Experiments and flags that match what somebody types into a field for an id."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import InvalidInputError
from variate.server.answer import encode
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit

pages = Pages()

_MOST = 30


@pages.get("/explain/suggestions")
def suggest(visit: Visit) -> Response:
    """Answer with the id and the name of those whose id, name or description holds the text, as JSON."""
    text, kind = visit.query("text"), visit.query("kind")
    if kind == "experiment":
        found = [(each.id, each.name) for each in visit.platform.list_experiments(text=text, limit=_MOST)]
    elif kind == "flag":
        found = [(each.id, each.name) for each in visit.platform.list_feature_flags(text=text, limit=_MOST)]
    else:
        raise InvalidInputError("kind", "must be experiment or flag")
    told = [{"id": key, "name": name} for key, name in found]
    return Response(encode(told), media_type="application/json", headers={"Cache-Control": "no-store"})
