"""What cannot be estimated says why, in every report; nothing is NaN, and nothing raises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from time import process_time
from typing import Any

import numpy as np
import pytest

from tests.unit.analysis.answers import DAY, Units, answer_of, build_answer, build_metric, cells_of, report_of
from variate.analysis.comparison import Effect, Finding
from variate.analysis.report import Report
from variate.analysis.report_record import report_document, report_from_record
from variate.errors import InvalidInputError
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.metric import MetricKind
from variate.model.plan import Plan
from variate.stats.moments import Moments
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stores.aggregates import OVERALL, Answer, MetricMoments, MetricQuantiles, UnitCounts

UNITS = 400
HALF = [number % 2 for number in range(UNITS)]
NUMBERS = np.random.default_rng(4).normal(5, 1, UNITS)
PLANS = {"unplanned": Plan(), "under way": Plan(units=10 * UNITS), "at the end": Plan(units=2)}


def with_one(value: float) -> np.ndarray[Any, Any]:
    """Return the numbers with one of them replaced."""
    return np.where(np.arange(UNITS) == 7, value, NUMBERS)


def pair(upper: Any, lower: Any) -> np.ndarray[Any, Any]:
    """Return two variables of every unit."""
    return np.stack(np.broadcast_arrays(upper, lower, np.zeros(UNITS))[:2], axis=1)


MEAN = {"kind": MetricKind.MEAN}
RATIO = {"kind": MetricKind.RATIO}
COVARIATE = {"kind": MetricKind.MEAN, "covariate": timedelta(days=7)}

BAD: dict[str, tuple[Units, Mapping[str, Any], NotEstimableReason | None]] = {
    "empty variation": (Units(HALF[::2], {"m": NUMBERS[::2]}), MEAN, NotEstimableReason.NO_UNITS),
    "no unit at all": (Units([], {"m": []}), MEAN, NotEstimableReason.NO_UNITS),
    "one unit": (Units([0, 0, 1], {"m": [1.0, 2.0, 3.0]}), MEAN, NotEstimableReason.TOO_FEW_UNITS),
    "zero variance": (Units(HALF, {"m": np.ones(UNITS)}), MEAN, NotEstimableReason.ZERO_VARIANCE),
    "zero variance, huge": (Units(HALF, {"m": np.full(UNITS, 1e15)}), MEAN, NotEstimableReason.ZERO_VARIANCE),
    "infinite value": (Units(HALF, {"m": with_one(np.inf)}), MEAN, NotEstimableReason.OUT_OF_RANGE),
    "minus infinity": (Units(HALF, {"m": with_one(-np.inf)}), MEAN, NotEstimableReason.OUT_OF_RANGE),
    "not a number": (Units(HALF, {"m": with_one(np.nan)}), MEAN, NotEstimableReason.OUT_OF_RANGE),
    "beyond a float once squared": (Units(HALF, {"m": with_one(1e200)}), MEAN, NotEstimableReason.OUT_OF_RANGE),
    "zero denominator": (
        Units(HALF, {"m": pair(NUMBERS, 0.0)}, {"m": ("y", "d")}),
        RATIO,
        NotEstimableReason.ZERO_DENOMINATOR,
    ),
    "negative denominator": (
        Units(HALF, {"m": pair(NUMBERS, -1.0)}, {"m": ("y", "d")}),
        RATIO,
        NotEstimableReason.NEGATIVE_DENOMINATOR,
    ),
    "covariate of nobody": (
        Units(HALF, {"m": np.stack([NUMBERS, 0 * NUMBERS, 0 * NUMBERS + 1], axis=1)}, {"m": ("y", "x1", "missing1")}),
        COVARIATE,
        None,
    ),
    "infinite covariate": (
        Units(HALF, {"m": pair(NUMBERS, with_one(np.inf))}, {"m": ("y", "x1")}),
        COVARIATE,
        None,
    ),
    "negative mean": (Units(HALF, {"m": NUMBERS - 10}), MEAN, None),
    "mean of zero": (Units(HALF, {"m": NUMBERS - NUMBERS.mean()}), MEAN, None),
    "whole mean of zero": (Units(HALF, {"m": [number // 2 % 2 * 2 - 1 for number in range(UNITS)]}), MEAN, None),
    "vanishing once squared": (Units(HALF, {"m": NUMBERS * 1e-180}), MEAN, NotEstimableReason.ZERO_VARIANCE),
}


def strict(report: Report) -> dict[str, Any]:
    """Return the record as JSON reads it, having seen that it is strict JSON and comes back as the same report."""

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    record: dict[str, Any] = json.loads(report_document(report).text, parse_constant=refuse)
    assert report_from_record(record) == report
    return record


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("role", list(MetricRole))
@pytest.mark.parametrize("name", BAD)
def test_bad_input_has_a_reason_in_the_report(name: str, role: MetricRole, plan: str) -> None:
    units, kind, reason = BAD[name]
    days = [place // 60 for place in range(len(units.variation))]
    country = [("de", "fr", None)[place // 2 % 3] for place in range(len(units.variation))]
    given = Units(units.variation, units.values, units.variables, days, {"country": country})
    report = report_of(
        answer_of(given),
        metrics=[build_metric("m", **kind)],
        roles=[ExperimentMetric(metric="m", role=role)],
        plan=PLANS[plan],
        dimensions=("country",),
    )
    strict(report)
    assert report.metrics[0].overall is not None
    (found,) = report.metrics[0].overall.comparisons
    if reason is None:
        assert not isinstance(found.effect, NotEstimable)
    else:
        assert found.effect == NotEstimable(reason)


def test_a_reason_stands_where_the_number_would() -> None:
    answer = answer_of(Units(HALF, {"m": np.ones(UNITS)}))
    record = strict(report_of(answer, metrics=[build_metric("m", kind=MetricKind.MEAN)]))
    (comparison,) = record["metrics"][0]["slices"][0]["comparisons"]
    assert comparison["effect"] == {"not_estimable": "zero_variance"}
    assert comparison["estimate"] == 1.0


def test_a_metric_that_is_not_defined_is_in_the_record() -> None:
    record = strict(report_of(answer_of(Units(HALF, {})), metrics=[], roles=[ExperimentMetric(metric="gone")]))
    assert record["metrics"][0]["not_estimable"] == "not_defined"


def test_a_quantile_without_a_standard_error_has_a_reason() -> None:
    cells = cells_of([(0, OVERALL, None, -1), (1, OVERALL, None, -1)])
    found = MetricQuantiles(
        metric_id="m",
        cells=cells,
        units=np.array([200, 200]),
        events=np.array([900, 900]),
        quantile=np.array([3.0, 4.0]),
        standard_error=np.array([0.1, np.nan]),
    )
    answer = build_answer(UnitCounts(cells=cells, count=np.array([200, 200])), {"m": found})
    report = report_of(answer, metrics=[build_metric("m", kind=MetricKind.QUANTILE)])
    strict(report)
    assert report.metrics[0].overall is not None
    assert report.metrics[0].overall.comparisons[0].effect == NotEstimable(NotEstimableReason.ZERO_VARIANCE)


def test_a_quantile_is_compared() -> None:
    cells = cells_of([(0, OVERALL, None, -1), (1, OVERALL, None, -1)])
    found = MetricQuantiles(
        metric_id="m",
        cells=cells,
        units=np.array([200, 200]),
        events=np.array([900, 900]),
        quantile=np.array([3.0, 4.0]),
        standard_error=np.array([0.3, 0.4]),
    )
    answer = build_answer(UnitCounts(cells=cells, count=np.array([200, 200])), {"m": found})
    report = report_of(answer, metrics=[build_metric("m", kind=MetricKind.QUANTILE)], plan=Plan(units=400))
    assert report.metrics[0].overall is not None
    effect = report.metrics[0].overall.comparisons[0].effect
    assert not isinstance(effect, NotEstimable)
    assert (effect.difference, effect.standard_error) == pytest.approx((1.0, 0.5))
    assert report.metrics[0].series == ()


def test_a_ratio_over_what_few_units_have_gets_no_interval_before_the_planned_end() -> None:
    rows = np.zeros((400, 2))
    rows[:4] = [[10, 1], [20, 1], [11, 1], [21, 1]]
    answer = answer_of(Units(variation=[0, 1] * 200, values={"m": rows}, variables={"m": ("y", "d")}))
    report = report_of(answer, metrics=[build_metric("m", kind=MetricKind.RATIO)])
    overall = report.metrics[0].overall
    assert overall is not None
    (found,) = overall.comparisons
    assert isinstance(found.effect, Effect)
    assert (found.effect.low, found.effect.high, found.finding) == (None, None, Finding.NOT_SHOWN)
    assert found.warnings[0].startswith("Only about 2 units on one side have much of what is divided by")
    assert "+10 (no interval yet)" in report.verdict.reasons[0]


def test_ten_variations_of_fifty_metrics_take_well_under_a_second() -> None:
    answer = _great_answer()
    metrics = [
        build_metric(name, kind=MetricKind.MEAN, covariate=timedelta(days=7), cap_quantile=0.999)
        for name in answer.metrics
    ]
    variations = [f"v{number}" for number in range(10)]

    def build() -> Report:
        return report_of(answer, metrics=metrics, variations=variations, dimensions=("device",), plan=Plan(units=10**6))

    seconds = []  # of the processor's, since other processes may have it meanwhile
    for _ in range(3):
        started = process_time()
        report = build()
        seconds.append(process_time() - started)
    assert min(seconds) < 1
    assert sum(len(each.comparisons) for metric in report.metrics for each in metric.slices) == 50 * 9 * 3
    strict(report)


def _great_answer() -> Answer:
    values: list[tuple[str, str | None]] = [(OVERALL, None), ("device", "phone"), ("device", None)]
    cells = cells_of([(place, *value, DAY + day) for place in range(10) for day in range(7) for value in values])
    random, size = np.random.default_rng(1), len(cells.dimension)
    count = random.integers(200, 300, size)
    metrics: dict[str, MetricMoments | MetricQuantiles] = {}
    for number in range(50):
        roots = random.normal(0, 1, (size, 3, 3))
        metrics[f"m{number}"] = MetricMoments(
            metric_id=f"m{number}",
            variables=("y", "x1", "raw"),
            cells=cells,
            moments=Moments(
                count=count.astype(float),
                mean=random.normal(1, 0.01, (size, 3)),
                products=np.einsum("aij,akj->aik", roots, roots) * count[:, None, None],
                cubes=np.zeros((size, 3)),
            ),
            cap=3.0,
        )
    return build_answer(UnitCounts(cells=cells, count=count), metrics)


def test_a_record_of_another_format_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="format"):
        report_from_record({"format": "variate.report/0"})
