"""A report as CSV: one row for each metric, value of a dimension, variation and estimator."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO

from variate.analysis.comparison import Comparison, Effect, Estimator, MetricResult, Slice
from variate.analysis.report import Report
from variate.model import format_instant
from variate.rendering.text import escaped
from variate.stats.not_estimable import NotEstimable

COLUMNS = (
    "report_id",
    "experiment_id",
    "version",
    "at",
    "metric_id",
    "metric",
    "kind",
    "role",
    "direction",
    "dimension",
    "value",
    "control",
    "control_units",
    "control_estimate",
    "variation",
    "units",
    "estimate",
    "estimator",
    "is_judged",
    "difference",
    "standard_error",
    "low",
    "high",
    "confidence",
    "lift",
    "lift_low",
    "lift_high",
    "statistic",
    "p_value",
    "adjusted_p",
    "method",
    "finding",
    "safety",
    "not_estimable",
)
"""What a row has. Numbers are whole floats, as the report has them; empty where there is none."""

_Cell = str | int | float | bool | None
_Row = dict[str, _Cell]

_RUN = re.compile(r"\s*[=+\-@]")
"""A text that begins so is a formula to a spreadsheet."""
_UNSAFE = re.compile(r"[^a-z0-9]+")


def report_csv(report: Report) -> str:
    """Return the numbers of the report as CSV (RFC 4180), its header first.

    A metric of which nothing is estimated has one row that says why. Text that a spreadsheet would run has an
    apostrophe before it.
    """
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    head: _Row = {
        "report_id": report.id,
        "experiment_id": report.experiment_id,
        "version": report.version,
        "at": format_instant(report.at),
        "control": report.control,
    }
    for metric in report.metrics:
        for row in _metric_rows(metric):
            writer.writerow({name: _written(cell) for name, cell in {**head, **row}.items()})
    return out.getvalue()


def file_name(report: Report, suffix: str) -> str:
    """Return what a file of the report is called: letters, digits and hyphens, whatever the experiment's id is."""
    name = _UNSAFE.sub("-", report.experiment_id.lower()).strip("-")[:80].strip("-") or "experiment"
    return f"{name}-{report.at:%Y-%m-%dT%H%M}.{suffix}"


def _metric_rows(metric: MetricResult) -> Iterator[_Row]:
    about: _Row = {
        "metric_id": metric.metric_id,
        "metric": metric.name,
        "kind": None if metric.kind is None else metric.kind.value,
        "role": metric.role.value,
        "direction": None if metric.direction is None else metric.direction.value,
    }
    if metric.not_estimable is not None:
        yield {**about, "not_estimable": metric.not_estimable.value}
    for part in metric.slices:
        for each in part.comparisons:
            for row in _comparison_rows(each):
                yield {**about, **_slice_cells(part), **row}


def _slice_cells(part: Slice) -> _Row:
    return {
        "dimension": part.dimension,
        "value": part.value,
        "control_units": part.control_units,
        "control_estimate": _number(part.control),
    }


def _comparison_rows(each: Comparison) -> Iterator[_Row]:
    about: _Row = {"variation": each.variation, "units": each.units, "estimate": _number(each.estimate)}
    found = (
        (Estimator.RAW.value, each.raw, each.judged is Estimator.RAW),
        (Estimator.CUPED.value, each.cuped, each.judged is Estimator.CUPED),
        ("uncapped", each.uncapped, False),
        ("stratified", each.stratified, False),
    )
    for name, effect, is_judged in found:
        if effect is None:
            continue
        row: _Row = {**about, "estimator": name, "is_judged": is_judged, **_effect_cells(effect)}
        if is_judged:
            row["adjusted_p"] = each.adjusted_p
            row["finding"] = each.finding.value
            row["safety"] = None if each.guard is None else each.guard.safety.value
        yield row


def _effect_cells(effect: Effect | NotEstimable) -> _Row:
    if isinstance(effect, NotEstimable):
        return {"not_estimable": effect.reason.value}
    row: _Row = {
        "difference": effect.difference,
        "standard_error": effect.standard_error,
        "low": effect.low,
        "high": effect.high,
        "confidence": effect.confidence,
        "statistic": effect.statistic,
        "p_value": effect.p_value,
        "method": effect.method.value,
    }
    if not isinstance(effect.lift, NotEstimable):
        row |= {"lift": effect.lift.value, "lift_low": effect.lift.low, "lift_high": effect.lift.high}
    return row


def _number(found: float | NotEstimable) -> float | None:
    return None if isinstance(found, NotEstimable) else found


def _written(cell: _Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if not isinstance(cell, str):
        return cell
    text = escaped(cell)
    return f"'{text}" if _RUN.match(text) else text
