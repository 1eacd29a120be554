"""Reports: what an experiment's data say, and whether they can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from variate.analysis.report_record import head_record, report_record
from variate.errors import NotFoundError
from variate.functions.rows import Rows, rows
from variate.model.instant import parse_instant
from variate.model.record import Record
from variate.platform import default_platform


def report_experiment(experiment_id: str, dimensions: Sequence[str] = (), at: datetime | str | None = None) -> Record:
    """Return the report of the experiment as of ``at`` (now, if None; with a time zone, or ISO 8601), and keep it.

    ``verdict`` says what to do, ``health`` whether the data can be trusted, ``metrics`` what was found of each, also by
    each of ``dimensions`` of the exposures. With a plan, a report of now is a look, and takes of the plan's error.
    """
    moment = None if at is None else parse_instant("at", at)
    return report_record(default_platform().report_experiment(experiment_id, dimensions=dimensions, at=moment))


def get_report(report_id: str) -> Record | None:
    """Return a report as it was made, or None."""
    try:
        return report_record(default_platform().get_report(report_id))
    except NotFoundError:
        return None


def list_reports(experiment_id: str | None = None, limit: int | None = None, last_key: str | None = None) -> Rows:
    """Return the heads of what was reported, most recent first: all of them or, with a ``limit``, one page."""
    read = partial(default_platform().list_reports, experiment_id)
    return rows(read, head_record, limit=limit, last_key=last_key)
