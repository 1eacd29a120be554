"""An event: something a unit did or met, at a moment, with data. And the verdict on recording it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from variate.errors import InvalidInputError
from variate.model.document import Document, Json
from variate.model.instant import check_instant
from variate.model.rules import check_id

EXPOSURE = "exposure"
"""The event type by which a unit enters the analysis; its data names the ``variation`` it met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``unit`` did ``event_type`` at ``at``. ``id`` is the sender's idempotency key."""

    id: str
    unit: str
    event_type: str
    document: Document
    at: datetime
    experiment_id: str | None = None
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        check_id("id", self.id)
        check_id("user_id", self.unit)
        check_id("event_type", self.event_type)
        if self.experiment_id is not None:
            check_id("experiment_id", self.experiment_id)
        # What is in UTC already, as nearly every moment is, comes back itself: then there is nothing to set.
        if (at := check_instant("timestamp", self.at)) is not self.at:
            object.__setattr__(self, "at", at)
        if self.expires_at is not None and (end := check_instant("expires_at", self.expires_at)) is not self.expires_at:
            object.__setattr__(self, "expires_at", end)

    @property
    def data(self) -> Json:
        """The event's data, decoded anew."""
        return self.document.value


class VerdictStatus(StrEnum):
    """What became of one event of a batch."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one event: accepted and duplicate mean it is durable; rejected says why it is not."""

    event_id: str | None
    status: VerdictStatus
    error: InvalidInputError | None = None
