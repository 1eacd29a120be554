"""Answers made by hand: from units and their values, or from sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np

from variate.analysis.building import build_report
from variate.analysis.report import LastLook, Report
from variate.analysis.subject import Subject
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.look import Look
from variate.model.metric import Measure, Metric, MetricKind
from variate.model.plan import UNPLANNED, Plan
from variate.stats.moments import Moments, moments_of
from variate.stores.aggregates import (
    OVERALL,
    Answer,
    Cells,
    Completeness,
    MetricMoments,
    MetricQuantiles,
    Question,
    UnitCounts,
)
from variate.testing.clocks import START

DAY = int(START.timestamp() // 86_400)
AT = START + timedelta(days=10)

Key = tuple[int, str, str | None, int] | tuple[int, str, str | None, int, int]
"""A cell: the variation's place, the dimension and its value, the day, and the period where it is not the first."""


@dataclass
class Units:
    """Rows, one a unit: its variation's place, its day after the start, its values of dimensions, and its variables."""

    variation: Sequence[int]
    values: Mapping[str, Any]
    """By metric: (units,) or (units, variables)."""
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    day: Sequence[int] | None = None
    dimensions: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    caps: Mapping[str, float] = field(default_factory=dict)


def build_metric(metric_id: str = "conversion", *, kind: MetricKind = MetricKind.PROPORTION, **changes: Any) -> Metric:
    """Build a metric, named as its id."""
    parts: dict[str, Any] = {"measure": Measure(event_type=metric_id)}
    if kind is MetricKind.RATIO:
        parts["denominator"] = Measure(event_type="visit")
    if kind is MetricKind.QUANTILE:
        parts["quantile"] = 0.9
    return Metric(
        **{
            "id": metric_id,
            "name": metric_id,
            "kind": kind,
            "created_at": START,
            "updated_at": START,
            **parts,
            **changes,
        }
    )


def moments_in(keys: Sequence[Key], rows: Sequence[Any]) -> tuple[Cells, Moments]:
    """Return the cells and their moments."""
    found = [moments_of(np.asarray(each, dtype=float)) for each in rows]
    if not found:
        nothing = np.zeros((0, 1))
        return cells_of(keys), Moments(count=np.zeros(0), mean=nothing, products=nothing[..., None], cubes=nothing)
    moments = Moments(
        count=np.array([each.count for each in found]),
        mean=np.array([each.mean for each in found]),
        products=np.array([each.products for each in found]),
        cubes=np.array([each.cubes for each in found]),
    )
    return cells_of(keys), moments


def cells_of(keys: Sequence[Key]) -> Cells:
    """Return the cells of these keys."""
    return Cells(
        variation=np.array([each[0] for each in keys], dtype=np.int64),
        dimension=tuple(each[1] for each in keys),
        value=tuple(each[2] for each in keys),
        day=np.array([each[3] for each in keys], dtype=np.int64),
        period=np.array([each[4] if len(each) > 4 else 0 for each in keys], dtype=np.int64),
    )


def answer_of(units: Units, **changes: Any) -> Answer:
    """Return the answer that sums these units up by cell."""
    variation = np.asarray(units.variation)
    day = np.zeros(len(variation), dtype=int) if units.day is None else np.asarray(units.day)
    places: dict[Key, list[int]] = {}
    for place in range(len(variation)):
        at = DAY + int(day[place])
        places.setdefault((int(variation[place]), OVERALL, None, at), []).append(place)
        for name, values in units.dimensions.items():
            places.setdefault((int(variation[place]), name, values[place], at), []).append(place)
    keys = list(places)
    metrics: dict[str, MetricMoments | MetricQuantiles] = {}
    for name, given in units.values.items():
        rows = np.asarray(given, dtype=float)
        cells, moments = moments_in(keys, [rows[places[key]] for key in keys])
        metrics[name] = MetricMoments(
            metric_id=name,
            variables=units.variables.get(name, ("y",)),
            cells=cells,
            moments=moments,
            cap=units.caps.get(name),
        )
    counts = UnitCounts(cells=cells_of(keys), count=np.array([len(places[key]) for key in keys], dtype=np.int64))
    return build_answer(counts, metrics, **changes)


def build_answer(counts: UnitCounts, metrics: Mapping[str, MetricMoments | MetricQuantiles], **changes: Any) -> Answer:
    """Build an answer in which nothing is wrong."""
    usual: dict[str, Any] = {
        "crossed": 0,
        "overridden": 0,
        "unknown": 0,
        "late": None,
        "completeness": Completeness(received=1_000, expected=1_000),
        "through": "event 1",
    }
    return Answer(units=counts, metrics=metrics, **{**usual, **changes})


def shares_of(
    **successes: Sequence[tuple[int, int]],
) -> Answer:
    """Return the answer of share metrics, each given as (successes, units) by variation; the units are of all alike."""
    (first, *_) = successes.values()
    keys = [(place, OVERALL, None, DAY) for place in range(len(first))]
    metrics: dict[str, MetricMoments | MetricQuantiles] = {}
    for name, given in successes.items():
        share = np.array([done / units if units else 0.0 for done, units in given])
        count = np.array([float(units) for _, units in given])
        metrics[name] = MetricMoments(
            metric_id=name,
            variables=("y",),
            cells=cells_of(keys),
            moments=Moments(
                count=count,
                mean=share[:, None],
                products=(count * share * (1 - share))[:, None, None],
                cubes=(count * share * (1 - share) * (1 - 2 * share))[:, None],
            ),
        )
    counts = UnitCounts(cells=cells_of(keys), count=np.array([units for _, units in first], dtype=np.int64))
    return build_answer(counts, metrics)


def report_of(
    answer: Answer,
    *,
    metrics: Sequence[Metric],
    roles: Sequence[ExperimentMetric] | None = None,
    variations: Sequence[str] = ("control", "treatment"),
    weights: Sequence[float] | None = None,
    plan: Plan = UNPLANNED,
    looks: Sequence[Look] = (),
    last_look: LastLook | None = None,
    dimensions: tuple[str, ...] = (),
    question_variations: Sequence[str] | None = None,
    **question: Any,
) -> Report:
    """Return the report; every metric is a goal where no roles are given."""
    if roles is None:
        roles = [ExperimentMetric(metric=each.id, role=MetricRole.GOAL) for each in metrics]
    given = [1.0] * len(variations) if weights is None else weights
    subject = Subject(
        experiment_id="experiment",
        name="Button colour",
        weights=tuple(zip(variations, given, strict=True)),
        metrics=tuple(roles),
        plan=plan,
    )
    asked = Question(
        **{
            "experiment_id": "experiment",
            "variations": tuple(variations if question_variations is None else question_variations),
            "start": START,
            "until": None,
            "at": AT,
            "metrics": tuple(metrics),
            "dimensions": dimensions,
            **question,
        }
    )
    return build_report(subject, question=asked, answer=answer, looks=looks, last_look=last_look)
