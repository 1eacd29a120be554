"""The experiment that a page is of, and what stands above all of its pages."""

from __future__ import annotations

from variate.errors import NotFoundError
from variate.model import Experiment
from variate.server.dashboard.visit import Visit


def found(visit: Visit) -> Experiment:
    """Return the experiment that the path names as ``{experiment_id}``; raise ``NotFoundError`` for none."""
    experiment_id = visit.named("experiment_id")
    experiment = visit.platform.get_experiment(experiment_id)
    if experiment is None:
        raise NotFoundError("experiment", experiment_id)
    return experiment
