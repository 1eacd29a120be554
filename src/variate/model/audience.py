"""An audience: a condition with a name, used by many experiments and flags."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from variate.model.condition import Condition
from variate.model.instant import check_instant
from variate.model.rules import check_id, check_name, check_prose, check_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """The units for which ``condition`` is true; a change of it is a change for all that use it."""

    id: str
    name: str
    description: str = ""
    condition: Condition
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        check_id("audience.id", self.id)
        check_name("audience.name", self.name)
        check_prose("audience.description", self.description)
        check_whole("audience.revision", self.revision, minimum=1, maximum=2**53)
        object.__setattr__(self, "created_at", check_instant("audience.created_at", self.created_at))
        object.__setattr__(self, "updated_at", check_instant("audience.updated_at", self.updated_at))
