"""Charts with what goes with them on a page: a caption in words, and their numbers as a table."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from variate.analysis.comparison import MetricResult
from variate.analysis.report import Report
from variate.rendering import report_tables
from variate.rendering.charts import (
    CumulativeChart,
    ForestChart,
    ForestRow,
    Reading,
    cumulative_svg,
    forest_svg,
    shares_svg,
)
from variate.rendering.charts.axis import full_day_words
from variate.rendering.numbers import difference_words, interval_words
from variate.rendering.report_charts import lifts_chart, shares_chart, slices_chart
from variate.rendering.tables import Table, table

_FOREST = (
    "▲ better, ▼ worse, ○ not told from no effect. The line is the interval; an arrowhead says that it goes on beyond "
    "the drawing."
)
_SHARES = (
    "A bar is where a day's share lies 999 times in 1,000 while units are shared out as configured; a diamond is a "
    "share outside it."
)
_READINGS = {Reading.BETTER: "better", Reading.WORSE: "worse", Reading.UNCLEAR: "not shown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A chart. ``table`` has its numbers, None where a table beside it has them."""

    title: str
    drawing: Markup
    caption: str
    table: Table | None = None


def lifts_figure(report: Report) -> Figure | None:
    """Return the lifts of all metrics; None without any."""
    chart = lifts_chart(report)
    return _figure(chart.title, forest_svg(chart), _FOREST, _lifts_table(chart)) if chart.rows else None


def slices_figure(metric: MetricResult) -> Figure:
    """Return the lifts of a metric by dimension; their numbers are in the metric's tables."""
    chart = slices_chart(metric)
    return _figure(chart.title, forest_svg(chart), _FOREST)


def course_figure(chart: CumulativeChart) -> Figure:
    """Return an effect over time."""
    rows = [
        (
            full_day_words(point.day),
            difference_words(point.value, of=chart.quantity),
            interval_words(point.low, point.high, of=chart.quantity),
        )
        for point in chart.points
    ]
    columns = ("until the end of", "difference", "confidence sequence")
    found = table(chart.title, columns, rows, numbers=columns[1:])
    return _figure(chart.title, cumulative_svg(chart), f"{chart.title}.", found)


def shares_figure(report: Report) -> Figure | None:
    """Return the sample ratio over time; None where the days are not known."""
    chart = shares_chart(report)
    if chart is None:
        return None
    caption = f"{chart.title}. {report_tables.ratio_words(report)} {_SHARES}"
    return _figure(chart.title, shares_svg(chart), caption, report_tables.ratio_by_day_table(report))


def _figure(title: str, drawing: str, caption: str, numbers: Table | None = None) -> Figure:
    markup = Markup(drawing)  # noqa: S704 - drawn with its text escaped
    return Figure(title=title, drawing=markup, caption=caption, table=numbers)


def _lifts_table(chart: ForestChart) -> Table:
    columns = ("metric", "variation", "lift", "interval", "finding")
    rows = [(each.group, each.name, *_lift_cells(each, chart)) for each in chart.rows]
    return table(chart.title, columns, rows, numbers=columns[2:4])


def _lift_cells(row: ForestRow, chart: ForestChart) -> tuple[str, str, str]:
    if row.value is None:
        return row.note, "", ""
    interval = interval_words(row.low, row.high, of=chart.quantity)
    return difference_words(row.value, of=chart.quantity), interval, _READINGS[row.reading]
