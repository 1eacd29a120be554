"""An experiment in words and shares, as several of its pages say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from variate.model import Experiment, ExperimentStatus, Variation
from variate.model.conclusion import Conclusion, ConclusionDecision
from variate.rendering.definition_words import condition_words
from variate.rendering.numbers import share_words

_NO_CHANGE = 1e-9
"""By so much shares differ through the computing alone."""


@dataclass(frozen=True, slots=True)
class Share:
    """A variation and what of the units it is to have; ``is_control`` says whether the others are compared with it."""

    variation: Variation
    share: str
    is_control: bool


def shares_of(experiment: Experiment) -> list[Share]:
    """Return the variations with their shares."""
    whole = sum(each.weight for each in experiment.variations)
    return [
        Share(each, share_words(each.weight / whole), each.name == experiment.control) for each in experiment.variations
    ]


def shares_change(experiment: Experiment, variations: Sequence[Mapping[str, Any]] | None) -> bool:
    """Whether these variations, as typed, have other shares than the experiment's; None are as they stand."""
    if variations is None:
        return False
    typed, before = (
        {name: weight / (sum(weights.values()) or 1) for name, weight in weights.items()}
        for weights in (
            {each["name"]: each["weight"] for each in variations},
            {each.name: each.weight for each in experiment.variations},
        )
    )
    return any(abs(typed.get(name, 0) - share) > _NO_CHANGE for name, share in before.items())


def audience_of(experiment: Experiment) -> str:
    """Return in words whom it is for."""
    audience = experiment.design.audience
    return "everybody" if audience is None else condition_words(audience)


def intake_words(experiment: Experiment) -> str:
    """Return in words whether units come in as it stands."""
    if experiment.status in (ExperimentStatus.COMPLETED, ExperimentStatus.ARCHIVED):
        return "ended: nobody comes in any more"
    if not experiment.design.takes_new_units:
        return "stopped: nobody else comes in"
    match experiment.status:
        case ExperimentStatus.DRAFT:
            return "takes new units in once it is launched"
        case ExperimentStatus.PAUSED:
            return "paused: nobody comes in before it is resumed"
    return "takes new units in"


def decision_words(conclusion: Conclusion, control: str) -> str:
    """Return what was decided: ``Ship blue``."""
    match conclusion.decision:
        case ConclusionDecision.SHIP:
            return f"Ship {conclusion.variation}"
        case ConclusionDecision.KEEP:
            return f"Keep {control}"
        case ConclusionDecision.INCONCLUSIVE:
            return f"Inconclusive: keep {control}"
        case ConclusionDecision.INVALID:
            return f"Invalid data: keep {control}"
