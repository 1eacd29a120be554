"""The parts of a report as HTML: one way for the page that stands alone and for pages that have them among others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from variate.analysis.comparison import Finding, Safety
from variate.rendering import report_tables, words
from variate.rendering.environment import environment
from variate.rendering.report_parts import MetricPart, ReportParts

_TONES = {
    words.FINDINGS[Finding.BETTER]: ("better", "▲"),
    words.FINDINGS[Finding.WORSE]: ("worse", "▼"),
    words.SAFETIES[Safety.SAFE]: ("better", "✓"),
    words.SAFETIES[Safety.HARMED]: ("worse", "✕"),
    report_tables.MISMATCH: ("worse", "✕"),
}
_COURSE = (
    "In charts over time, the line is the difference over all units first exposed until the end of each day, the band "
    "its confidence sequence, which holds on all days at once. Short lines at the foot are looks, dotted ones those "
    "that the plan still has, about when they come."
)


def facts_markup(parts: ReportParts) -> Markup:
    """Return what the report is of."""
    return _render("overview.html.j2", parts=parts)


def verdict_markup(parts: ReportParts) -> Markup:
    """Return the verdict in words, which stands before all else."""
    return _render("verdict.html.j2", parts=parts)


def body_markup(parts: ReportParts, *, metric_paths: Mapping[int, str] | None = None) -> Markup:
    """Return all that stands below the verdict.

    ``metric_paths`` leads to a metric, by its number, of which there is more; without it the record of the report,
    which has all, is at the end of the page.
    """
    about = _COURSE if any(each.courses for each in parts.metrics) else ""
    return _render(
        "body.html.j2",
        parts=parts,
        about_courses=about,
        metric_paths=metric_paths or {},
        has_record=metric_paths is None,
    )


def metric_markup(part: MetricPart) -> Markup:
    """Return all of one metric."""
    return _render("metric.html.j2", each=part, about_courses=_COURSE if part.courses else "")


def _render(template: str, **context: Any) -> Markup:
    text = environment().get_template(template).render(tones=_TONES, **context)
    return Markup(text)  # noqa: S704 - written by a template that escapes all text
