"""A report as one HTML page that needs nothing else: no script, no network, its numbers inside."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from variate.analysis.comparison import Finding, MetricResult, Safety
from variate.analysis.report import CheckStatus, Report, VerdictKind
from variate.analysis.report_record import report_record
from variate.analysis.wording import WHY
from variate.rendering import report_tables, words
from variate.rendering.charts import CumulativeChart, cumulative_svg, forest_svg, shares_svg
from variate.rendering.charts.axis import full_day_words
from variate.rendering.metric_tables import (
    belief_table,
    comparison_table,
    dimension_tables,
    estimators_table,
    guard_table,
)
from variate.rendering.numbers import difference_words, interval_words
from variate.rendering.report_charts import cumulative_charts, lifts_chart, shares_chart, slices_chart
from variate.rendering.tables import Table, table
from variate.rendering.text import fit

MOST_CHARTS = 60
"""How many charts over time a page has at most; 10 variations of 50 metrics would make 450."""

_ICONS = {VerdictKind.SHIP: "✓", VerdictKind.HOLD: "‖", VerdictKind.STOP: "✕", VerdictKind.INVALID: "!"}
_STATUS_ICONS = {CheckStatus.OK: "✓", CheckStatus.WARNING: "!", CheckStatus.FAILED: "✕"}
_TONES = {
    words.FINDINGS[Finding.BETTER]: ("better", "▲"),
    words.FINDINGS[Finding.WORSE]: ("worse", "▼"),
    words.SAFETIES[Safety.SAFE]: ("better", "✓"),
    words.SAFETIES[Safety.HARMED]: ("worse", "✕"),
    report_tables.MISMATCH: ("worse", "✕"),
}
_FOREST = (
    "▲ better, ▼ worse, ○ not told from no effect. The line is the interval; an arrowhead says that it goes on beyond "
    "the drawing."
)
_COURSE = (
    "In charts over time, the line is the difference over all units first exposed until the end of each day, the band "
    "its confidence sequence, which holds on all days at once. Short lines at the foot are looks."
)
_SHARES = (
    "A bar is where a day's share lies 999 times in 1,000 while units are shared out as configured; a diamond is a "
    "share outside it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figure:
    title: str
    drawing: Markup
    caption: str
    table: Table | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metric:
    anchor: str
    name: str
    about: str
    reason: str
    tables: tuple[Table, ...]
    courses: tuple[_Figure, ...]
    slices: _Figure | None
    dimensions: tuple[Table, ...]


def report_page(report: Report) -> str:
    """Return the report as an HTML page. Whatever people named their things is text on it, never markup."""
    style = _style()
    courses = [list(cumulative_charts(report, metric)) for metric in report.metrics]
    drawn = _first(courses, at_most=MOST_CHARTS)
    metrics = [
        _metric(report, metric, charts, anchor=f"metric-{number}")
        for number, (metric, charts) in enumerate(zip(report.metrics, drawn, strict=True), start=1)
    ]
    lifts = lifts_chart(report)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            style=Markup(style),  # noqa: S704 - our own file
            policy=page_policy(),
            headline=words.headline(report),
            meaning=words.VERDICT_MEANINGS[report.verdict.kind],
            icon=_ICONS[report.verdict.kind],
            overview=report_tables.facts(report),
            checks=_checks(report),
            lifts=_figure(lifts.title, forest_svg(lifts), _FOREST) if lifts.rows else None,
            metrics=metrics,
            about_courses=_COURSE if any(drawn) else "",
            charts_left=sum(map(len, courses)) - sum(map(len, drawn)),
            variations=report_tables.variations_table(report),
            by_dimension=report_tables.ratio_by_dimension_table(report),
            shares=_shares(report),
            plan=report_tables.plan_facts(report),
            looks=report_tables.looks_table(report),
            computed=report_tables.computed_facts(report),
            definitions=escape(json.dumps(report.reproduction.metrics.value, indent=2)),
            record=_script_json(report_record(report)),
            tones=_TONES,
        )
    )


def page_policy() -> str:
    """Return the Content-Security-Policy to send a page with: it is the page's own, which may load nothing."""
    return f"default-src 'none'; style-src '{_digest(_style())}'; base-uri 'none'; form-action 'none'"


def _metric(report: Report, metric: MetricResult, charts: list[CumulativeChart], *, anchor: str) -> _Metric:
    found = (
        comparison_table(metric, control=report.control),
        guard_table(metric),
        estimators_table(metric),
        belief_table(metric),
    )
    dimensions = tuple(dimension_tables(metric))
    slices = slices_chart(metric)
    return _Metric(
        anchor=anchor,
        name=metric.name,
        about=words.metric_words(metric),
        reason="" if metric.not_estimable is None else WHY[metric.not_estimable],
        tables=tuple(each for each in found if each is not None),
        courses=tuple(map(_course, charts)),
        slices=_figure(slices.title, forest_svg(slices), _FOREST) if dimensions else None,
        dimensions=dimensions,
    )


def _course(chart: CumulativeChart) -> _Figure:
    rows = [
        (
            full_day_words(point.day),
            difference_words(point.value, of=chart.quantity),
            interval_words(point.low, point.high, of=chart.quantity),
        )
        for point in chart.points
    ]
    columns = ("until the end of", "difference", "confidence sequence")
    found = _figure(chart.title, cumulative_svg(chart), f"{chart.title}.")
    return replace(found, table=table(chart.title, columns, rows, numbers=columns[1:]))


def _shares(report: Report) -> _Figure | None:
    chart = shares_chart(report)
    if chart is None:
        return None
    found = _figure(chart.title, shares_svg(chart), f"{chart.title}. {report_tables.ratio_words(report)} {_SHARES}")
    return replace(found, table=report_tables.ratio_by_day_table(report))


def _figure(title: str, drawing: str, caption: str) -> _Figure:
    return _Figure(title=title, drawing=Markup(drawing), caption=caption)  # noqa: S704 - drawn with its text escaped


def _checks(report: Report) -> Iterator[dict[str, str]]:
    for each in report.health.checks:
        yield {
            "name": words.CHECKS[each.kind],
            "tone": each.status.value,
            "icon": _STATUS_ICONS[each.status],
            "status": words.STATUSES[each.status],
            "words": each.words,
        }


def _first(lists: list[list[CumulativeChart]], *, at_most: int) -> list[list[CumulativeChart]]:
    """Return the same lists with no more than so many charts in all."""
    kept = []
    for each in lists:
        kept.append(each[:at_most])
        at_most -= len(kept[-1])
    return kept


def _script_json(record: dict[str, Any]) -> Markup:
    """Return JSON that ends no script element and begins no comment, whatever text is in it."""
    text = json.dumps(record, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - in ASCII, with nothing left that HTML reads


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("variate.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_fit,
    )


def _fit(value: Any) -> Any:
    return fit(value) if type(value) is str else value  # markup is of a type of its own


@cache
def _style() -> str:
    return files("variate.rendering").joinpath("templates", "report.css").read_text("utf-8")


def _digest(style: str) -> str:
    """Return what the page's policy calls its own style by, so that no other applies."""
    return f"sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}"
