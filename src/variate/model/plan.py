"""The plan of an analysis: fixed before the first look, so that its errors are what they are said to be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from variate.errors import InvalidInputError
from variate.model.rules import check_choice, check_whole, shown

MAX_UNITS = 10**12
MAX_LOOKS = 365


class Spending(StrEnum):
    """How the error of a planned end is shared out among the looks before it (Lan & DeMets 1983)."""

    OBRIEN_FLEMING = "obrien_fleming"
    POCOCK = "pocock"

    @property
    def authors(self) -> str:
        """Whose boundaries it resembles, as people write them."""
        return "O'Brien-Fleming" if self is Spending.OBRIEN_FLEMING else "Pocock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``units`` in all variations are planned for the end, looked at about ``looks`` times, at ``alpha`` in all.

    Without ``units`` nothing is planned: the experiment may run for ever, judged by the confidence sequence.
    """

    units: int | None = None
    looks: int = 20
    alpha: float = 0.05
    spending: Spending = Spending.OBRIEN_FLEMING

    def __post_init__(self) -> None:
        if self.units is not None:
            check_whole("plan.units", self.units, minimum=2, maximum=MAX_UNITS)
        check_whole("plan.looks", self.looks, minimum=1, maximum=MAX_LOOKS)
        object.__setattr__(self, "spending", check_choice("plan.spending", self.spending, Spending))
        alpha: object = self.alpha
        if isinstance(alpha, bool) or not isinstance(alpha, float) or not 0.0001 <= alpha <= 0.5:
            raise InvalidInputError("plan.alpha", f"must be from 0.0001 to 0.5, not {shown(alpha)}")


UNPLANNED = Plan()
"""Nothing is planned."""
