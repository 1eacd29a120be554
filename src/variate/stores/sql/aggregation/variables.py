"""What a metric needs to know of a unit: one number for each of its variables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from variate.model.metric import VALUE_FIELD, Aggregation, Measure, Metric, MetricKind

_MICROSECOND = timedelta(microseconds=1)


class Sum(StrEnum):
    """What is made of a unit's events."""

    DID = "did"
    """1 if there is one, else 0."""
    COUNT = "count"
    VALUES = "values"
    """The sum of their values."""
    STEPS = "steps"
    """1 if all the types came, one after the other, else 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A number of each unit: a sum over its events of ``event_types``, from ``start`` after its exposure to ``end``.

    Both are in microseconds; without an end it is open. A covariate's start is below 0 and its end 0.
    """

    sum: Sum
    event_types: tuple[str, ...]
    field: str
    start: int
    end: int | None

    @property
    def is_share(self) -> bool:
        """Whether it is 0 or 1."""
        return self.sum in (Sum.DID, Sum.STEPS)

    def to_json(self) -> list[Any]:
        """Return it as JSON."""
        return [self.sum.value, list(self.event_types), self.field, self.start, self.end]

    @classmethod
    def from_json(cls, given: list[Any]) -> Variable:
        """Return what ``to_json`` was of."""
        kind, types, field, start, end = given
        return cls(sum=Sum(kind), event_types=tuple(types), field=field, start=start, end=end)

    def __str__(self) -> str:
        return json.dumps(self.to_json())


def variables_of(metric: Metric) -> dict[str, Variable]:
    """Return the metric's variables by name, ``y`` first; a quantile has none."""
    if metric.kind is MetricKind.QUANTILE:
        return {}
    start, end = micros(metric.window_start), None if metric.window_end is None else micros(metric.window_end)
    if metric.kind is MetricKind.FUNNEL:
        return {"y": Variable(sum=Sum.STEPS, event_types=metric.steps, field=VALUE_FIELD, start=start, end=end)}
    sides = [each for each in (metric.measure, metric.denominator) if each is not None]
    found = {
        name: _of_measure(side, metric=metric, start=start, end=end)
        for name, side in zip(("y", "d"), sides, strict=False)
    }
    if metric.covariate is not None:
        before = -micros(metric.covariate)
        for place, side in enumerate(sides, start=1):
            found[f"x{place}"] = _of_measure(side, metric=metric, start=before, end=0)
    return found


def micros(length: timedelta) -> int:
    """Return the whole microseconds of a length of time."""
    return length // _MICROSECOND


def _of_measure(measure: Measure, *, metric: Metric, start: int, end: int | None) -> Variable:
    kinds = {Aggregation.COUNT: Sum.COUNT, Aggregation.SUM: Sum.VALUES}
    kind = Sum.DID if metric.is_share else kinds[measure.aggregation]
    # Two sums that read no field are the same one, whatever their measures' fields are called.
    field = measure.field if kind is Sum.VALUES else VALUE_FIELD
    return Variable(sum=kind, event_types=(measure.event_type,), field=field, start=start, end=end)
