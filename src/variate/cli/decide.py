"""``variate decide``: the variation of an experiment for a unit."""

from __future__ import annotations

from typing import Any

import click

from variate.cli.decision_view import attributes_option, print_decision, unit_option
from variate.cli.output import json_option
from variate.platform import Platform


@click.command("decide")
@unit_option
@click.option("--experiment", "experiment_id", required=True, metavar="ID", help="The experiment.")
@attributes_option
@click.option("--keep", is_flag=True, help="Keep the variation for the unit, as an assignment.")
@json_option
def command(unit: str, experiment_id: str, attributes: dict[str, Any] | None, *, keep: bool, as_json: bool) -> None:
    """Decide which variation of an experiment a unit gets.

    For example: variate decide --unit u-1 --experiment ID --attributes '{"country": "DE"}'
    """
    with Platform.open() as platform:
        decided = (platform.assign if keep else platform.decide)(unit, experiment_id, attributes)
        if keep:
            platform.flush_assignments()
    print_decision(decided, as_json=as_json)
