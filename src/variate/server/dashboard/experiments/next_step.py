"""What is to be done next about an experiment, as its page says first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from variate.analysis.report import VerdictKind
from variate.definition.checklist import ChecklistItem
from variate.model import Experiment, ExperimentStatus
from variate.rendering.words import moment_words
from variate.server.dashboard.experiments.running import Running
from variate.server.dashboard.templating import count, path_of


@dataclass(frozen=True, slots=True)
class Step:
    """``said`` in words, with a sign of ``tone``; ``link`` leads to where it is done, called ``label``.

    ``is_to_read`` says that it takes no change, so that who only looks can do it, too.
    """

    tone: str
    said: str
    label: str = ""
    link: str = ""
    is_to_read: bool = False


def next_step(
    stands: Running,
    *,
    checklist: Sequence[ChecklistItem],
    now: datetime,
) -> Step:
    """Return what is next for an experiment that stands like this."""
    experiment = stands.experiment
    match experiment.status:
        case ExperimentStatus.DRAFT:
            return _launching(experiment, checklist)
        case ExperimentStatus.ACTIVE:
            return _running(stands, now=now)
        case ExperimentStatus.PAUSED:
            said = "It is paused: nobody is given a variation. Resume it, or complete it with a decision."
            return Step("warning", said, "Resume", _path(experiment, "resume"))
        case ExperimentStatus.COMPLETED if experiment.conclusion is None:
            said = "It has ended. Say what was decided, so that others find it here."
            return Step("warning", said, "Say what was decided", _path(experiment, "conclude"))
        case ExperimentStatus.COMPLETED:
            return Step(
                "ok",
                "It is decided. When no code asks for it any more, archive it.",
                "Archive",
                _path(experiment, "archive"),
            )
    return Step("none", "It is archived: it is kept, and no longer changes.")


def _launching(experiment: Experiment, checklist: Sequence[ChecklistItem]) -> Step:
    blocking = sum(each.blocks and not each.met for each in checklist)
    advised = sum(not each.blocks and not each.met for each in checklist)
    if blocking:
        verb = "blocks" if blocking == 1 else "block"
        said = f"{count(blocking, 'point')} of the checklist {verb} the launch."
        return Step("failed", said, "See the checklist", "#checklist", is_to_read=True)
    if advised:
        verb = "is" if advised == 1 else "are"
        said = f"It can be launched. {count(advised, 'point')} of the checklist {verb} open, none of which blocks it."
        return Step("warning", said, "Launch", _path(experiment, "launch"))
    return Step("ok", "All is ready for the launch.", "Launch", _path(experiment, "launch"))


def _running(stands: Running, *, now: datetime) -> Step:
    experiment, head = stands.experiment, stands.head
    design, results = experiment.design, _path(experiment, "results")
    if design.starts_at is not None and design.starts_at > now:
        return Step("none", f"It is launched, and begins at {moment_words(design.starts_at)}.")
    if head is not None and head.verdict == VerdictKind.INVALID:
        said = "Its data cannot be trusted. Find the fault before anything is decided."
        return Step("failed", said, "See what is wrong", results, is_to_read=True)
    if stands.days is not None and stands.days <= 0:
        has_ended = design.ends_at is not None and design.ends_at <= now
        over = "Its end is over: nobody is given a variation any more." if has_ended else "The planned end is reached."
        return Step("warning", f"{over} Decide, and complete it.", "Decide", _path(experiment, "complete"))
    if head is not None and head.verdict in (VerdictKind.SHIP, VerdictKind.STOP):
        said = f"The newest report says {stands.reported}. Read why, then decide."
        return Step("warning", said, "Read it", results, is_to_read=True)
    said = "It runs. No report of it was made yet." if head is None else "It runs, and nothing is decided yet."
    return Step("course", said, "Look at the results", results, is_to_read=True)


def _path(experiment: Experiment, page: str) -> str:
    return path_of("experiments", experiment.id, page)
