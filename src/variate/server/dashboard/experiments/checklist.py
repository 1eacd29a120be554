"""The launch checklist as a page shows it: each point with where it is mended."""

from __future__ import annotations

from dataclasses import dataclass

from variate.definition.checklist import ChecklistItem
from variate.model import Experiment
from variate.platform import Platform
from variate.server.dashboard.templating import path_of

ANCHORS = {
    "variations": "#variations",
    "control": "#variations",
    "references": "#who",
    "schedule": "#f-ends_at",
    "traffic": "#f-traffic",
    "hypothesis": "#f-hypothesis",
    "goal": "#metrics",
    "margins": "#metrics",
    "plan": "#f-plan-units",
}
"""Where in the form of the experiment a point is mended."""
_NAMES = {
    "goal": "Goal",
    "margins": "Margins of guardrails",
    "windows": "Windows of goals",
    "references": "What it names",
}


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the checklist; ``link`` is the path of the page where it is mended."""

    item: ChecklistItem
    name: str
    link: str

    @property
    def tone(self) -> str:
        """The sign that the point has."""
        if self.item.met:
            return "ok"
        return "failed" if self.item.blocks else "warning"

    @property
    def state(self) -> str:
        """How it stands, in a word or two."""
        if self.item.met:
            return "met"
        return "blocks the launch" if self.item.blocks else "advised"


def points_of(platform: Platform, experiment: Experiment) -> list[Point]:
    """Return every point, those that block the launch first, then what is advised, then what is met."""
    points = [
        Point(item, _NAMES.get(item.name, item.name.capitalize()), _mended_at(experiment, item.name))
        for item in platform.launch_checklist(experiment.id)
    ]
    return sorted(points, key=lambda each: ("failed", "warning", "ok").index(each.tone))


def _mended_at(experiment: Experiment, name: str) -> str:
    if name == "windows":
        return path_of("metric-catalog")
    return path_of("experiments", experiment.id, "edit") + ANCHORS.get(name, "")
