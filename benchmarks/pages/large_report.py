"""The report of a large experiment, made by our own code from simulated units that no store has to hold.

Each unit has a variation, a day, a country and a device, and its values of every metric. They are summed up in memory
to the moments that an aggregator answers with; from there on it is ``build_report``, as of recorded events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from variate.analysis.building import build_report
from variate.analysis.report import Report
from variate.analysis.reporting import subject_of
from variate.model import Experiment
from variate.model.metric import Metric, MetricKind
from variate.stats.moments import Floats, Moments
from variate.stores.aggregates import (
    OVERALL,
    Answer,
    Cells,
    Completeness,
    MetricMoments,
    Numbers,
    Question,
    UnitCounts,
)

DIMENSIONS = {
    "country": ("BR", "DE", "FR", "JP", "NL", "US"),
    "device": ("desktop", "phone", "tablet"),
}
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _Units:
    """The variation of each unit, and its place in a table of all values of the dimensions, variations and days."""

    variation: Numbers
    place: Numbers
    shape: tuple[int, ...]
    """Of that table: a length for each dimension, then the variations and the days."""


def large_report(
    experiment: Experiment, metrics: Sequence[Metric], *, report_id: str, units: int, days: int, at: datetime
) -> Report:
    """Return the report of the experiment with so many units, who came over the ``days`` before ``at``."""
    subject = subject_of(experiment, at=at)
    chance = np.random.default_rng(1)
    drawn = _drawn(units, (*map(len, DIMENSIONS.values()), len(subject.variations), days), chance)
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - timedelta(days=days)
    first_day = int(start.timestamp() // _DAY)
    question = Question(
        experiment_id=experiment.id,
        variations=subject.variations,
        start=start,
        until=experiment.design.ends_at,
        at=at,
        metrics=tuple(metrics),
        dimensions=tuple(DIMENSIONS),
    )
    cells = _cells(drawn.shape, first_day)
    moments = {metric.id: _moments(_values(metric, drawn, chance), drawn) for metric in metrics}
    answer = Answer(
        units=UnitCounts(cells=cells, count=next(iter(moments.values())).count.astype(np.int64)),
        crossed=units // 1_000,
        overridden=3,
        unknown=0,
        late=units // 5_000,
        completeness=Completeness(received=units * 5, expected=units * 5 + units // 1_000),
        through=f"event {units * 5}",
        metrics={
            metric.id: MetricMoments(
                metric_id=metric.id,
                variables=_VARIABLES[metric.kind],
                cells=cells,
                moments=moments[metric.id],
            )
            for metric in metrics
        },
    )
    return replace(build_report(subject, question=question, answer=answer), id=report_id)


_VARIABLES = {
    MetricKind.PROPORTION: ("y",),
    MetricKind.MEAN: ("y", "x1", "missing1"),
    MetricKind.RATIO: ("y", "d"),
}


def _values(metric: Metric, units: _Units, chance: np.random.Generator) -> Floats:
    """Return each unit's variables: every third variation does a little better."""
    size = len(units.variation)
    better = 1 + 0.02 * (units.variation % 3 == 1)
    if metric.kind is MetricKind.PROPORTION:
        return np.column_stack([chance.random(size) < 0.1 * better]).astype(np.float64)
    if metric.kind is MetricKind.RATIO:
        visits = 1.0 + chance.poisson(3, size)
        return np.column_stack((chance.binomial(visits.astype(np.int64), 0.2) * better, visits))
    before = chance.exponential(20, size)
    missing = chance.random(size) < 0.3
    spent = (0.5 * before + chance.exponential(10, size)) * better
    return np.column_stack((spent, np.where(missing, 20.0, before), missing))


def _drawn(units: int, shape: tuple[int, ...], chance: np.random.Generator) -> _Units:
    drawn = [chance.integers(length, size=units) for length in shape]
    return _Units(variation=drawn[-2], place=np.ravel_multi_index(drawn, shape), shape=shape)


def _cells(shape: tuple[int, ...], first_day: int) -> Cells:
    """Return the cells of everybody, and then those of each dimension."""
    *_, variations, days = shape
    groups = [(OVERALL, None), *((name, value) for name, values in DIMENSIONS.items() for value in values)]
    each = variations * days
    return Cells(
        variation=np.tile(np.repeat(np.arange(variations), days), len(groups)),
        day=np.tile(np.arange(days) + first_day, len(groups) * variations),
        dimension=tuple(name for name, _ in groups for _ in range(each)),
        value=tuple(value for _, value in groups for _ in range(each)),
        period=np.zeros(each * len(groups), dtype=np.int64),
    )


def _moments(values: Floats, units: _Units) -> Moments:
    """Return the moments of the units' values in each of ``_cells``."""
    finest = _moments_of(values, units)
    of_dimensions = []
    for kept in range(len(DIMENSIONS)):
        merged = finest
        for axis in reversed([axis for axis in range(len(DIMENSIONS)) if axis != kept]):
            merged = merged.merged(axis)
        of_dimensions.append(merged)
    parts = [of_dimensions[0].merged(0), *of_dimensions]
    width = values.shape[1]
    return Moments(
        count=np.concatenate([each.count.reshape(-1) for each in parts]),
        mean=np.concatenate([each.mean.reshape(-1, width) for each in parts]),
        products=np.concatenate([each.products.reshape(-1, width, width) for each in parts]),
        cubes=np.concatenate([each.cubes.reshape(-1, width) for each in parts]),
    )


def _moments_of(values: Floats, units: _Units) -> Moments:
    """Return the moments of the units at each place of the table."""
    size, width = int(np.prod(units.shape)), values.shape[1]

    def sums(of_unit: Floats) -> Floats:
        return np.bincount(units.place, weights=of_unit, minlength=size).astype(np.float64)

    count = np.bincount(units.place, minlength=size).astype(np.float64)
    mean = np.column_stack([sums(values[:, one]) for one in range(width)]) / np.maximum(count, 1)[:, None]
    away = values - mean[units.place]
    products = np.empty((size, width, width))
    for one in range(width):
        for other in range(one, width):
            products[:, one, other] = products[:, other, one] = sums(away[:, one] * away[:, other])
    cubes = np.column_stack([sums(away[:, one] ** 3) for one in range(width)])
    return Moments(
        count=count.reshape(units.shape),
        mean=mean.reshape(*units.shape, width),
        products=products.reshape(*units.shape, width, width),
        cubes=cubes.reshape(*units.shape, width),
    )
