"""A metric: what is measured of each unit from its exposure on, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from variate.errors import InvalidInputError
from variate.model.instant import check_instant
from variate.model.rules import check_choice, check_distinct, check_id, check_name, check_prose, check_whole, shown

MAX_STEPS = 20
"""Most steps of a funnel."""
MAX_WINDOW = timedelta(days=3_650)
VALUE_FIELD = "value"
"""The field of an event's data that holds its value, unless a measure says otherwise."""


class MetricKind(StrEnum):
    """How a unit's events become a number, and numbers a result."""

    PROPORTION = "proportion"
    """The share of units that did the event at all."""
    MEAN = "mean"
    """The count of the events, or the sum of their values, a unit."""
    RATIO = "ratio"
    """The sum of one measure over the sum of another; its error is that of the units, by the delta method."""
    QUANTILE = "quantile"
    """A quantile of the events' values; units are its clusters."""
    RETENTION = "retention"
    """The share of units that did the event in a window that begins some time after their exposure."""
    FUNNEL = "funnel"
    """The share of units that did every step, one after the other."""


class Direction(StrEnum):
    """Which way is better."""

    INCREASE = "increase"
    DECREASE = "decrease"


class Aggregation(StrEnum):
    """What is made of a unit's events of one type."""

    COUNT = "count"
    SUM = "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """The events of ``event_type``: how many a unit has, or the sum of the numbers in their data under ``field``.

    An event without a number there counts as 1.
    """

    event_type: str
    aggregation: Aggregation = Aggregation.COUNT
    field: str = VALUE_FIELD

    def __post_init__(self) -> None:
        check_id("event_type", self.event_type)
        object.__setattr__(self, "aggregation", check_choice("aggregation", self.aggregation, Aggregation))
        check_name("field", self.field)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What is measured; see ``MetricKind``.

    ``measure`` is of every kind but a funnel, which has ``steps``: event types in the order they have to come. A ratio
    has a ``denominator``, a quantile its ``quantile`` between 0 and 1.

    Events count from ``window_start`` after the unit's exposure to before ``window_end`` after it; with an end, a unit
    enters once its window is over. ``cap_quantile``, of a mean or a ratio, is the quantile of the units' values, over
    all variations, to which greater values are cut. ``covariate``, of any but quantiles and funnels, is how long before
    its exposure a unit's events are its covariate.
    """

    id: str
    name: str
    description: str = ""
    kind: MetricKind
    direction: Direction = Direction.INCREASE
    measure: Measure | None = None
    denominator: Measure | None = None
    steps: tuple[str, ...] = ()
    quantile: float | None = None
    window_start: timedelta = timedelta(0)
    window_end: timedelta | None = None
    cap_quantile: float | None = None
    covariate: timedelta | None = None
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        check_id("metric.id", self.id)
        check_name("metric.name", self.name)
        check_prose("metric.description", self.description)
        object.__setattr__(self, "kind", check_choice("kind", self.kind, MetricKind))
        object.__setattr__(self, "direction", check_choice("direction", self.direction, Direction))
        self._check_parts()
        self._check_window()
        for field in ("quantile", "cap_quantile"):
            _check_share(field, getattr(self, field))
        _check_length("covariate", self.covariate)
        check_whole("metric.revision", self.revision, minimum=1, maximum=2**53)
        object.__setattr__(self, "created_at", check_instant("metric.created_at", self.created_at))
        object.__setattr__(self, "updated_at", check_instant("metric.updated_at", self.updated_at))

    @property
    def event_types(self) -> tuple[str, ...]:
        """The types of the events that it reads."""
        measures = [each.event_type for each in (self.measure, self.denominator) if each is not None]
        return tuple(dict.fromkeys((*measures, *self.steps)))

    @property
    def is_share(self) -> bool:
        """Whether a unit's value is 0 or 1."""
        return self.kind in (MetricKind.PROPORTION, MetricKind.RETENTION, MetricKind.FUNNEL)

    def _check_parts(self) -> None:
        kind = self.kind
        means = (MetricKind.MEAN, MetricKind.RATIO)
        self._check_has("measure", self.measure is not None, kind is not MetricKind.FUNNEL)
        self._check_has("denominator", self.denominator is not None, kind is MetricKind.RATIO)
        self._check_has("steps", bool(self.steps), kind is MetricKind.FUNNEL)
        self._check_has("quantile", self.quantile is not None, kind is MetricKind.QUANTILE)
        if self.cap_quantile is not None and kind not in means:
            raise InvalidInputError("cap_quantile", f"is of means and ratios, not of a {kind}")
        if self.covariate is not None and kind in (MetricKind.QUANTILE, MetricKind.FUNNEL):
            raise InvalidInputError("covariate", f"cannot be of a {kind}")
        if self.measure is not None and self.measure.aggregation is not Aggregation.COUNT and kind not in means:
            raise InvalidInputError("measure.aggregation", f"is of means and ratios; a {kind} has none")
        for name, side in (("measure", self.measure), ("denominator", self.denominator)):
            counts = side is not None and side.aggregation is Aggregation.COUNT and kind is not MetricKind.QUANTILE
            if side is not None and counts and side.field != VALUE_FIELD:
                raise InvalidInputError(f"{name}.field", "is read by sums and quantiles only: this one counts events")
        if kind is MetricKind.FUNNEL:
            if not 2 <= len(self.steps) <= MAX_STEPS:
                raise InvalidInputError("steps", f"must be from 2 to {MAX_STEPS} event types, not {len(self.steps)}")
            check_distinct("steps", [check_id("steps", each) for each in self.steps])

    def _check_has(self, field: str, is_given: bool, is_needed: bool) -> None:
        if is_given != is_needed:
            raise InvalidInputError(field, f"{'must be given for' if is_needed else 'cannot be of'} a {self.kind}")

    def _check_window(self) -> None:
        if self.window_start != timedelta(0):
            _check_length("window_start", self.window_start)
        _check_length("window_end", self.window_end)
        if self.window_end is not None and self.window_end <= self.window_start:
            raise InvalidInputError("window_end", "must be after window_start")
        if self.kind is MetricKind.RETENTION and (not self.window_start or self.window_end is None):
            field = "window_end" if self.window_start else "window_start"
            raise InvalidInputError(field, "must be given: retention is what happens from then until then")


def _check_length(field: str, length: object) -> None:
    if length is None:
        return
    if not isinstance(length, timedelta) or not timedelta(0) < length <= MAX_WINDOW:
        raise InvalidInputError(field, f"must be above 0 and at most {MAX_WINDOW.days} days")


def _check_share(field: str, share: object) -> None:
    if share is None:
        return
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise InvalidInputError(field, f"must be between 0 and 1, not {shown(share)}")
