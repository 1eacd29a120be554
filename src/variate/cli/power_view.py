"""The answer of ``variate power``, as a person and as a program reads it."""

from __future__ import annotations

import math
from typing import Any

import click

from variate.cli.output import print_fields, print_json, print_table
from variate.rendering.numbers import Quantity, count_words
from variate.rendering.sizes import change_words, judged_by, size_fields
from variate.stats.sizing import Answer


def print_answer(answer: Answer, *, of: Quantity) -> None:
    """Print what was found, what it is true of, and what other effects or units would come to."""
    print_fields(dict(size_fields(answer, of=of)))
    if answer.others:
        click.echo()
        rows = [
            (change_words(each.effect, answer, of=of), count_words(each.units), _days(each.units, answer))
            for each in answer.others
        ]
        effect = "effect" if answer.solved == "units" else "smallest effect"
        columns = (effect, "units in all", "days") if answer.daily_units is not None else (effect, "units in all")
        print_table(columns, [row[: len(columns)] for row in rows], folded=())


def print_answer_json(answer: Answer) -> None:
    """Print the same as JSON, in plain numbers."""
    procedure = answer.procedure
    found: dict[str, Any] = {
        "solved": answer.solved,
        "baseline": answer.baseline.level,
        "effect": answer.effect,
        "lift": None if answer.effect is None or not answer.baseline.level else answer.effect / answer.baseline.level,
        "power": answer.power,
        "units": answer.size.total,
        "units_by_variation": list(answer.size.units),
        "expected_units": answer.size.expected,
        "days": answer.size.days,
        "margin": procedure.margin,
        "smallest_margin": answer.smallest_margin,
        "alpha": procedure.alpha,
        "tests": procedure.tests,
        "looks": len(procedure.looks),
        "judged_by": judged_by(answer),
        "critical": list(procedure.critical),
        "others": [{"effect": each.effect, "units": each.units} for each in answer.others],
    }
    print_json(found)


def _days(units: int, answer: Answer) -> str:
    return "" if answer.daily_units is None else f"{math.ceil(units / answer.daily_units):,}"
