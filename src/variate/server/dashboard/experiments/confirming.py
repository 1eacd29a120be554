"""What happens by a move in the life of an experiment, said before it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from variate.model import ExperimentStatus
from variate.rendering import words
from variate.server.dashboard.experiments.described import audience_of, shares_of
from variate.server.dashboard.experiments.running import Running
from variate.server.dashboard.templating import count

Saying = Callable[[Running], list[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move: the page is called ``title`` and its button ``words``; ``said`` tells what will happen.

    ``status`` is where the experiment goes, None where it stays and ``takes_new_units`` changes. ``done`` names what is
    said afterwards. A move that ``starts`` it asks the launch checklist.
    """

    title: str
    words: str
    said: Saying
    done: str
    status: ExperimentStatus | None = None
    takes_new_units: bool | None = None
    is_dangerous: bool = False

    @property
    def starts(self) -> bool:
        """Whether units are given variations from then on."""
        return self.status is ExperimentStatus.ACTIVE


def units_in(stands: Running) -> str:
    """Return how many units are in, as a sentence begins."""
    head = stands.head
    if head is None or head.units is None:
        return "No report has counted the units in it yet. Whoever is in it"
    verb = "is" if head.units == 1 else "are"
    return f"{count(head.units, 'unit')} {verb} in it by the report of {words.moment_words(head.at)}. Whoever is in it"


def _launching(stands: Running) -> list[str]:
    experiment = stands.experiment
    design = experiment.design
    shares = ", ".join(f"{each.variation.name} {each.share}" for each in shares_of(experiment))
    begins = "At once" if design.starts_at is None else f"From {words.moment_words(design.starts_at)} on"
    said = [
        f"{begins}, units are given a variation: {design.traffic:g} % of {audience_of(experiment)}.",
        f"They are shared out as {shares}.",
        "Variations, control, hypothesis, goals, guardrails, plan, layer and holdouts are fixed from then on.",
        "Weights, traffic, audience and schedule can change, and move nobody.",
    ]
    if not design.takes_new_units:
        said.append("Its intake is stopped, so that nobody comes in until new units are taken in.")
    return said


def _resuming(stands: Running) -> list[str]:
    return [
        f"{units_in(stands)} gets the same variation as before the pause.",
        "Others come in by the draw again."
        if stands.experiment.design.takes_new_units
        else "Its intake stays stopped.",
    ]


def _pausing(stands: Running) -> list[str]:
    return [
        f"{units_in(stands)} gets no variation while it is paused.",
        "Your code then does what it does without one, and a flag what it does without the experiment.",
        "Nothing is forgotten: when it is resumed, each unit gets the same variation again.",
        "To keep who is in it and only let nobody else come in, stop the intake instead.",
    ]


def _stopping_intake(stands: Running) -> list[str]:
    return [
        f"{units_in(stands)} keeps its variation.",
        "Nobody else comes in. Each decision looks in the ledger from then on.",
        "New units can be taken in again later.",
    ]


def _taking_in(stands: Running) -> list[str]:
    shares = ", ".join(f"{each.variation.name} {each.share}" for each in shares_of(stands.experiment))
    return [f"{units_in(stands)} keeps its variation.", f"Others come in by the draw again: {shares}."]


def _archiving(stands: Running) -> list[str]:
    experiment = stands.experiment
    said = ["It is kept with its history and its reports, and no longer changes. That cannot be taken back."]
    if experiment.status is ExperimentStatus.DRAFT:
        said.insert(0, "It is put away without ever having run.")
    if experiment.design.layer is not None:
        said.append(f"Its range of the layer {experiment.design.layer.layer_id} is free for others.")
    return said


MOVES = {
    "launch": Move(title="Launch it", words="Launch", said=_launching, done="launched", status=ExperimentStatus.ACTIVE),
    "resume": Move(title="Resume it", words="Resume", said=_resuming, done="resumed", status=ExperimentStatus.ACTIVE),
    "pause": Move(
        title="Pause it",
        words="Pause",
        said=_pausing,
        done="paused",
        status=ExperimentStatus.PAUSED,
        is_dangerous=True,
    ),
    "stop-intake": Move(
        title="Stop its intake",
        words="Stop the intake",
        said=_stopping_intake,
        done="intake-stopped",
        takes_new_units=False,
        is_dangerous=True,
    ),
    "take-in": Move(
        title="Take new units in again",
        words="Take new units in",
        said=_taking_in,
        done="taking-in",
        takes_new_units=True,
    ),
    "archive": Move(
        title="Archive it",
        words="Archive",
        said=_archiving,
        done="archived",
        status=ExperimentStatus.ARCHIVED,
        is_dangerous=True,
    ),
}
"""Every move that is made by saying yes, by the last part of its page's path."""
