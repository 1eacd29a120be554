"""Baselines: what is known of a metric before an experiment, as its level and the variance of one unit's part in it.

With n units on a side, the side's squared standard error is the variance over n.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from variate.errors import InvalidInputError
from variate.model.rules import shown


class Baseline(Protocol):
    """A metric's level, the least and the greatest that it can be, and its variance at any level."""

    @property
    def level(self) -> float:
        """What the control is expected to be: a lift is relative to it."""

    @property
    def least(self) -> float:
        """Below this it cannot be."""

    @property
    def greatest(self) -> float:
        """Above this it cannot be."""

    def variance_at(self, level: float) -> float:
        """Return the variance of one unit's part, were the metric at ``level``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanBaseline:
    """The mean and the standard deviation of the units' values; the deviation is taken to be that of all sides."""

    mean: float
    deviation: float
    least: float = -math.inf
    greatest: float = math.inf

    def __post_init__(self) -> None:
        _check_finite("baseline.mean", self.mean)
        _check_above_zero("baseline.deviation", self.deviation)

    @property
    def level(self) -> float:
        """The mean."""
        return self.mean

    def variance_at(self, level: float) -> float:  # noqa: ARG002 - a mean says nothing of how far values are from it
        """Return the square of the deviation."""
        return self.deviation**2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionBaseline:
    """The share of units that convert, between 0 and 1; its variance is unpooled, as that of the test is."""

    rate: float

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise InvalidInputError("baseline.rate", f"must be between 0 and 1, not {shown(self.rate)}")

    @property
    def level(self) -> float:
        """The rate."""
        return self.rate

    @property
    def least(self) -> float:
        """Nobody converts."""
        return 0.0

    @property
    def greatest(self) -> float:
        """Everybody does."""
        return 1.0

    def variance_at(self, level: float) -> float:
        """Return p (1 - p)."""
        return level * (1 - level)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioBaseline:
    """The moments of a unit's upper and lower side; the variance is by the delta method (Deng, Knoblich & Lu 2018)."""

    numerator_mean: float
    denominator_mean: float
    numerator_variance: float
    denominator_variance: float
    covariance: float
    least: float = -math.inf
    greatest: float = math.inf

    def __post_init__(self) -> None:
        _check_finite("baseline.numerator_mean", self.numerator_mean)
        _check_finite("baseline.covariance", self.covariance)
        for field in ("denominator_mean", "numerator_variance"):
            _check_above_zero(f"baseline.{field}", getattr(self, field))
        if not 0 <= self.denominator_variance < math.inf:
            raise InvalidInputError("baseline.denominator_variance", "must be finite and not negative")
        if not self.variance_at(self.level) > 0:
            raise InvalidInputError("baseline.covariance", "leaves the ratio no variance")

    @property
    def level(self) -> float:
        """The ratio of the means."""
        return self.numerator_mean / self.denominator_mean

    def variance_at(self, level: float) -> float:  # noqa: ARG002 - what moves the ratio is not known
        """Return the variance of y - R d over the squared mean of d, at the baseline."""
        ratio = self.level
        spread = self.numerator_variance - 2 * ratio * self.covariance + ratio**2 * self.denominator_variance
        return spread / self.denominator_mean**2


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileBaseline:
    """A quantile, and its squared standard error in some data times the units that there were."""

    value: float
    unit_variance: float
    least: float = -math.inf
    greatest: float = math.inf

    def __post_init__(self) -> None:
        _check_finite("baseline.value", self.value)
        _check_above_zero("baseline.unit_variance", self.unit_variance)

    @property
    def level(self) -> float:
        """The quantile."""
        return self.value

    def variance_at(self, level: float) -> float:  # noqa: ARG002 - the density elsewhere is not known
        """Return the variance at the baseline."""
        return self.unit_variance


@dataclass(frozen=True, slots=True, kw_only=True)
class _Over:
    """A metric at the level of another baseline, and within its bounds."""

    baseline: Baseline

    @property
    def level(self) -> float:
        """The baseline's."""
        return self.baseline.level

    @property
    def least(self) -> float:
        """The baseline's."""
        return self.baseline.least

    @property
    def greatest(self) -> float:
        """The baseline's."""
        return self.baseline.greatest


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted(_Over):
    """A baseline under CUPED: the covariate's squared correlation is taken out of the variance (Deng et al. 2013)."""

    correlation: float

    def __post_init__(self) -> None:
        if not -1 < self.correlation < 1:
            raise InvalidInputError("correlation", f"must be above -1 and below 1, not {shown(self.correlation)}")

    def variance_at(self, level: float) -> float:
        """Return the baseline's, times 1 - correlation^2."""
        return self.baseline.variance_at(level) * (1 - self.correlation**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clustered(_Over):
    """A baseline where whole clusters of ``size`` units are shared out, whose units are alike by ``correlation``.

    The correlation is the intraclass one; the variance is the baseline's times 1 + (size - 1) correlation (Kish 1965).
    """

    size: float
    correlation: float

    def __post_init__(self) -> None:
        if not 1 <= self.size < math.inf:
            raise InvalidInputError("cluster.size", f"must be 1 or more, not {shown(self.size)}")
        if not 0 <= self.correlation <= 1:
            raise InvalidInputError("cluster.correlation", f"must be from 0 to 1, not {shown(self.correlation)}")

    def variance_at(self, level: float) -> float:
        """Return the baseline's, times the design effect."""
        return self.baseline.variance_at(level) * (1 + (self.size - 1) * self.correlation)


def _check_finite(field: str, value: float) -> None:
    if not math.isfinite(value):
        raise InvalidInputError(field, f"must be finite, not {shown(value)}")


def _check_above_zero(field: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise InvalidInputError(field, f"must be finite and above 0, not {shown(value)}")
