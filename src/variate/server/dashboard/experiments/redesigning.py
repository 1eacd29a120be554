"""A new version of a started experiment by the whole form: any of the design may change, every unit is drawn anew."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import InvalidInputError
from variate.model import Experiment
from variate.server.dashboard.experiments.changing import PREVIEW_SECONDS
from variate.server.dashboard.experiments.choices import check_metrics
from variate.server.dashboard.experiments.fixed import OF_A_NEW_VERSION
from variate.server.dashboard.experiments.form_page import PREVIEW, Previewed, form_page
from variate.server.dashboard.experiments.head import check_revision, found
from variate.server.dashboard.experiments.standing import standing_of
from variate.server.dashboard.experiments.typed import read_typed
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()
_PATH = "/experiments/{experiment_id}/redesign"


@pages.get(_PATH, needs=CHANGES)
def redesign_page(visit: Visit) -> Response:
    """Show the form of the design that stands."""
    return _form(visit, found(visit))


@pages.post(_PATH, needs=CHANGES, again=redesign_page, seconds=PREVIEW_SECONDS)
def redesign(visit: Visit) -> Response:
    """Show whom the new version would move; begin it where that was seen before."""
    form, experiment = visit.form, found(visit)
    if form.pressed not in ("", PREVIEW):
        return _form(visit, experiment)
    check_revision(form, experiment)
    typed = read_typed(form, experiment, OF_A_NEW_VERSION)
    check_metrics(visit.platform, form)
    digest = typed.digest(experiment.revision)
    if form.pressed == PREVIEW or form.text("previewed") != digest:
        with typed.named():
            preview = visit.platform.preview_new_version(experiment.id, variations=typed.variations, **typed.design)
        previewed = Previewed(preview=preview, digest=digest, is_asked=False)
        return _form(visit, experiment, previewed=previewed)
    if not form.text("reason"):
        raise InvalidInputError("reason", "must be given: the history keeps why every unit was drawn anew")
    with typed.named():
        visit.platform.start_new_version(
            experiment.id,
            variations=typed.variations,
            reason=form.text("reason"),
            expected_revision=experiment.revision,
            actor=visit.actor,
            **typed.design,
        )
    return visit.to(path_of("experiments", experiment.id), done="new-version")


def _form(visit: Visit, experiment: Experiment, *, previewed: Previewed | None = None) -> Response:
    return form_page(
        visit,
        "experiments/redesign.html.j2",
        standing_of(experiment, OF_A_NEW_VERSION),
        fixed=OF_A_NEW_VERSION,
        experiment=experiment,
        previewed=previewed,
    )
