"""Which units are in an experiment: one by its id, and all of them by pages."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import InvalidInputError
from variate.model import Assignment
from variate.server.dashboard.experiments.head import found
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit

pages = Pages()

UNITS_A_PAGE = 50


@pages.get("/experiments/{experiment_id}/units")
def units(visit: Visit) -> Response:
    """Show who is in it, the most recent first, and the one that is looked for."""
    experiment = found(visit)
    form = visit.take_query()
    sought, one = form.text("unit"), None
    if sought:
        try:
            one = visit.platform.get_user_assignment(sought, experiment.id, version=experiment.version)
        except InvalidInputError as error:
            visit.status = form.refuse(InvalidInputError("unit", error.rule))
    listed = visit.platform.get_experiment_assignments(
        experiment.id, limit=UNITS_A_PAGE, last_key=form.text("after") or None
    )
    onward = path_of("experiments", experiment.id, "units", after=listed.last_key) if listed.last_key else None
    return visit.page(
        "experiments/units.html.j2",
        experiment=experiment,
        sought=sought,
        one=one,
        listed=[(each, _explained_at(each)) for each in listed],
        explained_at=path_of("explain", unit=sought, experiment_id=experiment.id),
        onward=onward,
    )


def _explained_at(assignment: Assignment) -> str:
    return path_of("explain", unit=assignment.unit, experiment_id=assignment.experiment_id)
