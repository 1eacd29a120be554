"""The A/A self-check: how often a metric's own test is wrong on a team's own units.

The recorded units are shared out at random again, many times, so that nothing is between the sides but chance, and each
time the test of the report is made. A test at 5 % has to reject one in twenty (Kohavi, Tang & Xu 2020, chapter 19).
What the experiment did to the units does not matter: whoever had which variation, chance puts as many on either side.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from variate.analysis.aa_advice import Agreement, ErrorRate, Situation, advice
from variate.analysis.estimating import cuped_side, raw_side
from variate.errors import InvalidInputError
from variate.model.metric import Metric, MetricKind
from variate.model.rules import check_weight, check_whole, shown
from variate.stats.differences import difference
from variate.stats.exact_share import exact_interval
from variate.stats.moments import Moments, moments_of
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.sides import REASONS, Side
from variate.stats.skewness import skewness
from variate.stats.splitting import splits
from variate.stores.aggregates import Advance, UnitValues

DEFAULT_RUNS = 2_000
MAX_RUNS = 1_000_000
CONFIDENCE = 0.99
"""That of the interval of a rate: of a hundred metrics that are as they should be, one is called otherwise."""
_FEWEST_RUNS = 100
_OUT_OF_RANGE = NotEstimable(NotEstimableReason.OUT_OF_RANGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricCheck:
    """What is found of one metric of ``units``: of its plain test, and of the one with its covariates, if it has any.

    ``skewness`` is that of the units' values, None where nothing varies and of ratios, which have none. ``advice`` says
    what to do, and is empty where there is nothing to.
    """

    metric_id: str
    kind: MetricKind
    units: int
    plain: ErrorRate | NotEstimable
    adjusted: ErrorRate | NotEstimable | None
    skewness: float | None
    advice: str

    @property
    def agrees(self) -> bool:
        """Whether each of its tests is wrong as often as it says."""
        return all(
            isinstance(each, ErrorRate) and each.agreement is Agreement.AGREES
            for each in (self.plain, self.adjusted)
            if each is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfCheck:
    """The check of some metrics with tests at ``alpha``, whose units were shared out ``runs`` times by ``weights``."""

    alpha: float
    runs: int
    weights: tuple[float, ...]
    confidence: float
    metrics: tuple[MetricCheck, ...]


def self_check(
    metrics: Sequence[Metric],
    *,
    values: Mapping[str, UnitValues],
    weights: Sequence[float],
    generator: np.random.Generator,
    alpha: float = 0.05,
    runs: int = DEFAULT_RUNS,
    advance: Advance | None = None,
) -> SelfCheck:
    """Return the check of each of the metrics, with the units' ``values`` by a metric's id.

    ``weights`` share the units out, control first; with more variations than two, each run compares the control with
    another of them in turn. The same generator in the same state gives the same check. Quantiles have no values by
    units, and are left out.

    Raises ``InvalidInputError`` for weights, an alpha or runs that are none.
    """
    shares = _pairs(weights)
    check_whole("runs", runs, minimum=_FEWEST_RUNS, maximum=MAX_RUNS)
    if not 0 < alpha < 1:
        raise InvalidInputError("alpha", f"must be above 0 and below 1, not {shown(alpha)}")
    checked = [metric for metric in metrics if metric.id in values]
    found = []
    for metric, own in zip(checked, generator.spawn(len(checked)), strict=True):
        work = _Work(metric=metric, values=values[metric.id], shares=shares, runs=runs, alpha=alpha)
        found.append(_metric_check(work, own, advance))
    return SelfCheck(alpha=alpha, runs=runs, weights=tuple(weights), confidence=CONFIDENCE, metrics=tuple(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    metric: Metric
    values: UnitValues
    shares: tuple[tuple[float, float], ...]
    runs: int
    alpha: float


class _Tally:
    """What the tests of one estimator found, run after run."""

    def __init__(self) -> None:
        self.above = self.below = self.held = self.made = self.failed = 0
        self.reasons = np.zeros(len(REASONS), dtype=np.int64)

    def add(self, sides: Side, alpha: float) -> None:
        found = difference(sides[:, 0], sides[:, 1], alpha=alpha)
        can = found.reasons == 0
        rejects = can & (found.p_value < alpha)
        self.above += int((rejects & (found.difference > 0)).sum())
        self.below += int((rejects & (found.difference < 0)).sum())
        self.held += int((can & (found.low <= 0) & (found.high >= 0)).sum())
        self.made += int(can.sum())
        self.failed += int((~can).sum())
        self.reasons += np.bincount(found.reasons, minlength=len(REASONS))

    def rate(self, work: _Work) -> ErrorRate | NotEstimable:
        runs = self.made
        if not runs:
            return NotEstimable(REASONS[int(self.reasons.argmax())] or NotEstimableReason.TOO_FEW_UNITS)
        wrong = self.above + self.below
        low, high = exact_interval(wrong, trials=runs, confidence=CONFIDENCE)
        agreement = Agreement.AGREES
        if not low <= work.alpha <= high:
            agreement = Agreement.TOO_OFTEN if low > work.alpha else Agreement.TOO_RARELY
        return ErrorRate(
            runs=runs,
            failed=self.failed,
            rate=wrong / runs,
            low=low,
            high=high,
            above=self.above / runs,
            below=self.below / runs,
            coverage=self.held / runs,
            agreement=agreement,
        )


def _metric_check(work: _Work, generator: np.random.Generator, advance: Advance | None) -> MetricCheck:
    rows, names = work.values.values, work.values.variables
    is_finite = bool(np.isfinite(rows).all())
    plain, adjusted = _Tally(), _Tally() if has_covariates(names) else None
    for moments in _all_splits(work, generator, advance) if is_finite else ():
        plain.add(raw_side(work.metric, moments, names), work.alpha)
        sides = cuped_side(work.metric, moments, names)
        if sides is not None and adjusted is not None:
            adjusted.add(sides, work.alpha)
    rates = [_OUT_OF_RANGE if not is_finite else each.rate(work) for each in (plain, adjusted) if each is not None]
    with np.errstate(all="ignore"):
        mean = float(rows[:, names.index("y")].mean()) if is_finite and len(rows) else None
    situation = Situation(
        metric=work.metric,
        alpha=work.alpha,
        smallest=len(rows) * min(min(pair) for pair in work.shares),
        mean=mean,
        skewness=_skewness(work) if is_finite else None,
    )
    return MetricCheck(
        metric_id=work.metric.id,
        kind=work.metric.kind,
        units=len(rows),
        plain=rates[0],
        adjusted=rates[1] if adjusted is not None else None,
        skewness=situation.skewness,
        advice=advice(situation, *rates),
    )


def _all_splits(work: _Work, generator: np.random.Generator, advance: Advance | None) -> Iterator[Moments]:
    """Yield the moments of all runs, as many of each pair of shares, and tell how far it is."""
    done = 0
    for place, pair in enumerate(work.shares):
        runs = work.runs // len(work.shares) + (place < work.runs % len(work.shares))
        for moments in splits(work.values.values, shares=pair, runs=runs, generator=generator):
            yield moments
            done += len(moments.count)
            if advance is not None:
                advance(f"A/A of {work.metric.id}", done, work.runs)


def has_covariates(variables: Sequence[str]) -> bool:
    """Return whether there is a covariate among the variables of some moments."""
    return any(name.rstrip("0123456789") == "x" for name in variables)


def _pairs(weights: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Return the shares of each variation but the control, and the control's."""
    if len(weights) < 2 or not all(check_weight("weights", weight) > 0 for weight in weights):
        raise InvalidInputError("weights", "must be two numbers above 0 or more, the control's first")
    control, *others = (weight / math.fsum(weights) for weight in weights)
    return tuple((other, control) for other in others)


def _skewness(work: _Work) -> float | None:
    if work.metric.kind is MetricKind.RATIO or not len(work.values.values):
        return None
    values = work.values.values[:, work.values.variables.index("y")]
    with np.errstate(all="ignore"):
        found = float(skewness(moments_of(values)))
    return found if math.isfinite(found) else None
