"""A decision: what a unit gets, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from variate.model.document import Document, Json

BUCKETS = 10_000
"""How many places a draw has."""

T = TypeVar("T")


class Reason(StrEnum):
    """The rung of the ladder that decided."""

    UNKNOWN = "unknown"
    """The snapshot has no such experiment or flag."""
    NOT_RUNNING = "not_running"
    """The experiment is not active, or it is not its time. A flag outside its time serves its off value."""
    HELD_OUT = "held_out"
    """A holdout keeps the unit out."""
    LAYER = "layer"
    """The unit's place in the layer belongs to other experiments."""
    AUDIENCE = "audience"
    """The unit is not in the audience."""
    TRAFFIC = "traffic"
    """The unit is not in the share that is enrolled."""
    INTAKE_STOPPED = "intake_stopped"
    """The unit has no assignment and no new ones are made."""
    OVERRIDE = "override"
    """Somebody forced the variation for this unit."""
    KEPT = "kept"
    """The ledger holds the variation from before a change."""
    SPLIT = "split"
    """The draw by weights, of an experiment or of a rollout."""
    RULE = "rule"
    """A flag's rule matched and names the variation."""
    DEFAULT = "default"
    """No rule of the flag decided."""
    OFF = "off"
    """The flag is switched off, here or everywhere."""
    PREREQUISITE = "prerequisite"
    """A flag that this one depends on does not give what it has to."""
    FREE_FORM = "free_form"
    """The flag has no variations: its rules are the caller's own, and variate does not evaluate them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What many decisions have in common: all of a decision but the bucket."""

    variation: str | None = None
    document: Document | None = None
    reason: Reason
    rule: str | None = None
    version: int | None = None


class Decision(tuple[Outcome, int | None]):
    """What one unit gets: the outcome, and the hash of the draw that decided (None where nothing was drawn).

    A pair, made as ``Decision((outcome, hash))``: making one is a third of what a decision costs, and so the bucket is
    told from the hash only when somebody asks.
    """

    __slots__ = ()

    @property
    def variation(self) -> str | None:
        """The name of the variation, or None where there is none for this unit."""
        return self[0].variation

    @property
    def value(self) -> Json:
        """The variation's value, decoded anew so that no two callers share it; None where there is no variation."""
        document = self[0].document
        return None if document is None else document.value

    @property
    def reason(self) -> Reason:
        """The rung that decided."""
        return self[0].reason

    @property
    def rule(self) -> str | None:
        """The name of the flag's rule that decided, if one did."""
        return self[0].rule

    @property
    def bucket(self) -> int | None:
        """The unit's place, 0 to 9,999, in the draw that decided."""
        drawn = self[1]
        return None if drawn is None else drawn * BUCKETS >> 32

    @property
    def version(self) -> int | None:
        """The experiment's version or the flag's revision; None for what is unknown."""
        return self[0].version

    def value_or(self, default: T) -> Json | T:
        """Return the value, or ``default`` where there is no variation."""
        document = self[0].document
        return default if document is None else document.value

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in _FIELDS)
        return f"Decision({shown})"


_FIELDS = ("variation", "value", "reason", "rule", "bucket", "version")


def decision_record(decision: Decision) -> dict[str, Json]:
    """Return the decision as a dict that JSON can hold."""
    return {name: getattr(decision, name) for name in _FIELDS} | {"reason": decision.reason.value}
