"""The experiment that a page is of."""

from __future__ import annotations

from variate.errors import ConflictError, NotFoundError
from variate.model import Experiment
from variate.server.dashboard.form import Form
from variate.server.dashboard.visit import Visit


def found(visit: Visit) -> Experiment:
    """Return the experiment that the path names as ``{experiment_id}``; raise ``NotFoundError`` for none."""
    experiment_id = visit.named("experiment_id")
    experiment = visit.platform.get_experiment(experiment_id)
    if experiment is None:
        raise NotFoundError("experiment", experiment_id)
    return experiment


def check_revision(form: Form, experiment: Experiment) -> None:
    """Raise ``ConflictError`` where the experiment was changed since the form was shown."""
    if form.revision != experiment.revision:
        raise ConflictError(f"experiment {experiment.id!r} is at revision {experiment.revision}, which is not this one")
