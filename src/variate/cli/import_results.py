"""``variate import-results``: load a finished experiment through the same operations that a running one uses."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from variate.cli.loading import load_results, own_experiment
from variate.cli.output import advance_on, progress
from variate.cli.own_metrics import Wanted, define
from variate.cli.report_output import Output, report_options
from variate.cli.results_file import Columns, ResultsFile, Survey
from variate.cli.text import shown
from variate.errors import InvalidInputError
from variate.model.control import sounds_like_control
from variate.model.metric import MetricKind
from variate.platform import Platform


def event_column(text: str) -> tuple[str, str]:
    """Return the event's name and its column, of ``NAME=COLUMN``."""
    name, _, column = text.partition("=")
    if not name or not column:
        raise click.BadParameter(f"{text!r} must be NAME=COLUMN, for example purchase=purchased")
    return name, column


@click.command("import-results")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--unit", required=True, metavar="COL", help="The column of the user's id; 'row' for the row's number.")
@click.option("--variation", required=True, metavar="COL", help="The column of the variation the user had.")
@click.option(
    "--event", "events", type=event_column, multiple=True, metavar="NAME=COL", help="An event and its column. Repeat."
)
@click.option("--name", help="The experiment's name; the file's, if not given.")
@click.option("--control", metavar="NAME", help="The variation that the others are compared to.")
@click.option("--batch", type=click.IntRange(1, 10_000), default=1_000, show_default=True, help="Rows at a time.")
@report_options
def command(
    file: Path,
    unit: str,
    variation: str,
    events: tuple[tuple[str, str], ...],
    name: str | None,
    control: str | None,
    batch: int,
    **output: Any,
) -> None:
    """Load a finished experiment from FILE, a CSV file with a header, and report on it.

    Each row gives its user an assignment, an exposure and one event for each --event whose cell is a number other than
    0, or TRUE or yes. 0, FALSE, no and an empty cell mean that it did not happen. Values of a user with several rows
    are added up. Every cell is checked before anything is written.

    Each --event is a goal of the experiment, by the metric of its name: a proportion where the column has only 0 and 1
    (TRUE, yes ...), else the mean of the sums a user. It is defined if there is none of that name. One that measures
    the same is taken; where it measures something else, nothing is loaded: give the event another name.

    The control is --control; if not given, the first variation, by the alphabet, whose name has the word control,
    baseline, original, default or placebo in it or begins with no, none or off; else the first by the alphabet. The
    others follow by the alphabet. The file does not say how users were meant to be split, so all weights are equal.
    It is taken to be looked at once, at the end.

    The same command on the same file is the same experiment: run again after a crash it goes on where it stopped, and
    run again after the end it loads nothing.
    """
    where = Output(**output)
    columns = Columns(unit=unit, variation=variation, events=events)
    with file.open("rb") as raw:
        if not raw.seekable():
            raise InvalidInputError(shown(file.name), "must be a file on disk, because it is read twice")
        results = ResultsFile(raw, name=shown(file.name), columns=columns)
        with progress() as bars:
            task = bars.add_task("checking", total=os.fstat(raw.fileno()).st_size)
            survey = results.survey(at_byte=lambda byte: bars.update(task, completed=byte))
        names = in_order(survey.variations, control=control)
        with Platform.open() as platform:
            define(platform, list(_metrics(survey, columns)), option="--event")
            experiment = own_experiment(
                platform,
                name=shown(file.stem) if name is None else name,
                description=f"imported from {shown(file.name)}, sha256 {survey.digest}",
                variations=names,
                metrics=[event for event, _ in events],
                units=survey.units,
                identity=[survey.digest, unit, variation, *(f"{event}={column}" for event, column in events)],
            )
            load_results(platform, experiment, results, survey, columns=columns, batch=batch)
            with progress() as bars:
                report = platform.report_experiment(experiment.id, advance=advance_on(bars))
    where.show(report)


def _metrics(survey: Survey, columns: Columns) -> Iterator[Wanted]:
    """Yield the metric of each event; its id is the event's name."""
    for event, column in columns.events:
        is_amount = column in survey.amounts
        yield Wanted(
            id=event,
            kind=MetricKind.MEAN if is_amount else MetricKind.PROPORTION,
            name=event,
            description="defined by variate import-results",
            fields={"measure": {"event_type": event, "aggregation": "sum" if is_amount else "count"}},
        )


def in_order(names: Iterable[str], *, control: str | None) -> list[str]:
    """Return the variations, control first, the others by the alphabet; see the command's help for the rule."""
    ordered = sorted(names)
    if control is None:
        control = next(filter(sounds_like_control, ordered), ordered[0])
    elif control not in ordered:
        raise InvalidInputError("--control", f"must be one of {', '.join(ordered)}, not {control!r}")
    return [control, *(name for name in ordered if name != control)]
