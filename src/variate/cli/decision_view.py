"""Decisions as the commands print them, and the options of those that decide."""

from __future__ import annotations

from collections.abc import Mapping

import click

from variate.cli.json_value import json_object
from variate.cli.output import print_fields, print_json, print_table
from variate.model.decision import Decision, decision_record
from variate.rendering.decision_words import decision_fields

unit_option = click.option("--unit", required=True, metavar="ID", help="The user, or whatever the unit is.")
experiment_option = click.option("--experiment", "experiment_id", metavar="ID", help="The experiment.")
flag_option = click.option("--flag", "flag_id", metavar="ID", help="The flag.")
attributes_option = click.option(
    "--attributes",
    type=json_object,
    metavar="JSON",
    help='What is known of the unit, as JSON or @FILE: {"country": "DE", "plan": "pro"}.',
)


def print_decision(decision: Decision, *, as_json: bool) -> None:
    """Print one decision."""
    if as_json:
        print_json(decision_record(decision))
    else:
        print_fields(decision_fields(decision))


def print_decisions(decisions: Mapping[str, Decision], *, as_json: bool) -> None:
    """Print the decisions of several flags, in order of id."""
    if as_json:
        print_json({flag_id: decision_record(decision) for flag_id, decision in decisions.items()})
        return
    rows = []
    for flag_id, decision in sorted(decisions.items()):
        said = decision_fields(decision)
        reason = f"{said['reason']}: {said['rule']}" if "rule" in said else said["reason"]
        rows.append((flag_id, said["variation"], said.get("value", ""), reason))
    print_table(("flag", "variation", "value", "reason"), rows, folded=("variation", "value", "reason"))
