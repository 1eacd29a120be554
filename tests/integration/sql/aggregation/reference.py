"""What an analysis is to say, in plain Python over a list of events: slow, and as near to the words as can be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np

from variate.model import EXPOSURE, Event
from variate.model.metric import Aggregation, Measure, Metric, MetricKind
from variate.stats.moments import moments_of
from variate.stats.quantiles import quantile_of_rows
from variate.stores.aggregates import OVERALL, Answer, Cells, MetricMoments, Question

Key = tuple[str, str | None, int, int, int]
"""Dimension, value, variation, day and period."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A unit that is in."""

    unit: str
    variation: int
    first: datetime
    dimensions: Mapping[str, str | None]
    period: int

    def cells(self) -> list[Key]:
        """The cells that it is in."""
        day = (self.first - _EPOCH).days
        return [
            (OVERALL, None, self.variation, day, self.period),
            *((name, value, self.variation, day, self.period) for name, value in self.dimensions.items()),
        ]


@dataclass(frozen=True, slots=True)
class Expected:
    """What the answer is to hold."""

    entries: Sequence[Entry]
    crossed: int
    overridden: int
    unknown: int


def expected(events: Iterable[Event], question: Question) -> Expected:
    """Return who is in, and how many are not."""
    live = _live(events, question)
    exposures: dict[str, list[Event]] = {}
    unknown = 0
    for event in live:
        if event.event_type != EXPOSURE or event.experiment_id != question.experiment_id:
            continue
        if event.at < question.start or (question.until is not None and event.at >= question.until):
            continue
        if _field(event, "variation") in question.variations:
            exposures.setdefault(event.unit, []).append(event)
        else:
            unknown += 1
    entries, crossed, overridden = [], 0, 0
    for unit, found in exposures.items():
        places = {question.variations.index(_field(event, "variation")) for event in found}
        first = min(found, key=lambda event: event.at)
        if unit in question.overridden:
            overridden += 1
        elif len(places) > 1:
            crossed += 1
        else:
            period = sum(moment <= first.at for moment in question.reweighed)
            entries.append(Entry(unit, places.pop(), first.at, _dimensions(first, question.dimensions), period))
    return Expected(entries, crossed, overridden, unknown)


def rows(
    events: Iterable[Event], question: Question, metric: Metric
) -> tuple[list[tuple[Entry, dict[str, float]]], int]:
    """Return the variables of each unit that is in, before they are cut, and how many are waiting."""
    live = _live(events, question)
    of_unit: dict[str, list[Event]] = {}
    for event in live:
        if event.experiment_id in (None, question.experiment_id):
            of_unit.setdefault(event.unit, []).append(event)
    found, waiting = [], 0
    for entry in expected(events, question).entries:
        if metric.window_end is not None and entry.first + metric.window_end > question.at:
            waiting += 1
        else:
            found.append((entry, _variables(of_unit.get(entry.unit, []), question, metric, entry.first)))
    return found, waiting


def capped(found: Sequence[dict[str, float]], metric: Metric) -> list[dict[str, float]]:
    """Return the variables as they are summed: cut, beside ``raw``, where the metric has a cap."""
    if metric.cap_quantile is None:
        return list(found)
    cut = [{**each, "raw": each["y"]} for each in found]
    for name in ("y", "x1"):
        if found and name in found[0]:
            cap = inverted(sorted(each[name] for each in found), metric.cap_quantile)
            for each in cut:
                each[name] = min(each[name], cap)
    return cut


def inverted(ordered: Sequence[float], share: float) -> float:
    """Return the smallest of the values with at least this share of them at or below it."""
    return ordered[math.ceil(Fraction(str(share)) * len(ordered)) - 1]


def check(answer: Answer, events: Sequence[Event], question: Question) -> None:
    """Assert that the answer is what it is to be."""
    wanted = expected(events, question)
    assert (answer.crossed, answer.overridden, answer.unknown) == (wanted.crossed, wanted.overridden, wanted.unknown)
    counts: dict[Key, int] = {}
    for entry in wanted.entries:
        for key in entry.cells():
            counts[key] = counts.get(key, 0) + 1
    assert dict(zip(keys(answer.units.cells), answer.units.count, strict=True)) == counts
    for metric in question.metrics:
        found, waiting = rows(events, question, metric)
        told = answer.metrics[metric.id]
        assert told.waiting == waiting, metric.id
        if isinstance(told, MetricMoments):
            _check_moments(told, [entry for entry, _ in found], capped([each for _, each in found], metric))
        else:
            _check_quantiles(told, events, question, metric, [entry for entry, _ in found])


def keys(cells: Cells) -> list[Key]:
    """Return the cells as keys."""
    columns = (cells.dimension, cells.value, cells.variation.tolist(), cells.day.tolist(), cells.period.tolist())
    return list(zip(*columns, strict=True))


def _check_moments(told: MetricMoments, entries: Sequence[Entry], values: Sequence[dict[str, float]]) -> None:
    by_cell: dict[Key, list[list[float]]] = {}
    for entry, each in zip(entries, values, strict=True):
        assert set(told.variables) == set(each)
        for key in entry.cells():
            by_cell.setdefault(key, []).append([each[name] for name in told.variables])
    assert set(keys(told.cells)) == set(by_cell)
    for place, key in enumerate(keys(told.cells)):
        wanted = moments_of(np.asarray(by_cell[key], dtype=np.float64))
        got = told.moments[place]
        scale = max(1.0, float(np.abs(wanted.mean).max()))
        assert got.count == wanted.count
        np.testing.assert_allclose(got.mean, wanted.mean, rtol=1e-9, atol=1e-9 * scale)
        np.testing.assert_allclose(got.products, wanted.products, rtol=1e-8, atol=1e-7 * scale**2)
        np.testing.assert_allclose(got.cubes, wanted.cubes, rtol=1e-7, atol=1e-6 * scale**3)


def _check_quantiles(
    told: Any, events: Sequence[Event], question: Question, metric: Metric, entries: Sequence[Entry]
) -> None:
    by_cell: dict[Key, list[tuple[int, float]]] = {}
    of_unit: dict[str, list[Event]] = {}
    for event in _live(events, question):
        if event.experiment_id in (None, question.experiment_id):
            of_unit.setdefault(event.unit, []).append(event)
    for number, entry in enumerate(entries):
        low, high = _window(question, metric, entry.first)
        for event in of_unit.get(entry.unit, []):
            if _is_of(event, metric.measure) and low <= event.at < high:
                for name, value, variation, *_ in entry.cells():
                    happened = (number, _value(event, metric.measure))
                    by_cell.setdefault((name, value, variation, -1, 0), []).append(happened)
    assert set(keys(told.cells)) == set(by_cell)
    for place, key in enumerate(keys(told.cells)):
        units = np.asarray([unit for unit, _ in by_cell[key]], dtype=np.int64)
        values = np.asarray([value for _, value in by_cell[key]])
        assert (told.units[place], told.events[place]) == (len(set(units)), len(units))
        assert told.quantile[place] == inverted(sorted(values), metric.quantile or 0)
        side = quantile_of_rows(values, units=units, nu=metric.quantile or 0)
        error = np.sqrt(side.variance / side.count)
        np.testing.assert_allclose(told.standard_error[place], error, rtol=1e-9, atol=0, equal_nan=True)


def _live(events: Iterable[Event], question: Question) -> list[Event]:
    return [
        event
        for event in events
        if event.at < question.at and (event.expires_at is None or event.expires_at > question.at)
    ]


def _variables(events: Sequence[Event], question: Question, metric: Metric, first: datetime) -> dict[str, float]:
    low, high = _window(question, metric, first)
    within = [event for event in events if low <= event.at < high]
    if metric.kind is MetricKind.FUNNEL:
        reached = datetime.min.replace(tzinfo=UTC)
        for step in metric.steps:
            moments = [event.at for event in within if event.event_type == step and event.at >= reached]
            if not moments:
                return {"y": 0.0}
            reached = min(moments)
        return {"y": 1.0}
    found = {"y": _sum(within, metric.measure, metric)}
    if metric.denominator is not None:
        found["d"] = _sum(within, metric.denominator, metric)
    if metric.covariate is not None:
        before = [event for event in events if first - metric.covariate <= event.at < first]
        found["x1"] = _sum(before, metric.measure, metric)
        if metric.denominator is not None:
            found["x2"] = _sum(before, metric.denominator, metric)
    return found


def _window(question: Question, metric: Metric, first: datetime) -> tuple[datetime, datetime]:
    low = first + metric.window_start
    if metric.window_end is not None:
        return low, min(first + metric.window_end, question.at)
    return low, question.at if question.until is None else min(question.at, question.until)


def _sum(events: Sequence[Event], measure: Measure | None, metric: Metric) -> float:
    of_measure = [event for event in events if _is_of(event, measure)]
    if metric.is_share:
        return float(bool(of_measure))
    if measure is None or measure.aggregation is Aggregation.COUNT:
        return float(len(of_measure))
    return float(sum(_value(event, measure) for event in of_measure))


def _is_of(event: Event, measure: Measure | None) -> bool:
    return measure is not None and event.event_type == measure.event_type


def _value(event: Event, measure: Measure | None) -> float:
    found = _field(event, "" if measure is None else measure.field)
    if not isinstance(found, (bool, int, float)):
        return 1.0
    try:
        return float(found)
    except OverflowError:
        return math.copysign(math.inf, found)


def _field(event: Event, name: str) -> Any:
    data = event.data
    return data.get(name) if isinstance(data, dict) else None


def _dimensions(event: Event, names: Sequence[str]) -> dict[str, str | None]:
    given = _field(event, "dimensions")
    found = given if isinstance(given, dict) else {}
    return {name: found[name] if isinstance(found.get(name), str) else None for name in names}


DAY = timedelta(days=1)
