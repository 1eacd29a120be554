"""A report in the terminal: the verdict first, 80 columns of plain text, and a reason where there is no number."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.unit.rendering.sample import comparison, effect, metric, missing, report
from variate.analysis.report import Report, VerdictKind
from variate.cli.report_view import print_report
from variate.rendering.charts import ForestRow, Reading
from variate.rendering.charts.axis import Axis
from variate.rendering.charts.line_of_text import interval_text
from variate.rendering.words import REASONS
from variate.stats.not_estimable import NotEstimableReason

AXIS = Axis(low=-1, high=1, start=0, end=20)


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def printed(found: Report, capsys: pytest.CaptureFixture[str]) -> list[str]:
    print_report(found)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def row(value: float | None, low: float, high: float, reading: Reading = Reading.UNCLEAR) -> ForestRow:
    return ForestRow(group="g", name="n", value=value, low=low, high=high, reading=reading)


def test_the_verdict_stands_above_all_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(report(), capsys)
    assert lines[0] == "New checkout"
    assert lines.index("Ship: new-checkout") < lines.index("Checks of the data:") < lines.index("Purchase")


def test_each_metric_has_a_table_that_fits(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(report(), capsys)
    assert "new-checkout  10,000   11.20 %    +1.20 pp  [+0.61, +1.79]  0.0001  better" in lines
    assert "new-checkout  CUPED (judged)    +1.20 pp  [+0.61, +1.79]  6.3e-5  41.00 %" in lines
    tables = lines[: lines.index("Revenue a user")]
    assert max(map(len, tables)) <= 81


def test_it_is_plain_text_where_it_is_not_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "a\x1b[31m[red]\nname :smile: " * 4
    found = replace(report((metric(hostile, (comparison(hostile, effect(0.1, error=0.01, base=1)),)),)), name=hostile)
    lines = printed(found, capsys)
    assert not any("\x1b" in line for line in lines)
    assert any("[red]" in line and ":smile:" in line for line in lines)


@pytest.mark.parametrize("reason", NotEstimableReason)
def test_a_reason_stands_where_a_number_would(reason: NotEstimableReason, capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(printed(report((metric("m", (missing("b", reason),)),)), capsys))
    assert REASONS[reason] in text
    assert "None" not in text


def test_a_withheld_report_says_what_its_numbers_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(report(verdict=VerdictKind.INVALID), capsys)
    assert "Invalid" in lines
    assert "not to be acted on" in " ".join(lines)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (row(0.5, 0.2, 0.8, Reading.BETTER), "          ┊ ├──▲──┤  "),
        (row(-0.5, -0.8, -0.2, Reading.WORSE), "  ├──▼──┤ ┊          "),
        (row(0.0, -0.2, 0.2), "        ├─○─┤        "),
        (row(0.5, -math.inf, 0.8), "◄──────────────○──┤  "),
        (row(5.0, 0.8, 9.0), "          ┊       ├─►"),
        (row(None, -1, 1), "          ┊          "),
    ],
)
def test_an_interval_is_drawn_in_characters(shown: ForestRow, text: str) -> None:
    assert interval_text(shown, axis=AXIS) == text
