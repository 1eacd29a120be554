"""Changes of who is given what while an experiment runs: what they would move is shown before they are made."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from variate.errors import InvalidInputError
from variate.model import Experiment, ExperimentStatus, Json
from variate.model.record import plain_number
from variate.platform.previewing import Preview
from variate.server.dashboard.experiments.described import shares_change, shares_of
from variate.server.dashboard.experiments.head import found
from variate.server.dashboard.form import Form
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()

PREVIEW_SECONDS = 300.0
"""A preview counts up to a million assignments, which on DynamoDB takes minutes."""
PREVIEWED = "previewed"
"""The field that holds the change of which the preview stands on the page."""


@pages.get("/experiments/{experiment_id}/change", needs=CHANGES)
def change_page(visit: Visit) -> Response:
    """Show the weights, the traffic and the intake as they stand."""
    return _page(visit, "change", None)


@pages.post("/experiments/{experiment_id}/change", needs=CHANGES, again=change_page, seconds=PREVIEW_SECONDS)
def change(visit: Visit) -> Response:
    """Show what the change would move; make it where that was seen before."""
    experiment = found(visit)
    asked = _asked(visit.form, experiment)
    if not asked:
        raise InvalidInputError("traffic", "and the weights and the intake are as they stand: change one of them")
    if not _was_seen(visit.form, asked):
        return _page(visit, "change", visit.platform.preview_change(experiment.id, **asked), asked)
    visit.platform.update_experiment(experiment.id, **asked, expected_revision=visit.form.revision, actor=visit.actor)
    return visit.to(path_of("experiments", experiment.id), done="saved")


@pages.get("/experiments/{experiment_id}/new-version", needs=CHANGES)
def new_version_page(visit: Visit) -> Response:
    """Show what a new version would have."""
    return _page(visit, "new-version", None)


@pages.post("/experiments/{experiment_id}/new-version", needs=CHANGES, again=new_version_page, seconds=PREVIEW_SECONDS)
def new_version(visit: Visit) -> Response:
    """Show whom the new version would move; begin it where that was seen before."""
    experiment, form = found(visit), visit.form
    asked = _asked(form, experiment)
    if not _was_seen(form, asked):
        return _page(visit, "new-version", visit.platform.preview_new_version(experiment.id, **asked), asked)
    if not form.text("reason"):
        raise InvalidInputError("reason", "must be given: the history keeps why every unit was drawn anew")
    visit.platform.start_new_version(
        experiment.id, **asked, reason=form.text("reason"), expected_revision=form.revision, actor=visit.actor
    )
    return visit.to(path_of("experiments", experiment.id), done="new-version")


def _page(visit: Visit, page: str, preview: Preview | None, asked: Json = None) -> Response:
    experiment = found(visit)
    return visit.page(
        "experiments/change.html.j2" if page == "change" else "experiments/new_version.html.j2",
        experiment=experiment,
        here=path_of("experiments", experiment.id, page),
        is_possible=experiment.status in (ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED),
        shares=[(each, plain_number(each.variation.weight)) for each in shares_of(experiment)],
        traffic=plain_number(experiment.design.traffic),
        preview=preview,
        previewed=None if preview is None else _told(asked),
        reweighs=page == "change" and asked is not None and shares_change(experiment, asked.get("variations")),
    )


def _asked(form: Form, experiment: Experiment) -> dict[str, Any]:
    """Return what is typed and is not as it stands."""
    asked: dict[str, Any] = {}
    listed = [
        {"name": each.name, "weight": form.needed(f"variations[{place}].weight")}
        for place, each in enumerate(experiment.variations)
    ]
    if [each["weight"] for each in listed] != [each.weight for each in experiment.variations]:
        asked["variations"] = listed
    traffic = form.needed("traffic")
    if traffic != experiment.design.traffic:
        asked["traffic"] = traffic
    takes = form.ticked("takes_new_units")
    if takes is not experiment.design.takes_new_units:
        asked["takes_new_units"] = takes
    return asked


def _was_seen(form: Form, asked: Json) -> bool:
    """Whether the change is the one of which the preview was shown, and is to be made."""
    return form.pressed != "preview" and form.text(PREVIEWED) == _told(asked)


def _told(asked: Json) -> str:
    return json.dumps(asked, sort_keys=True)
