"""Where a report goes, and as what: the terminal, JSON or Markdown, and a page or a table beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from variate.analysis.report import Report
from variate.analysis.report_record import report_record
from variate.cli.given import with_options
from variate.cli.output import json_option, print_json
from variate.cli.report_view import print_report
from variate.cli.text import shown
from variate.errors import InvalidInputError
from variate.rendering.markdown import report_markdown
from variate.rendering.report_csv import report_csv
from variate.rendering.words import headline

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    json_option,
    click.option("--markdown", "as_markdown", is_flag=True, help="Print Markdown, for a pull request or a wiki."),
    click.option("--html", metavar="FILE", help="Write it as a page that needs nothing else."),
    click.option("--csv", metavar="FILE", help="Write its numbers as CSV, for a spreadsheet."),
    click.option("--output", metavar="FILE", help="Write the JSON or the Markdown to a file."),
)


def report_options(command: F) -> F:
    """Add the options that say where a report goes: to be taken together, as ``**output`` of ``Output``."""
    return with_options(_OPTIONS, command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """The options as they were given; raises ``InvalidInputError`` for those that do not go together.

    Make one before a long work begins, so that a mistake is told at once.
    """

    as_json: bool
    as_markdown: bool
    html: str | None
    csv: str | None
    output: str | None

    def __post_init__(self) -> None:
        if self.as_json and self.as_markdown:
            raise InvalidInputError("--markdown", "cannot go with --json")
        if self.output is not None and not (self.as_json or self.as_markdown):
            raise InvalidInputError(
                "--output",
                "goes with --json or --markdown; a page is written by --html FILE, and a table by --csv FILE",
            )
        for option, name in (("--html", self.html), ("--csv", self.csv), ("--output", self.output)):
            if name is not None and not Path(name).absolute().parent.is_dir():
                raise InvalidInputError(option, f"{name!r} is in a folder that is not there")

    def show(self, report: Report) -> None:
        """Print and write the report as the options say."""
        if self.html is not None:
            from variate.rendering.page import report_page  # noqa: PLC0415 - templates take a while, and few reports are pages

            _write(self.html, report_page(report), option="--html")
        if self.csv is not None:
            _write(self.csv, report_csv(report), option="--csv")
        if self.as_json and self.output is None:
            print_json(report_record(report))
        elif self.as_json and self.output is not None:
            _write(self.output, json.dumps(report_record(report), indent=2) + "\n", option="--output")
        elif self.as_markdown:
            self._show_markdown(report)
        elif self.html is None and self.csv is None:
            print_report(report)
        for name in (self.html, self.csv, self.output):
            if name is not None:
                click.echo(shown(f"{headline(report)} (written to {name})"), err=True)

    def _show_markdown(self, report: Report) -> None:
        text = report_markdown(report)
        if self.output is None:
            click.echo(text, nl=False)
        else:
            _write(self.output, text, option="--output")


def _write(name: str, text: str, *, option: str) -> None:
    try:
        Path(name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise InvalidInputError(option, f"{name!r} cannot be written: {error.strerror}") from error
