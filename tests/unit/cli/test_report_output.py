"""A report goes where it is sent: the terminal, JSON, Markdown, or files, and mistakes are told before the work."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from tests.unit.rendering.sample import report
from variate.analysis.report_record import report_from_record
from variate.cli.output import advance_on, progress
from variate.cli.report_output import Output, report_options
from variate.errors import InvalidInputError

HOSTILE = replace(report(), name="a\x1b[31m 名前 \ud800")


def run(*arguments: str | Path) -> Result:
    @click.command()
    @report_options
    def command(**output: Any) -> None:
        Output(**output).show(HOSTILE)

    return CliRunner().invoke(command, [*map(str, arguments)], env={"COLUMNS": "80"})


def test_it_is_a_view_of_the_terminal_unless_told_otherwise() -> None:
    done = run()
    assert done.exit_code == 0
    assert done.stdout.startswith("a\\x1b[31m")


def test_json_is_the_whole_report() -> None:
    assert report_from_record(json.loads(run("--json").stdout)) == HOSTILE


def test_markdown_is_printed() -> None:
    assert "## Ship: new-checkout" in run("--markdown").stdout


def test_files_are_written_and_the_verdict_is_told(tmp_path: Path) -> None:
    page, text, record = tmp_path / "r.html", tmp_path / "r.md", tmp_path / "r.json"
    done = run("--html", page, "--markdown", "--output", text)
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"Ship: new-checkout (written to {page})" in done.stderr
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert text.read_text().startswith("# a")
    table = tmp_path / "r.csv"
    done = run("--csv", table)
    assert (done.exit_code, done.stdout) == (0, "")
    assert table.read_bytes().startswith(b"report_id,experiment_id,")
    assert b"\r\r\n" not in table.read_bytes()
    assert run("--html", page, "--json", "--output", record).exit_code == 0
    assert report_from_record(json.loads(record.read_text())) == HOSTILE


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"as_json": True, "as_markdown": True}, "--markdown"),
        ({"output": "x"}, "--output"),
        ({"html": "/no/such/folder/x"}, "--html"),
        ({"csv": "/no/such/folder/x"}, "--csv"),
        ({"as_json": True, "output": "/no/such/folder/x"}, "--output"),
    ],
)
def test_options_that_cannot_be_are_told_before_any_work(options: dict[str, Any], field: str) -> None:
    usual: dict[str, Any] = {"as_json": False, "as_markdown": False, "html": None, "csv": None, "output": None}
    with pytest.raises(InvalidInputError) as error:
        Output(**{**usual, **options})
    assert error.value.field == field


def test_a_file_that_cannot_be_written_names_its_option(tmp_path: Path) -> None:
    done = run("--html", tmp_path)
    assert isinstance(done.exception, InvalidInputError)
    assert done.exception.field == "--html"


def test_each_work_has_a_bar_of_its_own() -> None:
    with progress() as bars:
        advance = advance_on(bars)
        for work, done in (("reading", 1), ("reading", 3), ("summing", 2)):
            advance(work, done, 4)
    assert [(task.description, task.completed, task.total) for task in bars.tasks] == [
        ("reading", 3, 4),
        ("summing", 2, 4),
    ]
