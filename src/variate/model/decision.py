"""A decision: what a unit gets, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, TypeVar

from msgspec import Struct

from variate.model.document import Json

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


class Outcome(NamedTuple):
    """What many decisions have in common: all of a decision but the draw. Its ``value`` cannot be changed."""

    variation: str | None
    value: Json
    reason: Reason
    rule: str | None
    version: int | None

    @classmethod
    def none(cls, reason: Reason, *, version: int | None = None) -> Outcome:
        """Return the outcome of a rung that gives no variation."""
        return cls(None, None, reason, None, version)


class Decision(Struct, frozen=True, gc=False):
    """What one unit gets, and why.

    The bucket is told from the hash only when somebody asks: making one is a good part of what a decision costs.
    """

    variation: str | None
    """The name of the variation; None where there is none for this unit."""
    value: Json
    """The variation's value, or None. A dict or a list is shared, so it refuses to be changed."""
    reason: Reason
    """The rung that decided."""
    rule: str | None
    """The name of the flag's rule that decided, if one did."""
    version: int | None
    """The experiment's version or the flag's revision, where it is known."""
    drawn: int | None
    """The hash of the draw that decided, 32 bits, unsigned; None where none did."""

    @property
    def bucket(self) -> int | None:
        """The unit's place, 0 to 9,999, in the draw that decided."""
        return None if self.drawn is None else self.drawn * BUCKETS >> 32

    @classmethod
    def of(cls, outcome: Outcome, drawn: int | None = None) -> Decision:
        """Return the decision with this outcome, and the hash of its draw."""
        return cls(*outcome, drawn)

    def value_or(self, default: T) -> Json | T:
        """Return the value, or ``default`` where there is no variation."""
        return default if self.variation is None else self.value

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in _FIELDS)
        return f"Decision({shown})"


_FIELDS = ("variation", "value", "reason", "rule", "bucket", "version")


def decision_record(decision: Decision) -> dict[str, Json]:
    """Return the decision as a dict that JSON can hold."""
    return {name: getattr(decision, name) for name in _FIELDS} | {"reason": decision.reason.value}
