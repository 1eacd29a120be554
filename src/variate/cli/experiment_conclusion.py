"""``variate experiments complete`` and ``conclude``: what was decided when an experiment ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from variate.cli.experiment_view import print_experiment
from variate.cli.given import with_options
from variate.cli.output import json_option
from variate.model.conclusion import ConclusionDecision, ConclusionFields
from variate.platform import Platform

F = TypeVar("F", bound=Callable[..., Any])

_CONCLUSION = (
    click.option(
        "--decision",
        type=click.Choice([each.value for each in ConclusionDecision]),
        required=True,
        help="ship a variation; keep the control; or neither: it was inconclusive, or its data are invalid.",
    ),
    click.option("--variation", help="The variation to ship."),
    click.option("--note", default="", help="Why."),
    click.option("--report", "report_id", help="The id of the report it was decided on."),
)


def conclusion_options(command: F) -> F:
    """Give the command the options that say what was decided."""
    return with_options(_CONCLUSION, command)


@click.command()
@click.argument("experiment_id")
@conclusion_options
@json_option
def complete(
    experiment_id: str, decision: str, variation: str | None, note: str, report_id: str | None, *, as_json: bool
) -> None:
    """End an experiment, and say what was decided.

    For example: variate experiments complete ID --decision ship --variation treatment --note 'Sells more'
    """
    said = _said(decision, variation, note, report_id)
    with Platform.open() as platform:
        changed = platform.update_experiment_status(experiment_id, "completed", conclusion=said)
    print_experiment(changed, as_json=as_json)


@click.command()
@click.argument("experiment_id")
@conclusion_options
@json_option
def conclude(
    experiment_id: str, decision: str, variation: str | None, note: str, report_id: str | None, *, as_json: bool
) -> None:
    """Say, or correct, what was decided of a completed experiment."""
    said = _said(decision, variation, note, report_id)
    with Platform.open() as platform:
        changed = platform.conclude_experiment(experiment_id, said)
    print_experiment(changed, as_json=as_json)


def _said(decision: str, variation: str | None, note: str, report_id: str | None) -> ConclusionFields:
    return {"decision": decision, "variation": variation, "note": note, "report_id": report_id}
