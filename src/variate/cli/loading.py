"""Loading a finished experiment: assignments, exposures and events, so that a second run counts nothing twice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID, uuid5

import click

from variate.cli.failure import Stopped
from variate.cli.output import progress
from variate.cli.results_file import Columns, ResultsFile, Row, Survey
from variate.errors import ConflictError
from variate.model import EXPOSURE, Experiment, ExperimentStatus, VerdictStatus
from variate.model.page import every
from variate.platform import Platform

_NAMESPACE = UUID("5d0a3c1e-6f1b-5b7e-9c42-0b8e1f7a2d36")


def own_experiment(
    platform: Platform,
    *,
    name: str,
    description: str,
    variations: Sequence[str],
    metrics: Sequence[str],
    units: int,
    identity: Sequence[str],
) -> Experiment:
    """Return the one experiment of this import, made unless it is there.

    Its id follows from ``identity``, its name and its variations in order, so the same command finds it again. The file
    is looked at once, at the end: its ``units`` are all that were planned.
    """
    experiment_id = str(uuid5(_NAMESPACE, json.dumps([name, *variations, *identity])))
    found = platform.get_experiment(experiment_id)
    if found is not None:
        return found
    try:
        return platform.create_experiment(
            name,
            description=description,
            variations=[{"name": variation} for variation in variations],
            experiment_id=experiment_id,
            metrics=[*metrics],
            plan={"units": max(units, 2), "looks": 1},
        )
    except ConflictError:
        # The same command, run at the same time, was first.
        found = platform.get_experiment(experiment_id)
        if found is None:
            raise
        return found


def load_results(
    platform: Platform, experiment: Experiment, results: ResultsFile, survey: Survey, *, columns: Columns, batch: int
) -> None:
    """Carry the experiment through its life, loading the rows while it is active."""
    if experiment.status in (ExperimentStatus.COMPLETED, ExperimentStatus.ARCHIVED):
        click.echo(f"loaded before, as experiment {experiment.id}: nothing to do", err=True)
        return
    platform.update_experiment_status(experiment.id, ExperimentStatus.ACTIVE)
    try:
        events, before = _load(platform, experiment, results, survey, columns=columns, batch=batch)
    except KeyboardInterrupt as interrupt:
        raise Stopped("stopped: run the same command again, and it goes on from here") from interrupt
    platform.update_experiment_status(experiment.id, ExperimentStatus.COMPLETED)
    resumed = f", {before:,} of them by an earlier run" if before else ""
    click.echo(f"{survey.rows:,} rows of {survey.units:,} users: {events:,} events recorded{resumed}", err=True)


def _load(
    platform: Platform, experiment: Experiment, results: ResultsFile, survey: Survey, *, columns: Columns, batch: int
) -> tuple[int, int]:
    """Load every row; return how many events that makes, and how many of them stood before."""
    total = before = 0
    launched = _launched(platform, experiment)
    rows = results.rows()
    with progress() as bars:
        task = bars.add_task("loading", total=survey.rows)
        while some := list(islice(rows, batch)):
            _keep(platform, experiment, some)
            events = [event for row in some for event in events_of(row, experiment.id, at=launched, columns=columns)]
            verdicts = platform.batch_create_events(events)
            for verdict in verdicts:
                if verdict.error is not None:
                    raise verdict.error
            total += len(verdicts)
            before += sum(verdict.status is VerdictStatus.DUPLICATE for verdict in verdicts)
            bars.advance(task, len(some))
    return total, before


def _keep(platform: Platform, experiment: Experiment, rows: Sequence[Row]) -> None:
    pairs = [(row.unit, row.variation) for row in rows]
    for row, kept in zip(rows, platform.keep_assignments(experiment.id, pairs, ttl_days=None), strict=True):
        if kept.variation != row.variation:
            raise ConflictError(f"line {row.line}: user {row.unit!r} was already assigned {kept.variation!r}")


def _launched(platform: Platform, experiment: Experiment) -> datetime:
    """Return when the experiment was launched: in every run of the import the same, and the first moment that counts.

    So no exposure of a second run comes after an event of the first.
    """
    entries = every(platform.audit_log, entity_type="experiment", entity_id=experiment.id)
    launches = [entry.created_at for entry in entries if entry.action == "status_change"]
    return min(launches, default=experiment.created_at)


def events_of(row: Row, experiment_id: str, *, at: datetime, columns: Columns) -> Iterator[dict[str, Any]]:
    """Yield the row's exposure and an event for each outcome that happened, all of them at ``at``.

    An event's id follows from the row and the column.
    """

    def event(place: int, event_type: str, data: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": f"{experiment_id}/{row.number}/{place}",
            "user_id": row.unit,
            "event_type": event_type,
            "data": data,
            "experiment_id": experiment_id,
            "timestamp": at,
            "ttl_days": None,
        }

    yield event(0, EXPOSURE, {"variation": row.variation})
    for place, ((name, _), value) in enumerate(zip(columns.events, row.values, strict=True), start=1):
        if value:
            yield event(place, name, {"value": value})
