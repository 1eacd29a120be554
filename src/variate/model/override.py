"""An override: a variation somebody forces for one unit, with a reason and an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from variate.errors import InvalidInputError
from variate.model.instant import check_instant
from variate.model.rules import check_choice, check_id, check_prose

OVERRIDE_DAYS = 30
"""How long an override stands where nobody says how long, as in the guide."""
_NAMESPACE = UUID("b2a0c9b4-3d0f-5c3e-8f0a-51d0c2f7a9e6")


class OverrideTarget(StrEnum):
    """What an override forces the value of."""

    EXPERIMENT = "experiment"
    FLAG = "flag"


def override_id(*, target: OverrideTarget, target_id: str, unit: str) -> str:
    """Return the one id an override of ``unit`` on this target can have (UUIDv5 of length-prefixed parts)."""
    return str(uuid5(_NAMESPACE, f"{target}:{len(target_id)}:{target_id}:{unit}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """``unit`` gets ``value`` from ``target_id`` whatever the allocation says, until ``expires_at``."""

    unit: str
    target: OverrideTarget = OverrideTarget.EXPERIMENT
    target_id: str
    value: str
    reason: str = ""
    created_at: datetime
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        check_id("user_id", self.unit)
        object.__setattr__(self, "target", check_choice("type", self.target, OverrideTarget))
        check_id("target_id", self.target_id)
        check_id("value", self.value)
        check_prose("reason", self.reason)
        object.__setattr__(self, "created_at", check_instant("created_at", self.created_at))
        if self.expires_at is not None:
            object.__setattr__(self, "expires_at", check_instant("expires_at", self.expires_at))
            if self.expires_at <= self.created_at:
                raise InvalidInputError("expires_at", "must be after created_at")

    @property
    def id(self) -> str:
        """The deterministic id: see ``override_id``."""
        return override_id(target=self.target, target_id=self.target_id, unit=self.unit)
