"""An event: something a unit did or met, at a moment, with data. And the verdict on recording it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from variate.errors import InvalidInputError
from variate.model.document import Document, Json
from variate.model.instant import check_instant
from variate.model.rules import check_id, check_name, check_text, check_whole

EXPOSURE = "exposure"
"""The event type by which a unit enters the analysis; its data names the ``variation`` it met.

It may have ``dimensions``, too: what the unit was like then, by name, as in ``{"country": "US"}``.
"""

MAX_DIMENSIONS = 20
"""Most dimensions of an exposure."""
MAX_DIMENSION_BYTES = 100
"""Most bytes of a dimension's name, and of its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """``unit`` did ``event_type`` at ``at``. ``id`` is the sender's idempotency key.

    A ``sender`` that numbers its events gives each its ``number``, from 1 on without a gap, counting also those that it
    drops afterwards: what never came is then known.
    """

    id: str
    unit: str
    event_type: str
    document: Document
    at: datetime
    experiment_id: str | None = None
    expires_at: datetime | None = None
    sender: str | None = None
    number: int | None = None

    def __post_init__(self) -> None:
        check_id("id", self.id)
        check_id("user_id", self.unit)
        check_id("event_type", self.event_type)
        if self.experiment_id is not None:
            check_id("experiment_id", self.experiment_id)
        if self.sender is not None or self.number is not None:
            self._check_number()
        # What is in UTC already, as nearly every moment is, comes back itself: then there is nothing to set.
        if (at := check_instant("timestamp", self.at)) is not self.at:
            object.__setattr__(self, "at", at)
        if self.expires_at is not None and (end := check_instant("expires_at", self.expires_at)) is not self.expires_at:
            object.__setattr__(self, "expires_at", end)

    @property
    def data(self) -> Json:
        """The event's data, decoded anew."""
        return self.document.value

    def _check_number(self) -> None:
        for given, field in ((self.sender, "sender"), (self.number, "number")):
            if given is None:
                raise InvalidInputError(field, "must be given where the other is: sender and number go together")
        check_id("sender", self.sender)
        check_whole("number", self.number, minimum=1, maximum=2**53)


def check_dimensions(field: str, given: object) -> dict[str, str]:
    """Return the dimensions of an exposure, a value by name, if they are at most 20 of at most 100 bytes each."""
    if not isinstance(given, Mapping):
        raise InvalidInputError(field, f"must be values by name, not {type(given).__name__}")
    if len(given) > MAX_DIMENSIONS:
        raise InvalidInputError(field, f"must be at most {MAX_DIMENSIONS}, not {len(given)}")
    for name, value in given.items():
        for each in (name, value):
            check_text(field, each, max_bytes=MAX_DIMENSION_BYTES)
        check_name(field, name)
    return dict(given)


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
