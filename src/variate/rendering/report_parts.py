"""The parts of a report as a page has them: what stands in each, in words, tables and charts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

from variate.analysis.report import CheckStatus, Report, VerdictKind
from variate.analysis.wording import WHY
from variate.rendering import report_tables, words
from variate.rendering.figures import Figure, course_figure, lifts_figure, shares_figure, slices_figure
from variate.rendering.metric_tables import (
    belief_table,
    comparison_table,
    dimension_tables,
    estimators_table,
    guard_table,
)
from variate.rendering.report_charts import charted_series, cumulative_chart
from variate.rendering.tables import Table

_ICONS = {VerdictKind.SHIP: "✓", VerdictKind.HOLD: "‖", VerdictKind.STOP: "✕", VerdictKind.INVALID: "!"}
_STATUS_ICONS = {CheckStatus.OK: "✓", CheckStatus.UNKNOWN: "○", CheckStatus.WARNING: "!", CheckStatus.FAILED: "✕"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPart:
    """A check of the data: ``tone`` is its status as a style calls it."""

    name: str
    tone: str
    icon: str
    status: str
    words: str
    advice: str
    """What to do; empty where nothing is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPart:
    """A metric, the ``number``-th from 1 on.

    ``courses_left`` charts over time are not here for want of room, and neither are ``rows_left`` rows of dimensions.
    """

    number: int
    name: str
    about: str
    reason: str
    tables: tuple[Table, ...]
    courses: tuple[Figure, ...]
    courses_left: int
    slices: Figure | None
    dimensions: tuple[Table, ...]
    rows_left: int

    @property
    def anchor(self) -> str:
        """The id of its heading."""
        return f"metric-{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportParts:
    """All parts, in the order in which they are to be read."""

    report: Report
    headline: str
    meaning: str
    icon: str
    overview: tuple[tuple[str, str], ...]
    checks: tuple[CheckPart, ...]
    lifts: Figure | None
    metrics: tuple[MetricPart, ...]
    variations: Table
    by_dimension: Table | None
    shares: Figure | None
    plan: tuple[tuple[str, str], ...]
    looks: Table | None
    computed: tuple[tuple[str, str], ...]
    definitions: Markup

    @property
    def courses_left(self) -> int:
        """How many charts over time are not here."""
        return sum(each.courses_left for each in self.metrics)


def report_parts(report: Report, *, most_courses: int, most_rows: int | None = None) -> ReportParts:
    """Return the parts with at most so many charts over time, and so many rows of dimensions, each metric whole."""
    return ReportParts(
        report=report,
        headline=words.headline(report),
        meaning=words.VERDICT_MEANINGS[report.verdict.kind],
        icon=_ICONS[report.verdict.kind],
        overview=report_tables.facts(report),
        checks=tuple(_checks(report)),
        lifts=lifts_figure(report),
        metrics=tuple(_metrics(report, most_courses, most_rows)),
        variations=report_tables.variations_table(report),
        by_dimension=report_tables.ratio_by_dimension_table(report),
        shares=shares_figure(report),
        plan=report_tables.plan_facts(report),
        looks=report_tables.looks_table(report),
        computed=report_tables.computed_facts(report),
        definitions=escape(json.dumps(report.reproduction.metrics.value, indent=2)),
    )


def metric_part(report: Report, number: int) -> MetricPart:
    """Return a metric with all there is of it."""
    return _metric(report, number, most_courses=None, most_rows=None)


def _metrics(report: Report, most_courses: int, most_rows: int | None) -> Iterator[MetricPart]:
    for number in range(1, len(report.metrics) + 1):
        part = _metric(report, number, most_courses=most_courses, most_rows=most_rows)
        most_courses -= len(part.courses)
        if most_rows is not None:
            most_rows -= sum(len(each.rows) for each in part.dimensions)
        yield part


def _metric(report: Report, number: int, *, most_courses: int | None, most_rows: int | None) -> MetricPart:
    metric = report.metrics[number - 1]
    found = (
        comparison_table(metric, control=report.control),
        guard_table(metric),
        estimators_table(metric),
        belief_table(metric),
    )
    rows = sum(len(each.comparisons) for each in metric.slices[1:])
    has_rows = rows > 0 and (most_rows is None or rows <= most_rows)
    charted = charted_series(metric)
    courses = tuple(course_figure(cumulative_chart(report, metric, each)) for each in charted[:most_courses])
    return MetricPart(
        number=number,
        name=metric.name,
        about=words.metric_words(metric),
        reason="" if metric.not_estimable is None else WHY[metric.not_estimable],
        tables=tuple(each for each in found if each is not None),
        courses=courses,
        courses_left=len(charted) - len(courses),
        slices=slices_figure(metric) if has_rows else None,
        dimensions=tuple(dimension_tables(metric)) if has_rows else (),
        rows_left=0 if has_rows else rows,
    )


def _checks(report: Report) -> Iterator[CheckPart]:
    for each in report.health.checks:
        yield CheckPart(
            name=words.CHECKS[each.kind],
            tone=each.status.value,
            icon=_STATUS_ICONS[each.status],
            status=words.STATUSES[each.status],
            words=each.words,
            advice=words.CHECK_ADVICE[each.kind] if each.status in (CheckStatus.WARNING, CheckStatus.FAILED) else "",
        )
