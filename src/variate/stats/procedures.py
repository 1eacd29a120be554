"""Procedures: how an experiment will be judged, as the looks at it and the critical values at each."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from variate.errors import InvalidInputError
from variate.model.metric import Direction
from variate.model.plan import MAX_LOOKS, Spending
from variate.model.rules import check_choice, check_whole, shown
from variate.stats.boundaries import Boundary, evenly_spaced, planned_looks
from variate.stats.crossing import crossings, drift_for
from variate.stats.sequence import (
    MIN_UNITS,
    critical_value,
    information_ratio,
    one_sided_critical_value,
    one_sided_information_ratio,
)
from variate.stats.standard_normal import upper_quantile

MAX_TESTS = 100_000
_FEWEST = 30
"""Student's t with 58 degrees of freedom makes an interval 2 % wider than the normal distribution does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTheEnd:
    """One look, when all units are in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSequential:
    """So many looks after equal numbers of units, the last when all are in (Lan & DeMets 1983)."""

    looks: int = 20
    spending: Spending = Spending.OBRIEN_FLEMING

    def __post_init__(self) -> None:
        check_whole("looks", self.looks, minimum=1, maximum=MAX_LOOKS)
        object.__setattr__(self, "spending", check_choice("spending", self.spending, Spending))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlwaysValid:
    """A confidence sequence tuned to all units, of which so many looks after equal numbers count."""

    looks: int = 20

    def __post_init__(self) -> None:
        check_whole("looks", self.looks, minimum=1, maximum=MAX_LOOKS)


Monitoring = AtTheEnd | GroupSequential | AlwaysValid


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """How each variation will be compared with the control.

    ``weights`` share the units out, control first, in any scale. ``tests`` is how many share ``alpha`` between them
    (Bonferroni): goal metrics times variations beside the control. With a ``margin`` the question is whether the metric
    is not worse by as much, one-sided; else whether there is any difference, two-sided. ``direction`` is which way is
    better.
    """

    alpha: float = 0.05
    tests: int = 1
    weights: tuple[float, ...] = (1, 1)
    margin: float | None = None
    direction: Direction = Direction.INCREASE
    monitoring: Monitoring = field(default_factory=AtTheEnd)

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1:
            raise InvalidInputError("alpha", f"must be above 0 and below 1, not {shown(self.alpha)}")
        check_whole("tests", self.tests, minimum=1, maximum=MAX_TESTS)
        object.__setattr__(self, "weights", tuple(self.weights))
        if len(self.weights) < 2 or not all(0 < weight < math.inf for weight in self.weights):
            raise InvalidInputError("weights", "must be two numbers above 0 or more, the control's first")
        if self.margin is not None and not 0 < self.margin < math.inf:
            raise InvalidInputError("margin", f"must be finite and above 0, not {shown(self.margin)}")
        if self.margin is not None and self.test_alpha >= 0.5:
            raise InvalidInputError("alpha", "must be below 0.5 where there is a margin")
        object.__setattr__(self, "direction", check_choice("direction", self.direction, Direction))

    @property
    def test_alpha(self) -> float:
        """The alpha of one test."""
        return self.alpha / self.tests

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of the units that each variation takes."""
        whole = math.fsum(self.weights)
        return tuple(weight / whole for weight in self.weights)

    @property
    def least_shares(self) -> tuple[float, float]:
        """The share of the smallest variation beside the control, and the control's: they make the widest interval."""
        control, *treatments = self.shares
        return min(treatments), control

    @property
    def fewest(self) -> int:
        """The fewest units in a variation for which the normal distribution, or the sequence, is taken to hold."""
        return MIN_UNITS if isinstance(self.monitoring, AlwaysValid) else _FEWEST

    @property
    def sign(self) -> int:
        """1 where more is better, and -1 where less is."""
        return 1 if self.direction is Direction.INCREASE else -1

    @property
    def looks(self) -> tuple[float, ...]:
        """The share of all units that there will be at each look."""
        return (1.0,) if isinstance(self.monitoring, AtTheEnd) else evenly_spaced(self.monitoring.looks)

    @property
    def critical(self) -> tuple[float, ...]:
        """How many standard errors away from its null the estimate has to be at each look."""
        return _critical(self)

    def power_under(self, drift: float) -> float:
        """Return the chance of rejecting the null, where the truth is ``drift`` standard errors away from it.

        That is at the end. A rejection on the wrong side of the null is no success, and one-sided too a sequence is
        taken to have ended where it is crossed on that side, which is rare.
        """
        return float(crossings(self.looks, critical=self.critical, drift=drift).upper.sum())

    def drift(self, power: float) -> float:
        """Return how many standard errors away, at the end, the truth has to be for this power.

        Raises ``InvalidInputError`` for a power that is not above the alpha of a test and below 1.
        """
        if not self.test_alpha < power < 1:
            raise InvalidInputError("power", f"must be above alpha and below 1, not {shown(power)}")
        return _drift(self, power)

    def mean_share(self, drift: float) -> float:
        """Return the share of all units there are on average at the end, if that is when anything is first crossed."""
        stops = np.diff(crossings(self.looks, critical=self.critical, drift=drift).total, prepend=0.0)
        return float(1 - stops @ (1 - np.array(self.looks)))


@lru_cache(maxsize=256)
def _drift(procedure: Procedure, power: float) -> float:
    return drift_for(power, times=procedure.looks, critical=procedure.critical)


@lru_cache(maxsize=256)
def _critical(procedure: Procedure) -> tuple[float, ...]:
    is_two_sided = procedure.margin is None
    alpha, looks = procedure.test_alpha, procedure.looks
    one_tail = alpha / 2 if is_two_sided else alpha
    if isinstance(procedure.monitoring, AtTheEnd):
        return (upper_quantile(one_tail),)
    if isinstance(procedure.monitoring, GroupSequential):
        boundary = Boundary(alpha=2 * one_tail, spending=procedure.monitoring.spending)
        return tuple(look.critical for look in planned_looks(boundary, information=looks))
    if is_two_sided:
        values = critical_value(kappa=information_ratio(np.array(looks), planned=1, alpha=alpha), alpha=alpha)
    else:
        kappa = one_sided_information_ratio(np.array(looks), planned=1, alpha=alpha)
        values = one_sided_critical_value(kappa=kappa, alpha=alpha)
    return tuple(values.tolist())
