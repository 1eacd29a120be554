"""Effects of one metric, as arrays: differences with the interval and the p-value of the method that judges them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from variate.analysis.comparison import Effect, Lift, Method
from variate.model.look import Look
from variate.stats import sequence, student
from variate.stats.contrasts import Contrast, contrast
from variate.stats.crossing import MIN_STEP, crossed_with
from variate.stats.lifts import lifts
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable
from variate.stats.ratios import FEW_EFFECTIVE
from variate.stats.sides import REASONS, Codes, Side
from variate.stats.standard_normal import above, upper_quantile

_LEAST = 1e-300


class Spread(StrEnum):
    """Which standard error a difference has."""

    UNPOOLED = "unpooled"
    """Welch's, which needs enough events on the smaller side: for one look at all units."""
    LARGER = "larger"
    """The larger of the pooled and the unpooled one: for sequences, and for slices with few units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How effects are judged: by ``method``, at ``alpha``, with the standard error of ``spread``.

    ``planned`` is how many units of both sides a confidence sequence is tuned to, of the effects' shape or one that
    broadcasts to it. ``looks`` are a group sequential test's, the one in force last; it tells a p-value where
    ``is_final``. Where nothing ``decides``, the interval is for information: no effect is found by it, and no p-value
    is told.
    """

    method: Method
    alpha: float
    planned: Floats
    looks: tuple[Look, ...] = ()
    is_final: bool = False
    decides: bool = True
    spread: Spread = Spread.LARGER


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Arrays of shape (groups, variations but the control), see ``Effect``.

    Ends are infinite where they are unbounded; ``p_value`` is NaN where there is none; ``reach`` is how many standard
    errors the interval reaches, infinite where it is unbounded. What a cell with a reason holds means nothing.
    """

    rule: Rule
    found: Contrast
    statistic: Floats
    reach: Floats
    p_value: Floats
    low: Floats
    high: Floats
    lift: Floats
    lift_low: Floats
    lift_high: Floats
    lift_reasons: Codes

    @property
    def is_beyond(self) -> Floats:
        """1 where the test rejects upwards, -1 where downwards, and 0 where it does not or decides nothing."""
        with np.errstate(all="ignore"):
            rejects = (self.found.reasons == 0) & (np.abs(self.statistic) >= self.reach) & self.rule.decides
            return np.where(rejects, np.sign(self.statistic), 0.0)

    def rows(self) -> list[list[Effect | NotEstimable]]:
        """Return what may be shown, by group and variation but the control."""
        confidence, method = 1 - self.rule.alpha, self.rule.method
        columns = (
            self.found.reasons,
            self.found.difference,
            self.found.standard_error,
            self.low,
            self.high,
            self.lift_reasons,
            self.lift,
            self.lift_low,
            self.lift_high,
            self.statistic,
            self.p_value,
        )

        def shown(
            reason: int,
            difference: float,
            error: float,
            low: float,
            high: float,
            lift_reason: int,
            lift: float,
            lift_low: float,
            lift_high: float,
            statistic: float,
            p_value: float,
        ) -> Effect | NotEstimable:
            why = REASONS[reason]
            if why is not None:
                return NotEstimable(why)
            why = REASONS[lift_reason]
            relative = (
                NotEstimable(why)
                if why is not None
                else Lift(value=lift, low=_finite(lift_low), high=_finite(lift_high))
            )
            return Effect(
                difference=difference,
                standard_error=error,
                low=_finite(low),
                high=_finite(high),
                confidence=confidence,
                lift=relative,
                statistic=statistic,
                p_value=_finite(p_value),
                method=method,
            )

        lists = (np.broadcast_to(each, self.low.shape).tolist() for each in columns)
        return [list(map(shown, *row)) for row in zip(*lists, strict=True)]


def effects(treatment: Side, control: Side, *, rule: Rule) -> Effects:
    """Return the effects of two sides of one shape, whose first axis is groups and whose last is variations."""
    found = contrast(treatment, control)
    if rule.spread is Spread.LARGER:
        error = sequence.cautious_standard_error(treatment, control)
        found = replace(found, standard_error=np.where(found.reasons == 0, error, np.nan))
    if rule.method is Method.CONFIDENCE_SEQUENCE:
        return _by_sequence(found, treatment, control, rule)
    with np.errstate(all="ignore"):
        statistic = found.difference / found.standard_error
        # The tail that the critical value leaves, but of Student's t (Jennison & Turnbull 2000, section 3.8): with one
        # look, at the end, it is Welch's test.
        tail = rule.alpha / 2 if rule.method is Method.FIXED_HORIZON else float(above(rule.looks[-1].critical))
        reach = student.critical_value(tail, found.freedom)
        p_value = student.two_sided(statistic, found.freedom)
    if rule.method is Method.GROUP_SEQUENTIAL:
        p_value = _stagewise(p_value, rule.looks) if rule.is_final else np.full_like(p_value, np.nan)
    return _effects(found, control, rule=rule, statistic=statistic, reach=reach, p_value=p_value)


def within(found: Effects, *, farthest: float) -> Effects:
    """Return the effects with no end of an interval farther from 0 than the metric itself can differ.

    An interval that excludes 0 still does, and one without a bound has none.
    """
    low, high = (np.where(np.isfinite(end), np.clip(end, -farthest, farthest), end) for end in (found.low, found.high))
    return replace(found, low=low, high=high)


def _by_sequence(found: Contrast, treatment: Side, control: Side, rule: Rule) -> Effects:
    """Return the effects by the sequence; unbounded where it is too early."""
    count = treatment.count + control.count
    with np.errstate(all="ignore"):
        kappa = sequence.information_ratio(count, planned=rule.planned, alpha=rule.alpha)
        statistic = found.difference / found.standard_error
        reach = sequence.critical_value(kappa=kappa, alpha=rule.alpha)
        p_value = sequence.always_valid_p(statistic, kappa=kappa)
        is_early = is_too_early(treatment, control)
    return _effects(
        found,
        control,
        rule=rule,
        statistic=statistic,
        reach=np.where(is_early, np.inf, reach),
        p_value=np.where(is_early, 1.0, p_value) if rule.decides else np.full_like(p_value, np.nan),
    )


def is_too_early(treatment: Side, control: Side) -> npt.NDArray[np.bool_]:
    """Return where a confidence sequence says nothing yet: under 100 units on a side, or 50 that count in a ratio."""
    is_early = np.minimum(treatment.count, control.count) < sequence.MIN_UNITS
    return np.asarray(is_early | (np.minimum(treatment.freedom, control.freedom) < FEW_EFFECTIVE - 1))


def _stagewise(p_value: Floats, looks: Sequence[Look]) -> Floats:
    """Return the chance of having crossed earlier or of so small a p-value now (Fairbanks & Madsen 1982).

    Of a last look at the units of the one before it, no more than the sum of both (Bonferroni).
    """
    if len(looks) > 1 and looks[-1].fraction <= looks[-2].fraction + MIN_STEP:
        return np.minimum(p_value + looks[-2].spent, 1.0)
    times = [each.fraction for each in looks]
    before = [each.critical for each in looks[:-1]]
    found, is_known = np.full(p_value.shape, np.nan), np.isfinite(p_value)
    now = [max(upper_quantile(max(each, _LEAST) / 2), _LEAST) for each in p_value[is_known].tolist()]
    found[is_known] = crossed_with(times, before=before, critical=np.array(now))
    return found


def _effects(
    found: Contrast, control: Side, *, rule: Rule, statistic: Floats, reach: Floats, p_value: Floats
) -> Effects:
    with np.errstate(all="ignore"):
        half = reach * found.standard_error
        relative = lifts(found, control=control, critical=np.where(np.isfinite(reach), reach, 1e30))
        is_bounded = np.isfinite(reach) & relative.bounded
        return Effects(
            rule=rule,
            found=found,
            statistic=statistic,
            reach=reach,
            p_value=p_value,
            low=found.difference - half,
            high=found.difference + half,
            lift=relative.lift,
            lift_low=np.where(is_bounded, relative.low, -np.inf),
            lift_high=np.where(is_bounded, relative.high, np.inf),
            lift_reasons=relative.reasons,
        )


def _finite(number: float) -> float | None:
    return number if -np.inf < number < np.inf else None
