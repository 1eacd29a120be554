"""What stands where a number would be, and why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class NotEstimableReason(StrEnum):
    """Why there is no number."""

    NO_UNITS = "no_units"
    TOO_FEW_UNITS = "too_few_units"
    ZERO_VARIANCE = "zero_variance"
    ZERO_DENOMINATOR = "zero_denominator"
    """The mean that is divided by is 0, or not told from 0."""
    NEGATIVE_DENOMINATOR = "negative_denominator"
    """The sum that a ratio divides by is below 0."""
    CONSTANT_COVARIATE = "constant_covariate"
    """Nothing is known of the units before their exposure, or the same of all."""
    OUT_OF_RANGE = "out_of_range"
    """A value is infinite, is no number, or is beyond what a float can hold once squared."""
    NOT_DEFINED = "not_defined"
    """The experiment names a metric that nobody has defined."""
    NO_COMPARISON = "no_comparison"
    """Fewer than two variations take units."""
    REWEIGHED = "reweighed"
    """The weights were changed on the way, and a quantile of before and one of after do not add up."""


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """Stands where a number would be, and says why there is none."""

    reason: NotEstimableReason
