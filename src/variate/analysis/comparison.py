"""What a report says of one metric: how each variation compares with the control, overall and within dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from variate.model.design import MetricRole
from variate.model.metric import Direction, MetricKind
from variate.stats.not_estimable import NotEstimable, NotEstimableReason

Number = float | NotEstimable


class Method(StrEnum):
    """By which an interval and a p-value keep their error."""

    FIXED_HORIZON = "fixed_horizon"
    """Welch's t: right where one looks once, at the planned end."""
    GROUP_SEQUENTIAL = "group_sequential"
    """The looks share the error by the plan's spending; the interval is the repeated one (Jennison & Turnbull 1989)."""
    CONFIDENCE_SEQUENCE = "confidence_sequence"
    """Right however often one looks, and for ever (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021)."""


class Estimator(StrEnum):
    """What an effect was estimated by."""

    RAW = "raw"
    CUPED = "cuped"


class Finding(StrEnum):
    """What a test says of a variation beside the control, the metric's direction and multiplicity allowed for."""

    BETTER = "better"
    WORSE = "worse"
    NOT_SHOWN = "not_shown"


class Safety(StrEnum):
    """What is known of a variation's guardrail."""

    SAFE = "safe"
    """It is no worse than the margin allows: non-inferior."""
    HARMED = "harmed"
    """It is worse than the margin allows."""
    NOT_SHOWN = "not_shown"
    """Neither is shown yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lift:
    """The difference relative to the control: 0.05 is 5 % more. With Fieller's interval, None where it is unbounded."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """The variation's estimate less the control's, on the metric's own scale.

    The truth is between ``low`` and ``high`` with ``confidence``; None where that side is unbounded, as both are for a
    confidence sequence before 100 units a side. ``statistic`` is the difference over its standard error. ``p_value`` is
    two-sided, valid under ``method`` at this moment, and not adjusted for other tests. A group sequential test has none
    before the planned end, where it compares the statistic with the look's critical value; at the end it is the chance
    of having crossed earlier or of so great a statistic now (Fairbanks & Madsen 1982). Nor has a goal whose plan has no
    look now: its interval is for information.
    """

    difference: float
    standard_error: float
    low: float | None
    high: float | None
    confidence: float
    lift: Lift | NotEstimable
    statistic: float
    p_value: float | None
    method: Method


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A guardrail's one-sided tests of a variation, each at ``alpha`` and valid at any time (or at the end, if fixed).

    ``bound`` is how much worse it may be at most with confidence 1 - alpha, on the metric's scale and positive where
    worse, None where unbounded. ``safe_p`` tests that it is worse than ``margin``, ``harm_p`` that it is not.
    """

    margin: float
    alpha: float
    bound: float | None
    safe_p: float
    harm_p: float
    safety: Safety


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """The Bayesian view, under a normal prior on the difference with mean 0 and standard deviation ``prior``.

    ``chance`` is that the variation is better; ``loss`` is what choosing it is expected to cost on the metric's scale.
    It is no test: looking until the chance pleases inflates errors.
    """

    chance: float
    loss: float
    prior: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact:
    """For shares with a cell under 10: an exact test's two-sided p (None before the planned end), and Newcombe's
    interval of the difference (1998) with ``confidence``."""

    p_value: float | None
    low: float
    high: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One variation beside the control, among the units of a slice.

    ``estimate`` is the variation's own: a mean, share, ratio or quantile, unadjusted. ``effect`` is the one that is
    judged, and ``judged`` names it. Beside it stand the same by each estimator, None where there is no such: ``raw``
    takes no covariate, ``cuped`` does; of all units, ``uncapped`` takes neither covariate nor cap, and ``stratified``
    has the values of the first dimension as strata. ``variance_reduction`` is the share of the raw variance that
    CUPED took away. ``adjusted_p`` allows for the tests beside it, as the report's methods say.
    """

    variation: str
    units: int
    estimate: Number
    effect: Effect | NotEstimable
    judged: Estimator
    raw: Effect | NotEstimable
    cuped: Effect | NotEstimable | None
    uncapped: Effect | NotEstimable | None
    stratified: Effect | NotEstimable | None
    variance_reduction: Number | None
    adjusted_p: float | None
    finding: Finding
    guard: Guard | None
    belief: Belief | NotEstimable
    exact: Exact | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The units with one ``value`` of a ``dimension``; all units where the dimension is empty.

    ``value`` is None for units that have none. ``control`` is the control's estimate of ``control_units`` units. What a
    slice other than the overall one shows is for looking, and never a reason to ship.
    """

    dimension: str
    value: str | None
    control_units: int
    control: Number
    comparisons: Sequence[Comparison]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heterogeneity:
    """Whether a variation's effect differs among the values of a dimension: Cochran's Q (1954) with its p-value.

    ``adjusted_p`` is by Benjamini & Hochberg over the report's heterogeneity tests. None for both before the planned
    end: then nothing is tested, since no sequential form is given.
    """

    dimension: str
    variation: str
    q: Number
    freedom: int
    p_value: float | None
    adjusted_p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The effect over the units first exposed up to and including ``day``, with its confidence sequence there."""

    day: date
    units: int
    difference: Number
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A variation's cumulative effect by day, for a chart; its last point is of all units."""

    variation: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricResult:
    """What is found of one metric.

    ``not_estimable`` is None but where nothing is: of a metric that the experiment names and nobody has defined,
    ``name`` is its id, ``kind`` and ``direction`` are None, and there are no slices. ``cap`` is what greater values
    of a unit were cut to, ``cut_share`` the share of the total that this cut off. ``waiting`` units are not in yet
    since their window is not over, ``unmeasured`` units have no value. The first slice is the overall one.
    """

    metric_id: str
    name: str
    kind: MetricKind | None
    direction: Direction | None
    role: MetricRole
    margin: float | None
    not_estimable: NotEstimableReason | None
    cap: float | None
    cut_share: float | None
    waiting: int
    unmeasured: int
    slices: tuple[Slice, ...]
    heterogeneity: tuple[Heterogeneity, ...]
    series: tuple[Series, ...]

    @property
    def overall(self) -> Slice | None:
        """The slice of all units, None where nothing is estimated."""
        return self.slices[0] if self.slices else None
