"""Group sequential boundaries: how far from 0 a statistic has to be at each look of a planned experiment.

The error is spent as information comes in (Lan & DeMets 1983), by one of two functions of the share t of the planned
information: 4 (1 - Phi(z_(alpha/4) / sqrt(t))), close to O'Brien & Fleming (1979) and symmetric on both sides, and
alpha ln(1 + (e - 1) t), close to Pocock (1977). So looks may be made whenever and as often as one likes, as long as
when is not chosen by what was seen. The interval at a look is the estimate plus and minus the critical value times its
standard error (Jennison & Turnbull 1989).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from variate.errors import InvalidInputError
from variate.model.plan import Spending
from variate.stats.crossing import MAX_CRITICAL, MIN_STEP, critical_for, crossings
from variate.stats.standard_normal import above, upper_quantile

_SPENT_UP = 1 - 1e-9
"""The share of alpha from which on there is nothing left to spend, so that a root's last digits are no look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at a planned experiment: it is stored, and never changed.

    ``information`` is the count of units over the planned one, above 1 where more came. ``spent`` is the error spent by
    then, this look's included; ``critical`` is what |z| has to reach.
    """

    information: float
    spent: float
    critical: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """The two-sided boundary that spends ``alpha`` in all; of one of m tests, a share of it, such as alpha / m."""

    alpha: float = 0.05
    spending: Spending = Spending.OBRIEN_FLEMING

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise InvalidInputError("alpha", "must be above 0 and below 1")

    def spent_at(self, information: float) -> float:
        """Return the error that may be spent by ``information``, of which more than 1 counts as 1."""
        time = min(information, 1.0)
        if time <= 0:
            return 0.0
        if time == 1:
            return self.alpha
        if self.spending is Spending.POCOCK:
            return self.alpha * math.log1p((math.e - 1) * time)
        return 4 * float(above(upper_quantile(self.alpha / 4) / math.sqrt(time)))

    def next_look(self, past: Sequence[Look], *, information: float) -> Look:
        """Return the look at ``information``, after the ``past`` ones in their order.

        It is the last of them where hardly anything has come in since (``MIN_STEP``), and where everything is spent.

        Raises ``InvalidInputError`` for information that is not above 0.
        """
        return self._look(past, information=information, allowed=self.spent_at(information))

    def final_look(self, past: Sequence[Look], *, information: float) -> Look:
        """Return the look at an end fixed in advance, which spends what is left, however many units there are.

        Where hardly any have come since the last look, what is left is a test of its own, beside those before: their
        values may have changed meanwhile, and by how much is not known.
        """
        made = _told_apart(past)
        if made and not self._is_spent(past) and information > 0 and not _is_later(information, made):
            left = self.alpha - made[-1].spent
            return Look(information=information, spent=self.alpha, critical=float(upper_quantile(left / 2)))
        return self._look(past, information=information, allowed=self.alpha)

    def _is_spent(self, past: Sequence[Look]) -> bool:
        return bool(past) and past[-1].spent >= self.alpha * _SPENT_UP

    def _look(self, past: Sequence[Look], *, information: float, allowed: float) -> Look:
        if not 0 < information < math.inf:
            raise InvalidInputError("information", "must be finite and above 0")
        made = _told_apart(past)
        spent = made[-1].spent if made else 0.0
        if self._is_spent(past):
            return past[-1]
        if made and not _is_later(information, made):
            return made[-1]
        if allowed <= spent:  # the plan has become a greater one since
            return Look(information=information, spent=spent, critical=MAX_CRITICAL)
        before = [(look.information, look.critical) for look in made]
        critical = critical_for(allowed - spent, time=information, past=before)
        return Look(information=information, spent=allowed, critical=critical)


def _is_later(information: float, made: Sequence[Look]) -> bool:
    return information > made[-1].information + MIN_STEP


def _told_apart(past: Sequence[Look]) -> list[Look]:
    """Return the looks without those that are the one before them, noted again."""
    made: list[Look] = []
    for look in past:
        if not made or _is_later(look.information, made):
            made.append(look)
    return made


def planned_looks(boundary: Boundary, *, information: Sequence[float]) -> tuple[Look, ...]:
    """Return the looks that would be made at these amounts of information, each after the one before it."""
    looks: list[Look] = []
    for each in information:
        look = boundary.next_look(looks, information=each)
        if not looks or look is not looks[-1]:
            looks.append(look)
    return tuple(looks)


def evenly_spaced(looks: int) -> tuple[float, ...]:
    """Return the information at so many looks after equal numbers of units, the last at 1."""
    return tuple((place + 1) / looks for place in range(looks))


def overall_error(information: Sequence[float], *, critical: Sequence[float]) -> float:
    """Return the exact chance of ever rejecting a true null at these looks (Armitage, McPherson & Rowe 1969)."""
    return float(crossings(information, critical=critical).total[-1])
