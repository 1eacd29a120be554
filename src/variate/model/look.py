"""A look: a moment at which a planned experiment was judged, and what that took of its error."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from variate.errors import InvalidInputError
from variate.model.instant import check_instant
from variate.model.plan import MAX_UNITS
from variate.model.rules import check_id, check_whole, shown

_MOST = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The ``number``-th look at a version of an experiment, counted from 1. Never altered.

    At ``at`` the experiment had ``units``: ``fraction`` of those planned, above 1 where more came. Each of its tests is
    at ``alpha`` in all, of which ``spent`` was spent by then. A test rejects where its z reaches ``critical``, on
    either side.
    """

    experiment_id: str
    version: int
    number: int
    at: datetime
    units: int
    fraction: float
    alpha: float
    spent: float
    critical: float

    def __post_init__(self) -> None:
        check_id("experiment_id", self.experiment_id)
        check_whole("look.version", self.version, minimum=1, maximum=2**31)
        check_whole("look.number", self.number, minimum=1, maximum=2**31)
        check_whole("look.units", self.units, minimum=0, maximum=MAX_UNITS)
        object.__setattr__(self, "at", check_instant("look.at", self.at))
        _check_within("look.fraction", self.fraction, _MOST)
        _check_within("look.alpha", self.alpha, 1)
        _check_within("look.spent", self.spent, 1)
        _check_within("look.critical", self.critical, _MOST)


def _check_within(field: str, value: object, most: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
        raise InvalidInputError(field, f"must be from 0 to {most:g}, not {shown(value)}")
