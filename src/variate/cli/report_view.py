"""A report in the terminal: the verdict, what of the data can be trusted, and a table a metric, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterable

import click
from rich.text import Text

from variate.analysis.comparison import Finding, MetricResult, Safety
from variate.analysis.report import CheckStatus, Report, VerdictKind
from variate.analysis.wording import WHY
from variate.cli.output import new_table, print_rich, say
from variate.cli.text import shown
from variate.rendering import report_tables, words
from variate.rendering.charts import ForestRow, Reading
from variate.rendering.charts.forest import forest_axis
from variate.rendering.charts.line_of_text import interval_text
from variate.rendering.metric_tables import comparison_table, dimension_tables, estimators_table, guard_table
from variate.rendering.numbers import Quantity, difference_words, interval_words
from variate.rendering.report_charts import lifts_chart
from variate.rendering.tables import Table

_PLOT = 25
"""How many columns an interval is drawn in."""
_NARROW = ("lift", "lift interval")
"""Columns that a terminal has no room for; the lifts have a table of their own."""

_VERDICTS = {
    VerdictKind.SHIP: "green",
    VerdictKind.HOLD: "blue",
    VerdictKind.STOP: "red",
    VerdictKind.INVALID: "yellow",
}
_CELLS = {
    words.FINDINGS[Finding.BETTER]: "green",
    words.FINDINGS[Finding.WORSE]: "red",
    words.SAFETIES[Safety.SAFE]: "green",
    words.SAFETIES[Safety.HARMED]: "red",
    words.STATUSES[CheckStatus.WARNING]: "yellow",
    words.STATUSES[CheckStatus.FAILED]: "red",
    report_tables.MISMATCH: "red",
}
_READINGS = {Reading.BETTER: "green", Reading.WORSE: "red", Reading.UNCLEAR: ""}


def print_report(report: Report) -> None:
    """Print the report. What needs more room, such as charts over time, is left to the page."""
    say(report.name, bold=True)
    for name, value in report_tables.facts(report):
        say(f"{name:<11} {value}")
    click.echo()
    say(words.headline(report), bold=True, fg=_VERDICTS[report.verdict.kind])
    say(words.VERDICT_MEANINGS[report.verdict.kind])
    _list(report.verdict.reasons)
    if report.verdict.missing:
        say("What a decision waits for:")
        _list(report.verdict.missing)
    click.echo()
    _print(report_tables.checks_table(report))
    _print_lifts(report)
    for metric in report.metrics:
        _print_metric(metric, control=report.control)
    for each in (report_tables.variations_table(report), report_tables.ratio_by_dimension_table(report)):
        _print(each)
    for name, value in report_tables.plan_facts(report):
        say(f"{name:<15} {value}")


def _print_metric(metric: MetricResult, *, control: str) -> None:
    say(metric.name, bold=True)
    say(words.metric_words(metric))
    if metric.not_estimable is not None:
        say(f"Nothing is estimated: {WHY[metric.not_estimable]}.")
    click.echo()
    found = (comparison_table(metric, control=control), guard_table(metric), estimators_table(metric))
    for each in (*found, *dimension_tables(metric)):
        _print(each)


def _print_lifts(report: Report) -> None:
    rows = lifts_chart(report).rows
    if not rows:
        return
    axis = forest_axis(rows, start=0, end=_PLOT - 1)
    table = new_table()
    table.add_column("lift of", overflow="fold")
    table.add_column("lift", justify="right", no_wrap=True)
    table.add_column("interval", justify="right", no_wrap=True)
    table.add_column(" " * round(axis.place(0)) + "0", no_wrap=True)
    for row in rows:
        plot = Text(interval_text(row, axis=axis), style=_READINGS[row.reading] if row.value is not None else "")
        table.add_row(Text(shown(f"{row.group}, {row.name}")), *map(Text, _lift_cells(row)), plot)
    print_rich(table)
    click.echo()


def _lift_cells(row: ForestRow) -> tuple[str, str]:
    if row.value is None:
        return words.NOTHING, row.note.removeprefix("no lift: ")
    lift = Quantity.LIFT
    return difference_words(row.value, of=lift), interval_words(row.low, row.high, of=lift)


def _print(found: Table | None) -> None:
    if found is None:
        return
    narrow = found.without(*_NARROW)
    table = new_table()
    folded = {narrow.columns[0], "variation", "what was found"}
    for column in narrow.columns:
        is_number = column in narrow.numbers
        table.add_column(
            column, justify="right" if is_number else "left", no_wrap=column not in folded or is_number, overflow="fold"
        )
    for row in narrow.rows:
        table.add_row(*(Text(shown(cell), style=_CELLS.get(cell, "")) for cell in row))
    say(narrow.caption if narrow.caption.endswith("?") else f"{narrow.caption}:")
    print_rich(table)
    _list(narrow.notes)
    click.echo()


def _list(sentences: Iterable[str]) -> None:
    for each in sentences:
        say(each, first="- ", others="  ")
