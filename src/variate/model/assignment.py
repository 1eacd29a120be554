"""An assignment: the variation a unit was given and keeps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from variate.errors import InvalidInputError
from variate.model.instant import check_instant
from variate.model.rules import check_id

_NAMESPACE = UUID("6f3c1d52-8a4e-5b0e-9a57-3f5f0f4c7b1d")


def assignment_id(*, experiment_id: str, version: int, unit: str) -> str:
    """Return the one id an assignment of ``unit`` to this experiment and version can have (UUIDv5).

    The parts are length-prefixed, so no two triples share an id.
    """
    return str(uuid5(_NAMESPACE, f"{len(experiment_id)}:{experiment_id}:{version}:{unit}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """``unit`` keeps ``variation`` in this version of the experiment until ``expires_at`` (None: for ever)."""

    unit: str
    experiment_id: str
    version: int = 1
    variation: str
    assigned_at: datetime
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        check_id("user_id", self.unit)
        check_id("experiment_id", self.experiment_id)
        check_id("variation", self.variation)
        # What is in UTC already, as nearly every moment is, comes back itself: then there is nothing to set.
        if (at := check_instant("assigned_at", self.assigned_at)) is not self.assigned_at:
            object.__setattr__(self, "assigned_at", at)
        if self.expires_at is not None:
            if (end := check_instant("expires_at", self.expires_at)) is not self.expires_at:
                object.__setattr__(self, "expires_at", end)
            if self.expires_at <= self.assigned_at:
                raise InvalidInputError("expires_at", "must be after assigned_at")

    @property
    def id(self) -> str:
        """The deterministic id: see ``assignment_id``."""
        return assignment_id(experiment_id=self.experiment_id, version=self.version, unit=self.unit)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentSample:
    """Some of ``total`` assignments, each as likely to be among them as any other; all of them where they are as many.

    ``is_cut``: the total was not counted to its end, and what was left out is older.
    """

    assignments: tuple[Assignment, ...]
    total: int
    is_cut: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it has every one of the total."""
        return len(self.assignments) == self.total
