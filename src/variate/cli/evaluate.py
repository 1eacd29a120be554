"""``variate evaluate``: what flags give a unit."""

from __future__ import annotations

from typing import Any

import click

from variate.cli.decision_view import attributes_option, flag_option, print_decision, print_decisions, unit_option
from variate.cli.output import json_option
from variate.platform import Platform


@click.command("evaluate")
@unit_option
@flag_option
@attributes_option
@json_option
def command(unit: str, flag_id: str | None, attributes: dict[str, Any] | None, *, as_json: bool) -> None:
    """Evaluate a flag for a unit or, without --flag, every flag.

    For example: variate evaluate --unit u-1 --flag ID --attributes '{"country": "DE"}'
    """
    with Platform.open() as platform:
        if flag_id is None:
            print_decisions(platform.evaluate_all_flags(unit, attributes), as_json=as_json)
        else:
            print_decision(platform.evaluate_flag(unit, flag_id, attributes), as_json=as_json)
