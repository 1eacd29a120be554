"""The form of an experiment: to create one, as a copy too, and to change one."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model import Experiment, ExperimentStatus
from variate.model.rules import check_name
from variate.server.dashboard.experiments import head
from variate.server.dashboard.experiments.changing import PREVIEW_SECONDS
from variate.server.dashboard.experiments.choices import check_metrics
from variate.server.dashboard.experiments.described import audience_of, shares_change
from variate.server.dashboard.experiments.fixed import fixed_of
from variate.server.dashboard.experiments.form_page import PREVIEW, Previewed, form_page
from variate.server.dashboard.experiments.standing import blank, copy_of, standing_of
from variate.server.dashboard.experiments.typed import Typed, read_typed
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.idempotency import created_once
from variate.server.management.needs import CHANGES

pages = Pages()

_STARTED = (ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED)


@pages.get("/experiments/new", needs=CHANGES)
def new_page(visit: Visit) -> Response:
    """Show an empty form, or one that begins as a copy of ``from``."""
    owner = visit.signed_in.person.email
    source_id = visit.query("from")
    source = visit.platform.get_experiment(source_id) if source_id else None
    if source_id and source is None:
        raise NotFoundError("experiment", source_id)
    standing = blank(owner) if source is None else copy_of(source, owner)
    return form_page(visit, "experiments/new.html.j2", standing, source=source)


@pages.post("/experiments/new", needs=CHANGES, again=new_page)
def create(visit: Visit) -> Response:
    """Create the draft that was typed: once, however often the form is sent."""
    form = visit.form
    if form.pressed:
        return new_page(visit)
    typed = read_typed(form)
    check_metrics(visit.platform, form)
    with typed.named():
        made = _created(visit, typed)
    return visit.to(path_of("experiments", made.id), done="created")


def _created(visit: Visit, typed: Typed) -> Experiment:
    chosen = visit.form.chosen_id()

    def make(experiment_id: str | None) -> Experiment:
        return visit.platform.create_experiment(
            typed.words["name"],
            description=typed.words["description"],
            owner=typed.words["owner"] or None,
            variations=typed.variations or (),
            experiment_id=experiment_id,
            actor=visit.actor,
            **typed.design,
        )

    try:
        return created_once(chosen, visit.form.new_id, create=make, read=visit.platform.get_experiment)
    except ConflictError:
        standing = None if chosen is None else visit.platform.get_experiment(chosen)
        if standing is None:
            raise
        if typed.is_of(standing):
            return standing
        raise InvalidInputError("id", "is taken by another experiment: choose another") from None


@pages.get("/experiments/{experiment_id}/edit", needs=CHANGES)
def edit_page(visit: Visit) -> Response:
    """Show the form of what stands; what cannot change any more is text."""
    return _edited(visit, head.found(visit))


@pages.post("/experiments/{experiment_id}/edit", needs=CHANGES, again=edit_page, seconds=PREVIEW_SECONDS)
def save(visit: Visit) -> Response:
    """Save what was typed; where it gives units of a started experiment something else, once that was looked at."""
    form, experiment = visit.form, head.found(visit)
    if form.pressed not in ("", PREVIEW):
        return _edited(visit, experiment)
    head.check_revision(form, experiment)
    typed = read_typed(form, experiment, fixed_of(experiment))
    check_metrics(visit.platform, form)
    digest = typed.digest(experiment.revision)
    is_unseen = experiment.status in _STARTED and typed.allots_anew(experiment) and form.text("previewed") != digest
    if form.pressed == PREVIEW or is_unseen:
        with typed.named():
            preview = visit.platform.preview_change(experiment.id, variations=typed.variations, **typed.design)
        return _edited(
            visit,
            experiment,
            previewed=Previewed(
                preview=preview,
                digest=digest,
                is_asked=form.pressed != PREVIEW,
                reweighs=experiment.status in _STARTED and shares_change(experiment, typed.variations),
            ),
        )
    _change(visit, experiment, typed)
    return visit.to(path_of("experiments", experiment.id), done="saved")


def _change(visit: Visit, experiment: Experiment, typed: Typed) -> None:
    owner = typed.words.get("owner")
    if owner == "" and experiment.owner is not None:
        raise InvalidInputError("owner", "must be given: an experiment can go to another owner, but not be without one")
    if owner:
        check_name("owner", owner)  # before anything is changed: the owner is, after all else
    with typed.named():
        after = visit.platform.update_experiment(
            experiment.id,
            name=typed.words.get("name"),
            description=typed.words.get("description"),
            variations=typed.variations,
            expected_revision=experiment.revision,
            actor=visit.actor,
            **typed.design,
        )
    if owner and owner != experiment.owner:
        visit.platform.transfer_experiment_ownership(
            experiment.id, owner, expected_revision=after.revision, actor=visit.actor
        )


def _edited(visit: Visit, experiment: Experiment, *, previewed: Previewed | None = None) -> Response:
    fixed = fixed_of(experiment)
    return form_page(
        visit,
        "experiments/edit.html.j2",
        standing_of(experiment, fixed),
        fixed=fixed,
        experiment=experiment,
        audience_words=audience_of(experiment),
        previewed=previewed,
    )
