"""An experiment: what is compared, how units are split, and where it is in its life."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from variate.errors import IllegalTransitionError, InvalidInputError
from variate.model.conclusion import Conclusion
from variate.model.design import Design
from variate.model.document import Document
from variate.model.instant import check_instant
from variate.model.rules import (
    check_choice,
    check_distinct,
    check_id,
    check_name,
    check_prose,
    check_text,
    check_weight,
    shown,
)

MAX_VARIATIONS = 100
NO_VALUE = Document("{}")
PLAIN = Design()


class ExperimentStatus(StrEnum):
    """Where an experiment is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    ARCHIVED = "archived"


_ENDED = frozenset({ExperimentStatus.COMPLETED, ExperimentStatus.ARCHIVED})
_NEXT: dict[ExperimentStatus, frozenset[ExperimentStatus]] = {
    ExperimentStatus.DRAFT: frozenset({ExperimentStatus.ACTIVE, ExperimentStatus.ARCHIVED}),
    ExperimentStatus.ACTIVE: frozenset({ExperimentStatus.PAUSED, ExperimentStatus.COMPLETED}),
    ExperimentStatus.PAUSED: frozenset({ExperimentStatus.ACTIVE, ExperimentStatus.COMPLETED}),
    ExperimentStatus.COMPLETED: frozenset({ExperimentStatus.ARCHIVED}),
    ExperimentStatus.ARCHIVED: frozenset(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """One of the things an experiment compares. ``weight`` is its share relative to the other variations'."""

    id: str
    name: str
    description: str = ""
    value: Document = NO_VALUE
    weight: float = 1
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        check_id("variation.id", self.id)
        check_id("variation.name", self.name)
        check_text("variation.description", self.description)
        check_weight("variation.weight", self.weight)
        object.__setattr__(self, "created_at", check_instant("variation.created_at", self.created_at))
        object.__setattr__(self, "updated_at", check_instant("variation.updated_at", self.updated_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """An experiment as it stands at ``revision``.

    ``revision`` counts every change and orders copies; ``version`` counts re-randomisations on purpose, and is part
    of an assignment's identity. ``conclusion`` is what was decided once it was completed, None where nobody said.
    """

    id: str
    name: str
    description: str = ""
    status: ExperimentStatus = ExperimentStatus.DRAFT
    owner: str | None = None
    variations: tuple[Variation, ...]
    design: Design = PLAIN
    conclusion: Conclusion | None = None
    version: int = 1
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        check_id("experiment.id", self.id)
        check_name("experiment.name", self.name)
        check_prose("experiment.description", self.description)
        object.__setattr__(self, "status", check_choice("experiment.status", self.status, ExperimentStatus))
        if self.owner is not None:
            check_name("experiment.owner", self.owner)
        check_variations(self.variations)
        control = self.design.control
        if control is not None and control not in (names := [each.name for each in self.variations]):
            raise InvalidInputError(
                "control", f"must be one of the variations {', '.join(names)}, not {shown(control)}"
            )
        if self.conclusion is not None:
            self._check_conclusion(self.conclusion)
        object.__setattr__(self, "created_at", check_instant("experiment.created_at", self.created_at))
        object.__setattr__(self, "updated_at", check_instant("experiment.updated_at", self.updated_at))

    @property
    def control(self) -> str:
        """The name of the variation the others are compared with."""
        return self.design.control or self.variations[0].name

    def moved_to(self, status: ExperimentStatus, *, at: datetime, conclusion: Conclusion | None = None) -> Experiment:
        """Return this experiment in ``status``; raise ``IllegalTransitionError`` where that cannot follow.

        ``conclusion`` is what is decided with the move, if anything; without, what was decided before stands.
        """
        if status not in _NEXT[self.status]:
            legal = ", ".join(s for s in ExperimentStatus if s in _NEXT[self.status]) or "nothing"
            raise IllegalTransitionError(
                "status", f"{self.status} cannot become {status}; from {self.status} it may become {legal}"
            )
        concluded = self.conclusion if conclusion is None else conclusion
        return replace(self, status=status, conclusion=concluded, revision=self.revision + 1, updated_at=at)

    def _check_conclusion(self, conclusion: Conclusion) -> None:
        if self.status not in _ENDED:
            raise InvalidInputError("conclusion", f"is of a completed experiment only; this one is {self.status}")
        if conclusion.variation is None:
            return
        names = [each.name for each in self.variations]
        if conclusion.variation not in names:
            raise InvalidInputError(
                "conclusion.variation",
                f"must be one of the variations {', '.join(names)}, not {shown(conclusion.variation)}",
            )
        if conclusion.variation == self.control:
            raise InvalidInputError(
                "conclusion.variation", f"must not be the control {self.control}; to stay with it, decide keep"
            )


def check_variations(variations: Iterable[Variation]) -> None:
    """Raise ``InvalidInputError`` unless there are 1 to 100, of different names, with some weight among them."""
    found = tuple(variations)
    if not 1 <= len(found) <= MAX_VARIATIONS:
        raise InvalidInputError("variations", f"must be from 1 to {MAX_VARIATIONS}, not {len(found)}")
    check_distinct("variations", [variation.name for variation in found])
    if not any(variation.weight > 0 for variation in found):
        raise InvalidInputError("variations", "must have at least one weight above zero")
