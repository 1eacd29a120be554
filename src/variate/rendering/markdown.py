"""A report as GitHub Markdown, for a pull request, a wiki or a mail: the same words and tables as the page's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from variate.analysis.comparison import MetricResult
from variate.analysis.report import Report
from variate.analysis.wording import WHY
from variate.rendering import report_tables, words
from variate.rendering.metric_tables import (
    belief_table,
    comparison_table,
    dimension_tables,
    estimators_table,
    guard_table,
)
from variate.rendering.tables import Table
from variate.rendering.text import fit

# By backslash: emphasis, code, strikes, mathematics, headings, cells, the bracket that ends a link's text. A snake's
# underscores mean nothing.
_MARKS = re.compile(r"[\\`*~$#|]|(?<!\w)_|_(?!\w)|\](?=[(\[:])|\[(?=[ xX]\])|(?<=[a-z]):(?=//)|(?<=www)\.|(?<=mailto):")
# By name: what HTML reads.
_HTML = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
# GitHub looks for mentions, issues and names of emoji in what is shown, so escapes do not help: a mark that is not seen
# keeps them apart.
_NOTICED = re.compile(r"@(?=\w)|#(?=\d)|:(?=[\w+-]+:)")
_UNSEEN = "&#8203;"
_ANY = re.compile(f"{_MARKS.pattern}|{_NOTICED.pattern}|[<>&]")
_BEGINS = re.compile(r"^(?:[-+=](?=[-+=\s]|$)|\d+(?=[.)](?:\s|$)))")


def report_markdown(report: Report) -> str:
    """Return the report as Markdown. Whatever people named their things is text in it, never markup."""
    return "\n".join(_lines(report)) + "\n"


def text(given: str) -> str:
    """Return text that Markdown shows as it is, on one line, also at the beginning of one."""
    shown = inline(given)
    begins = _BEGINS.match(shown)
    if begins is None:
        return shown
    return f"{begins[0]}\\{shown[begins.end() :]}" if begins[0].isdecimal() else f"\\{shown}"


def inline(given: str) -> str:
    """Return text that Markdown shows as it is, after something else on its line."""
    parts: list[str] = []
    end = 0
    line = fit(given)
    for found in _ANY.finditer(line):
        parts += [line[end : found.start()], _shown(found)]
        end = found.end()
    return "".join([*parts, line[end:]])


def _shown(found: re.Match[str]) -> str:
    character = found[0]
    shown = _HTML.get(character) or (f"\\{character}" if _MARKS.match(found.string, found.start()) else character)
    return f"{shown}{_UNSEEN}" if _NOTICED.match(found.string, found.start()) else shown


def _lines(report: Report) -> Iterator[str]:
    yield f"# {inline(report.name)}"
    yield ""
    yield from _facts(report_tables.facts(report))
    yield f"## {inline(words.headline(report))}"
    yield ""
    yield words.VERDICT_MEANINGS[report.verdict.kind]
    yield ""
    yield from _list(report.verdict.reasons)
    if report.verdict.missing:
        yield "What a decision waits for:"
        yield ""
        yield from _list(report.verdict.missing)
    yield from _heading("Can it be trusted?")
    yield from _table(report_tables.checks_table(report))
    yield from _heading("Metrics")
    if report.is_withheld:
        yield "The results below are withheld from judgement: see which check failed first."
        yield ""
    for metric in report.metrics:
        yield from _metric(metric, control=report.control)
    yield from _heading("Units")
    yield from _table(report_tables.variations_table(report))
    for each in (report_tables.ratio_by_dimension_table(report), report_tables.ratio_by_day_table(report)):
        if each is not None:
            yield from _table(each)
    yield from _heading("Plan and looks")
    yield from _facts(report_tables.plan_facts(report))
    looks = report_tables.looks_table(report)
    if looks is not None:
        yield from _table(looks)
    yield from _heading("How it was computed")
    yield from _list(report.reproduction.methods)
    yield from _facts(report_tables.computed_facts(report))
    yield "Definitions of the metrics:"
    yield ""
    # Indented code ends at no fence; JSON in ASCII has no line breaks but its own.
    yield from (f"    {line}" for line in json.dumps(report.reproduction.metrics.value, indent=2).splitlines())


def _metric(metric: MetricResult, *, control: str) -> Iterator[str]:
    yield f"### {inline(metric.name)}"
    yield ""
    yield text(words.metric_words(metric))
    yield ""
    if metric.not_estimable is not None:
        yield f"Nothing is estimated: {WHY[metric.not_estimable]}."
        yield ""
    found = (
        comparison_table(metric, control=control),
        guard_table(metric),
        estimators_table(metric),
        belief_table(metric),
        *dimension_tables(metric),
    )
    for each in found:
        if each is not None:
            yield from _table(each)


def _table(each: Table) -> Iterator[str]:
    yield f"**{inline(each.caption)}**"
    yield ""
    yield _row(each.columns)
    yield _row_of(["---:" if column in each.numbers else "---" for column in each.columns])
    yield from map(_row, each.rows)
    yield ""
    yield from _list(each.notes)


def _row(cells: tuple[str, ...]) -> str:
    return _row_of([inline(cell) for cell in cells])


def _row_of(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _facts(pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    yield from _list([f"{name}: {value}" for name, value in pairs])


def _list(sentences: tuple[str, ...] | list[str]) -> Iterator[str]:
    if sentences:
        yield from (f"- {text(each)}" for each in sentences)
        yield ""


def _heading(words_of_it: str) -> Iterator[str]:
    yield f"## {words_of_it}"
    yield ""
