"""A feature flag as the guide has it, rules and a status; with targeting beside them where the flag has variations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from variate.model.document import Document
from variate.model.instant import check_instant
from variate.model.rules import check_choice, check_id, check_name, check_text


class FlagStatus(StrEnum):
    """Whether a flag is evaluated. Any status may follow any other."""

    INACTIVE = "inactive"
    ACTIVE = "active"
    ARCHIVED = "archived"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFlag:
    """A feature flag as it stands at ``revision``, which counts every change.

    Without ``targeting`` its rules are free-form: the caller's own, kept and given back. With it (a dict of
    ``TargetingFields``) it is evaluated; both stay documents here, because a store may hold them sealed.
    """

    id: str
    name: str
    description: str = ""
    rules: Document
    targeting: Document | None = None
    status: FlagStatus = FlagStatus.INACTIVE
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        check_id("flag.id", self.id)
        check_name("flag.name", self.name)
        check_text("flag.description", self.description)
        object.__setattr__(self, "status", check_choice("flag.status", self.status, FlagStatus))
        object.__setattr__(self, "created_at", check_instant("flag.created_at", self.created_at))
        object.__setattr__(self, "updated_at", check_instant("flag.updated_at", self.updated_at))
