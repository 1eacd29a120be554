"""``variate analyze``: the report of a file of data that never touched the platform."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.progress import Progress

from variate.analysis.report_record import report_record
from variate.cli.file_report import report_of_file, weights_of
from variate.cli.metric_spec import HELP, Specified, metric_spec, with_covariates
from variate.cli.output import advance_on, print_json, progress
from variate.cli.report_output import Output, report_options
from variate.cli.row_tests import (
    RowTest,
    bootstraps,
    print_bootstraps,
    print_rank_tests,
    rank_tests,
    row_tests_record,
)
from variate.cli.text import shown
from variate.errors import InvalidInputError
from variate.stores.duckdb.file_question import FileQuestion

if TYPE_CHECKING:
    from variate.analysis.report import Report
    from variate.stores.duckdb.unit_file import UnitFile


@click.command("analyze", epilog=HELP)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--unit", required=True, metavar="COL", help="The column of the unit's id; 'row' where each row is one.")
@click.option("--variation", required=True, metavar="COL", help="The column of the variation the unit had.")
@click.option(
    "--metric",
    "metrics",
    type=metric_spec,
    multiple=True,
    required=True,
    metavar="SPEC",
    help="A metric, as below. Repeat.",
)
@click.option(
    "--covariate",
    "covariates",
    multiple=True,
    metavar="METRIC=COL",
    help="What is known of the unit from before, for CUPED. Repeat.",
)
@click.option("--dimension", "dimensions", multiple=True, metavar="COL", help="A column to break down by. Repeat.")
@click.option("--day", metavar="COL", help="The day or the moment of the unit's exposure.")
@click.option("--control", metavar="NAME", help="The variation that the others are compared to.")
@click.option(
    "--weights",
    metavar="a=1,b=1",
    help="How units were meant to be split, by variation; other variations do not count.",
)
@click.option("--alpha", type=float, default=0.05, show_default=True, help="The error of all goals together.")
@click.option("--rank-test", is_flag=True, help="Add the test of Mann and Whitney, which reads every unit's value.")
@click.option(
    "--bootstrap",
    "draws",
    type=click.IntRange(100, 100_000),
    metavar="N",
    help="Add intervals of so many draws of all units; takes a while on a large file.",
)
@report_options
def command(
    file: Path,
    unit: str,
    variation: str,
    metrics: tuple[Specified, ...],
    covariates: tuple[str, ...],
    dimensions: tuple[str, ...],
    day: str | None,
    control: str | None,
    weights: str | None,
    alpha: float,
    draws: int | None,
    *,
    rank_test: bool,
    **output: Any,
) -> None:
    """Report what FILE says of an experiment: a CSV file with a header, or a Parquet file.

    A row is a unit, or one of a unit's: then its rows are added up, and a unit in two variations is left out and
    counted. Cells are numbers, TRUE, FALSE, yes and no; an empty one is missing: such a unit is not in that metric, or
    has no covariate.

    The control is --control; if not given, the first of --weights, else the first variation, by the alphabet, whose
    name has the word control, baseline, original, default or placebo in it or begins with no, none or off; else the
    first by the alphabet. The file is taken to be looked at once, at the end.

    \b
    For example:
      variate analyze orders.parquet --unit user_id --variation group \\
        --metric revenue,cap=0.999 --covariate revenue=revenue_before \\
        --metric proportion:bought --dimension country
    """
    shows = Output(**output)
    if (rank_test or draws) and (shows.as_markdown or shows.html or shows.output):
        raise InvalidInputError("--rank-test, --bootstrap", "are shown in the terminal and by --json")
    planned = weights_of(weights)
    specified = with_covariates(metrics, covariates)
    question = FileQuestion(
        source=file,
        unit=unit,
        variation=variation,
        metrics=tuple(each.metric for each in specified),
        control=control,
        variations=tuple(planned),
        dimensions=dimensions,
        day=day,
    )
    roles = [each.role for each in specified]
    at = datetime.now(UTC)
    with progress() as bars, _opened(question, bars) as data:
        answer = data.answer()
        asked = data.question
        report = report_of_file(asked, answer, name=shown(file.name), roles=roles, weights=planned, alpha=alpha, at=at)
        ranks = (
            _told(bars, "rank test", rank_tests(data.unit_values(), variations=asked.variations)) if rank_test else []
        )
        drawn = (
            _told(
                bars, "bootstrap", bootstraps(data.unit_values(), variations=asked.variations, draws=draws, alpha=alpha)
            )
            if draws
            else []
        )
    if shows.as_json and (rank_test or draws):
        _print_json(report, {"rank_tests": ranks} if rank_test else {}, {"bootstrap": drawn} if draws else {})
        return
    shows.show(report)
    if rank_test and not shows.as_json:
        print_rank_tests(ranks)
    if draws and not shows.as_json:
        print_bootstraps(drawn, draws=draws, alpha=alpha)


def _opened(question: FileQuestion, bars: Progress) -> UnitFile:
    from variate.stores.duckdb.unit_file import UnitFile  # noqa: PLC0415 - DuckDB is an extra; the help does without

    return UnitFile(question, advance=advance_on(bars))


def _told(bars: Progress, what: str, tests: Iterable[RowTest]) -> list[RowTest]:
    """Return the tests, advancing a bar of unknown length with each."""
    task = bars.add_task(what, total=None)
    found = []
    for test in tests:
        found.append(test)
        bars.advance(task)
    bars.update(task, total=len(found))
    return found


def _print_json(report: Report, *added: dict[str, list[RowTest]]) -> None:
    tests = {name: row_tests_record(each) for part in added for name, each in part.items()}
    print_json({**report_record(report), **tests})
