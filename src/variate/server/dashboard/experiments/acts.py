"""What can be done with an experiment as it stands, by the names of the pages that do it."""

from __future__ import annotations

from dataclasses import dataclass

from variate.model import Experiment, ExperimentStatus
from variate.server.dashboard.templating import path_of

DRAFT, ACTIVE, PAUSED, COMPLETED, ARCHIVED = ExperimentStatus


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done: the ``path`` of its page, and the ``words`` of its button.

    ``is_first`` says that it is what is done most often, ``is_dangerous`` that it takes something from units.
    """

    path: str
    words: str
    is_first: bool = False
    is_dangerous: bool = False


def acts_of(experiment: Experiment) -> list[Act]:
    """Return what can be done now."""
    status, takes = experiment.status, experiment.design.takes_new_units
    is_started = status in (ACTIVE, PAUSED)
    offered = [
        (status is DRAFT, "launch", "Launch", "first"),
        (status is PAUSED, "resume", "Resume", "first"),
        (is_started, "complete", "Complete and decide", "first" if status is ACTIVE else ""),
        (
            status is COMPLETED,
            "conclude",
            "Correct the decision" if experiment.conclusion else "Say what was decided",
            "",
        ),
        (is_started, "change", "Change weights and traffic", ""),
        (is_started and takes, "stop-intake", "Stop intake", ""),
        (is_started and not takes, "take-in", "Take new units in", ""),
        (status is ACTIVE, "pause", "Pause", "dangerous"),
        (is_started, "new-version", "New version", "dangerous"),
        (True, "hand-over", "Hand over", ""),
        (status in (DRAFT, COMPLETED), "archive", "Archive", ""),
    ]
    return [
        Act(path_of("experiments", experiment.id, page), words, kind == "first", kind == "dangerous")
        for is_offered, page, words, kind in offered
        if is_offered
    ]
