"""Markdown says what the page says, and takes no name for markup."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.unit.rendering.sample import comparison, effect, metric, missing, report
from variate.analysis.report import VerdictKind
from variate.rendering.markdown import inline, report_markdown, text
from variate.rendering.words import REASONS
from variate.stats.not_estimable import NotEstimableReason


def test_the_verdict_comes_first_then_health_and_tables() -> None:
    lines = report_markdown(report()).splitlines()
    headings = [line for line in lines if line.startswith("## ")]
    assert headings == [
        "## Ship: new-checkout",
        "## Can it be trusted?",
        "## Metrics",
        "## Units",
        "## Plan and looks",
        "## How it was computed",
    ]
    row = (
        "| new-checkout | 10,000 | 11.20 % | +1.20 pp | [+0.61, +1.79] | +12.00 % | [+6.12, +17.88] | 0.0001 | better |"
    )
    assert row in lines


def test_a_withheld_report_says_so_above_its_numbers() -> None:
    found = report_markdown(report(verdict=VerdictKind.INVALID))
    assert found.index("withheld from judgement") < found.index("| variation |")


@pytest.mark.parametrize("reason", NotEstimableReason)
def test_every_reason_for_no_number_is_said_in_words(reason: NotEstimableReason) -> None:
    found = report_markdown(report((metric("m", (missing("new-checkout", reason),)),)))
    assert f"| new-checkout | 12 | {REASONS[reason]} | - | - | - | - | - | - |" in found


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            "plain add_to_cart, 4.2 % (ok) [+0.1, +0.2], fine: yes!",
            "plain add_to_cart, 4.2 % (ok) [+0.1, +0.2], fine: yes!",
        ),
        ("a|b", "a\\|b"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("*a* _b_ `c` ~d~ $e$", "\\*a\\* \\_b\\_ \\`c\\` \\~d\\~ \\$e\\$"),
        ("[x](https://evil)", "\\[x\\](https\\://evil)"),
        ("[x]: http://evil", "\\[x\\]: http\\://evil"),
        ("www.evil.com", "www\\.evil.com"),
        ("@me #12 :smile: a@b.c", "@&#8203;me \\#&#8203;12 :&#8203;smile: a@&#8203;b.c"),
        ("back\\slash", "back\\\\slash"),
        ("two\n\nlines\x1b", "two lines\\\\x1b"),
    ],
)
def test_what_means_something_to_markdown_is_escaped_and_the_rest_stays_readable(given: str, shown: str) -> None:
    assert inline(given) == shown


@pytest.mark.parametrize(
    ("given", "shown"), [("- x", "\\- x"), ("1. x", "1\\. x"), ("---", "\\---"), ("# x", "\\# x"), ("-0.5 %", "-0.5 %")]
)
def test_text_at_the_beginning_of_a_line_begins_no_list_and_no_heading(given: str, shown: str) -> None:
    assert text(given) == shown


def test_a_table_keeps_its_cells_whatever_the_names() -> None:
    name = "a | b\n| c ``` <script> \\| d"
    found = report((metric(name, (comparison(name, effect(0.01, error=0.004, base=0.1)),)),))
    lines = report_markdown(replace(found, name=name)).splitlines()
    row = next(line for line in lines if line.startswith("| a \\| b"))
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", row)) == 10
    assert "<script>" not in "\n".join(lines)
    assert not any(line.startswith("```") for line in lines)
