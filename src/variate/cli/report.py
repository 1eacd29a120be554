"""``variate report``: what an experiment's data say, and whether they can be trusted."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import click

from variate.analysis.report import Report
from variate.analysis.report_record import head_record
from variate.cli.moment import moment
from variate.cli.output import advance_on, limit_option, print_json, print_table, progress, taken
from variate.cli.report_output import Output, report_options
from variate.cli.words import moment_words
from variate.errors import InvalidInputError, NotFoundError
from variate.platform import Platform


@click.command("report")
@click.argument("experiment_id")
@click.option(
    "--dimension", "dimensions", metavar="NAME", multiple=True, help="Also by this dimension of the exposures. Repeat."
)
@click.option("--at", type=moment, metavar="TIME", help="As of then: 10m, 2h or 7d ago, or an ISO 8601 time.")
@click.option("--list", "lists", is_flag=True, help="List the reports made before, most recent first.")
@click.option("--stored", metavar="ID", help="Show one made before, as it was made.")
@limit_option
@report_options
def command(
    experiment_id: str,
    dimensions: tuple[str, ...],
    at: datetime | None,
    stored: str | None,
    limit: int,
    *,
    lists: bool,
    **output: Any,
) -> None:
    """Report on an experiment: what to do, whether the data can be trusted, and every metric.

    For example: variate report green-button --dimension country --html report.html

    A look at an experiment with a plan is written down, since it takes of the plan's error.
    """
    if sum((lists, stored is not None, at is not None or bool(dimensions))) > 1:
        raise InvalidInputError("--list, --stored", "cannot go with each other, nor with --at or --dimension")
    where = Output(**output)
    if lists:
        _print_list(experiment_id, limit=limit, as_json=where.as_json)
        return
    where.show(_made(experiment_id, dimensions, at) if stored is None else _stored(experiment_id, stored))


def _made(experiment_id: str, dimensions: tuple[str, ...], at: datetime | None) -> Report:
    with Platform.open() as platform, progress() as bars:
        return platform.report_experiment(experiment_id, dimensions=dimensions, at=at, advance=advance_on(bars))


def _stored(experiment_id: str, report_id: str) -> Report:
    with Platform.open() as platform:
        found = platform.get_report(report_id)
    if found.experiment_id != experiment_id:
        raise NotFoundError("report", report_id)
    return found


def _print_list(experiment_id: str, *, limit: int, as_json: bool) -> None:
    with Platform.open() as platform:
        heads = taken(partial(platform.list_reports, experiment_id), limit=limit)
    if as_json:
        print_json([head_record(head) for head in heads])
        return
    rows = [(head.id, moment_words(head.at), str(head.version), head.verdict, head.variation or "") for head in heads]
    print_table(("id", "at", "version", "verdict", "variation"), rows, folded=("variation",))
