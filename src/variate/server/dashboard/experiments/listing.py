"""The list of experiments: found by their words, their owner and where they are in their life."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import VariateError
from variate.model import Experiment, ExperimentStatus, Page
from variate.server.dashboard.experiments.running import how_they_stand
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit

pages = Pages()

ON_A_PAGE = 50
_UNSTARTED = (ExperimentStatus.DRAFT, ExperimentStatus.ARCHIVED)
"""Of these nothing is told of how they stand, but what was decided."""


@pages.get("/experiments")
def experiments(visit: Visit) -> Response:
    """List the experiments that are asked for, most recently created first."""
    form = visit.take_query()
    asked = {name: form.text(name) or None for name in ("status", "text", "owner")}
    found: Page[Experiment] = Page(())
    try:
        found = visit.platform.list_experiments(**asked, limit=ON_A_PAGE, last_key=form.text("after") or None)
    except VariateError as error:
        visit.refuse(error)
    others = {name: value for name, value in asked.items() if name != "status"}
    tabs = [("All", None), *((each.value.title(), each.value) for each in ExperimentStatus)]
    return visit.page(
        "experiments/list.html.j2",
        shown=how_they_stand(visit.platform, found, now=visit.now),
        unstarted=_UNSTARTED,
        unreadable=found.unreadable,
        more=None if found.last_key is None else path_of("experiments", **asked, after=found.last_key),
        asked=asked,
        tabs=[(name, path_of("experiments", status=status, **others), status) for name, status in tabs],
        mine=path_of("experiments", **{**asked, "owner": visit.signed_in.person.email}),
        is_filtered=any(asked.values()),
    )
