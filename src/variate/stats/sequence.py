"""Tests and intervals that are valid at every look, whenever one looks and whenever one stops.

The asymptotic confidence sequence (Robbins 1970; Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021, 2024) and the
mSPRT (Johari, Koomen, Pekelis & Walsh 2017) are one formula. With z the estimate over its standard error and kappa the
information ratio,

    p = sqrt(1 + kappa) exp(-kappa z^2 / (2 (1 + kappa)))
    half-width in standard errors = sqrt(2 (1 + kappa) / kappa ln(sqrt(1 + kappa) / alpha))

and one-sided with ln(1 + sqrt(1 + kappa) / (2 alpha)) for the last logarithm. The sequence has kappa = k* N / N*, the
mSPRT tau^2 over the squared standard error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from variate.errors import InvalidInputError
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.sides import REASONS, Codes, Side, codes, either

MIN_UNITS = 100
"""The fewest units on each side of a look: the formula holds as the count grows, and is too narrow before."""
UNPLANNED_UNITS = 10_000
"""The total at which the interval is narrowest, where nobody planned one."""
_MAX_TUNED_ALPHA = 0.9
"""At 1 the tuning would be for no units at all. It decides where the interval is narrow, not whether it is valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceLook:
    """One cell's difference as of a look, ready to be shown."""

    value: float
    standard_error: float
    p_value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfidenceSequence:
    """Arrays of one shape: the difference of two sides as of a look.

    The truth is between ``low`` and ``high`` at all looks together, but with a chance of alpha; of a one-sided sequence
    ``high`` is infinite. ``p_value`` is the look's own: over looks, take its ``running_minimum``. ``kappa`` is the
    information ratio. Cells with a reason hold NaN in every other array.
    """

    value: Floats
    standard_error: Floats
    kappa: Floats
    p_value: Floats
    low: Floats
    high: Floats
    reasons: Codes

    def at(self, cell: Any) -> SequenceLook | NotEstimable:
        """Return what may be shown of one cell."""
        reason = REASONS[self.reasons[cell]]
        if reason is not None:
            return NotEstimable(reason)
        return SequenceLook(
            value=float(self.value[cell]),
            standard_error=float(self.standard_error[cell]),
            p_value=float(self.p_value[cell]),
            low=float(self.low[cell]),
            high=float(self.high[cell]),
        )


def information_ratio(count: float | Floats, *, planned: float | Floats, alpha: float) -> Floats:
    """Return kappa for the two-sided formula at ``count`` units of ``planned``, both of all variations compared.

    The interval is narrowest about ``planned``, but valid at any count. The tuning is that of Waudby-Smith et al.
    (2021): k* = -2 ln alpha + ln(1 - 2 ln alpha).

    Raises ``InvalidInputError`` for an alpha that is not between 0 and 1, and where nothing is planned.
    """
    if not 0 < alpha < 1:
        raise InvalidInputError("alpha", "must be above 0 and below 1")
    if not np.all((np.asarray(planned) > 0) & np.isfinite(planned)):
        raise InvalidInputError("planned", "must be finite and above 0")
    tuned = -2 * math.log(alpha) + math.log1p(-2 * math.log(alpha))
    return np.asarray(count, dtype=np.float64) * (tuned / np.asarray(planned, dtype=np.float64))


def one_sided_information_ratio(count: float | Floats, *, planned: float | Floats, alpha: float) -> Floats:
    """Return kappa for the one-sided formula, which is tuned as a two-sided one at twice ``alpha``."""
    return information_ratio(count, planned=planned, alpha=min(2 * alpha, _MAX_TUNED_ALPHA))


def always_valid_p(statistic: float | Floats, *, kappa: float | Floats) -> Floats:
    """Return the two-sided p value, at most 1, of an estimate ``statistic`` standard errors away from 0."""
    ratio = np.asarray(kappa, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        exponent = 0.5 * np.log1p(ratio) - ratio * np.square(statistic) / (2 * (1 + ratio))
        return np.exp(np.minimum(exponent, 0.0))


def one_sided_always_valid_p(statistic: float | Floats, *, kappa: float | Floats) -> Floats:
    """Return the p value, at most 1, against "not above 0" of an estimate ``statistic`` standard errors above 0."""
    ratio = np.asarray(kappa, dtype=np.float64)
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        exponent = ratio * np.square(np.maximum(statistic, 0.0)) / (2 * (1 + ratio))
        found = 0.5 * np.sqrt(1 + ratio) * np.exp(-exponent) / -np.expm1(-exponent)
    return np.minimum(found, 1.0)


def critical_value(*, kappa: float | Floats, alpha: float) -> Floats:
    """Return the half-width of the two-sided interval in standard errors: the |z| at which p is ``alpha``."""
    ratio = np.asarray(kappa, dtype=np.float64)
    return np.sqrt(2 * (1 + ratio) / ratio * (0.5 * np.log1p(ratio) - math.log(alpha)))


def one_sided_critical_value(*, kappa: float | Floats, alpha: float) -> Floats:
    """Return how many standard errors below the estimate the one-sided bound is: the z at which p is ``alpha``."""
    ratio = np.asarray(kappa, dtype=np.float64)
    return np.sqrt(2 * (1 + ratio) / ratio * np.log1p(np.sqrt(1 + ratio) / (2 * alpha)))


def cautious_standard_error(treatment: Side, control: Side) -> Floats:
    """Return the larger of the unpooled and the pooled standard error of the difference.

    Where one side is much the smaller and its values are sparse, the unpooled error is too small just when the
    difference is large, and a sequence would be crossed by chance far more often than alpha says. Pooled, the variance
    is that of all units together, which at 50:50 is the mean of both variances and a quarter of the squared difference.
    """
    with np.errstate(all="ignore"):
        difference = treatment.estimate - control.estimate
    return cautious_error(
        difference,
        counts=(treatment.count, control.count),
        variances=(treatment.variance, control.variance),
    )


def cautious_error(
    difference: Floats | float,
    *,
    counts: tuple[Floats | float, Floats | float],
    variances: tuple[Floats | float, Floats | float],
) -> Floats:
    """Return what ``cautious_standard_error`` does, from the parts: treatment first."""
    with np.errstate(all="ignore"):
        treated, controls = (np.asarray(count, dtype=np.float64) for count in counts)
        total = treated + controls
        within = (treated - 1) * variances[0] + (controls - 1) * variances[1]
        between = treated * controls / total * np.square(difference)
        pooled = (within + between) / (total - 1) * (1 / treated + 1 / controls)
        return np.sqrt(np.maximum(pooled, variances[0] / treated + variances[1] / controls))


def confidence_sequence(treatment: Side, control: Side, *, planned: float | Floats, alpha: float) -> ConfidenceSequence:
    """Return the two-sided sequence of treatment less control, at a look.

    ``planned`` is the total of units of both sides at which it should be narrowest, fixed before the first look.
    """
    ratio = information_ratio(treatment.count + control.count, planned=planned, alpha=alpha)
    value, error, reasons = _compared(treatment, control)
    with np.errstate(all="ignore"):
        half = critical_value(kappa=ratio, alpha=alpha) * error
        low, high = value - half, value + half
        p = always_valid_p(value / error, kappa=ratio)
    return _sequence(value, error=error, kappa=ratio, p_value=p, low=low, high=high, reasons=reasons)


def one_sided_sequence(
    treatment: Side, control: Side, *, planned: float | Floats, alpha: float, margin: float | Floats = 0.0
) -> ConfidenceSequence:
    """Return the sequence's lower bound of treatment less control, with p against "less than ``-margin``".

    The treatment is not worse than the control by the margin where ``low`` is above ``-margin``, which is where p is
    below ``alpha``. Where less is better, call it with the sides swapped: what is below is then above.
    """
    ratio = one_sided_information_ratio(treatment.count + control.count, planned=planned, alpha=alpha)
    value, error, reasons = _compared(treatment, control)
    with np.errstate(all="ignore"):
        low = value - one_sided_critical_value(kappa=ratio, alpha=alpha) * error
        p = one_sided_always_valid_p((value + margin) / error, kappa=ratio)
    high = np.full_like(low, np.inf)
    return _sequence(value, error=error, kappa=ratio, p_value=p, low=low, high=high, reasons=reasons)


def running_minimum(p: Floats, *, axis: int = -1) -> Floats:
    """Return the least p value up to each look; looks without one (NaN) leave it as it was.

    ``axis`` is that of the looks, in the order in which they were made.
    """
    return np.fmin.accumulate(np.minimum(p, 1.0), axis=axis)


def _compared(treatment: Side, control: Side) -> tuple[Floats, Floats, Codes]:
    with np.errstate(all="ignore"):
        value = treatment.estimate - control.estimate
    error = cautious_standard_error(treatment, control)
    own = codes(
        np.shape(error),
        (np.minimum(treatment.count, control.count) < MIN_UNITS, NotEstimableReason.TOO_FEW_UNITS),
        (~(np.isfinite(value) & np.isfinite(error)), NotEstimableReason.OUT_OF_RANGE),
        (error == 0, NotEstimableReason.ZERO_VARIANCE),
    )
    of_sides = either(treatment.reasons, control.reasons)
    return value, error, np.where(of_sides == 0, own, of_sides).astype(np.int8)


def _sequence(
    value: Floats, *, error: Floats, kappa: Floats, p_value: Floats, low: Floats, high: Floats, reasons: Codes
) -> ConfidenceSequence:
    value, error, kappa, p_value, low, high = (
        np.where(reasons == 0, each, np.nan) for each in (value, error, kappa, p_value, low, high)
    )
    return ConfidenceSequence(
        value=value, standard_error=error, kappa=kappa, p_value=p_value, low=low, high=high, reasons=reasons
    )
