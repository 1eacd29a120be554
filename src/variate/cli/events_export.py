"""``variate events export``: events as a Parquet file, for analysis elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import click

from variate.cli.moment import moment
from variate.cli.output import advance_on, progress
from variate.cli.text import shown
from variate.errors import InvalidInputError, NotFoundError
from variate.model.page import every_page
from variate.platform import Platform

_BEFORE = timedelta(days=30)
"""What metrics may look at from before an experiment began."""
_SLICES = 100
"""Into so many stretches of time the reading is cut, so that it can be told how far it is."""


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--experiment", "experiment_id", help="Leave out the events recorded with other experiments.")
@click.option(
    "--start",
    type=moment,
    metavar="TIME",
    help="From then on: 10m, 2h, 7d ago or 2026-01-31T09:30:00Z. 30 days before the experiment, if not given.",
)
@click.option("--end", type=moment, metavar="TIME", default="0s", help="To before then; now, if not given.")
def export(file: Path, experiment_id: str | None, start: datetime | None, end: datetime) -> None:
    """Write events to FILE, a Parquet file, for DuckDB, pandas or another tool.

    Its columns are id, user_id, event_type, data (JSON), at, experiment_id, expires_at, sender and number. With
    --experiment those recorded with no experiment are there, too, since metrics count them.
    """
    from variate.stores.duckdb.exporting import EventExport  # noqa: PLC0415 - Parquet is an extra; the help does without

    with Platform.open() as platform, progress() as bars:
        since = _start(platform, experiment_id) if start is None else start
        if since >= end:
            raise InvalidInputError("--start", "must be before --end")
        advance = advance_on(bars)
        count = 0
        with EventExport(file) as written:
            length = (end - since) / _SLICES
            edges = [*(since + length * place for place in range(_SLICES)), end]
            for done, (low, high) in enumerate(pairwise(edges), start=1):
                for page in every_page(platform.get_events, start=low, end=high) if low < high else ():
                    kept = [
                        event for event in page if experiment_id is None or event.experiment_id in (None, experiment_id)
                    ]
                    written.write(kept)
                    count += len(kept)
                advance("exporting", done, _SLICES)
    click.echo(shown(f"{count:,} events written to {file}"), err=True)


def _start(platform: Platform, experiment_id: str | None) -> datetime:
    if experiment_id is None:
        raise InvalidInputError("--start", "must be given, or --experiment")
    found = platform.get_experiment(experiment_id)
    if found is None:
        raise NotFoundError("experiment", experiment_id)
    return max(found.created_at - _BEFORE, datetime(1970, 1, 1, tzinfo=UTC))
