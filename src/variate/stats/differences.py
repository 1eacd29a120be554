"""The difference of two sides: its test, its interval, and the lift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from variate.stats import student
from variate.stats.contrasts import contrast
from variate.stats.lifts import lifts
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.sides import REASONS, Codes, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """A difference relative to the control's baseline: 0.1 is 10 % more. An end may be beyond any number."""

    value: float
    low: float | NotEstimable
    high: float | NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """The difference of one cell, ready to be shown. ``p_value`` is two-sided, of one look fixed in advance."""

    value: float
    standard_error: float
    freedom: float
    statistic: float
    p_value: float
    low: float
    high: float
    lift: Lift | NotEstimable


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences:
    """Arrays of one shape; what a cell with a reason holds means nothing.

    ``difference`` is the treatment's estimate less the control's and ``statistic`` that over its standard error.
    ``lift`` is the difference over the control's baseline; see ``variate.stats.lifts``. ``reasons`` are codes of
    ``REASONS`` for the difference, ``lift_reasons`` for the lift, which may be missing where the difference stands.
    """

    difference: Floats
    standard_error: Floats
    freedom: Floats
    statistic: Floats
    p_value: Floats
    low: Floats
    high: Floats
    reasons: Codes
    lift: Floats
    lift_low: Floats
    lift_high: Floats
    lift_bounded: npt.NDArray[np.bool_]
    lift_reasons: Codes

    def at(self, cell: Any) -> Difference | NotEstimable:
        """Return what may be shown of one cell."""
        reason = REASONS[self.reasons[cell]]
        if reason is not None:
            return NotEstimable(reason)
        return Difference(
            value=float(self.difference[cell]),
            standard_error=float(self.standard_error[cell]),
            freedom=float(self.freedom[cell]),
            statistic=float(self.statistic[cell]),
            p_value=float(self.p_value[cell]),
            low=float(self.low[cell]),
            high=float(self.high[cell]),
            lift=self._lift_at(cell),
        )

    def _lift_at(self, cell: Any) -> Lift | NotEstimable:
        reason = REASONS[self.lift_reasons[cell]]
        if reason is not None:
            return NotEstimable(reason)
        value = float(self.lift[cell])
        if not self.lift_bounded[cell]:
            beyond = NotEstimable(NotEstimableReason.ZERO_DENOMINATOR)
            return Lift(value=value, low=beyond, high=beyond)
        return Lift(value=value, low=float(self.lift_low[cell]), high=float(self.lift_high[cell]))


def difference(
    treatment: Side,
    control: Side,
    *,
    alpha: float = 0.05,
    critical: npt.ArrayLike | None = None,
    freedom: Floats | None = None,
) -> Differences:
    """Return the difference with Welch's test, and intervals that hold the truth 1 - ``alpha`` of the time.

    ``critical`` replaces Student's quantile: that of a boundary or a sequence, in standard errors. The p-value stays
    that of Student's t. ``freedom`` replaces the degrees of freedom: those of clusters, by ``cluster_freedom``.
    """
    found = contrast(treatment, control, freedom=freedom)
    with np.errstate(all="ignore"):
        statistic = found.difference / found.standard_error
        reach = student.critical_value(alpha / 2, found.freedom) if critical is None else np.asarray(critical)
        half = reach * found.standard_error
        relative = lifts(found, control=control, critical=reach)
    return Differences(
        difference=found.difference,
        standard_error=found.standard_error,
        freedom=found.freedom,
        statistic=statistic,
        p_value=student.two_sided(statistic, found.freedom),
        low=found.difference - half,
        high=found.difference + half,
        reasons=found.reasons,
        lift=relative.lift,
        lift_low=relative.low,
        lift_high=relative.high,
        lift_bounded=relative.bounded,
        lift_reasons=relative.reasons,
    )
