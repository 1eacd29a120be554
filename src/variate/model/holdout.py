"""A holdout: units kept out of every experiment that names it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from variate.model.instant import check_instant
from variate.model.percentage import percent_buckets
from variate.model.rules import check_id, check_name, check_prose, check_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """``percentage`` of the units, drawn by ``salt`` (the id unless given), see none of its experiments."""

    id: str
    name: str
    description: str = ""
    percentage: float
    salt: str
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        check_id("holdout.id", self.id)
        check_name("holdout.name", self.name)
        check_prose("holdout.description", self.description)
        percent_buckets("holdout.percentage", self.percentage)
        check_id("holdout.salt", self.salt)
        check_whole("holdout.revision", self.revision, minimum=1, maximum=2**53)
        object.__setattr__(self, "created_at", check_instant("holdout.created_at", self.created_at))
        object.__setattr__(self, "updated_at", check_instant("holdout.updated_at", self.updated_at))

    @property
    def buckets(self) -> int:
        """How many of the 10,000 buckets are held out: the first ones."""
        return percent_buckets("holdout.percentage", self.percentage)
