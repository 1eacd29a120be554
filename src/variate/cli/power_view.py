"""The answer of ``variate power``, as a person and as a program reads it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import click

from variate.cli.output import print_fields, print_json, print_table
from variate.cli.power_answer import Answer
from variate.model.metric import Direction
from variate.rendering.numbers import Quantity, count_words, difference_words, share_words, value_words
from variate.stats.procedures import AlwaysValid, AtTheEnd, GroupSequential


def print_answer(answer: Answer, *, of: Quantity) -> None:
    """Print what was found, what it is true of, and what other effects or units would come to."""
    print_fields(dict(_fields(answer, of=of)))
    if answer.others:
        click.echo()
        rows = [
            (_change(each.effect, answer, of=of), count_words(each.units), _days(each.units, answer))
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
        "judged_by": _judged_by(answer),
        "critical": list(procedure.critical),
        "others": [{"effect": each.effect, "units": each.units} for each in answer.others],
    }
    print_json(found)


def _fields(answer: Answer, *, of: Quantity) -> Iterator[tuple[str, str]]:
    procedure, size = answer.procedure, answer.size
    yield "baseline", value_words(answer.baseline.level, of=of)
    if procedure.margin is not None:
        worse = "lower" if procedure.direction is Direction.INCREASE else "higher"
        yield "question", f"is it {worse} by less than {_size_words(procedure.margin, of=of)}?"
        yield "expected", _change(answer.effect or 0.0, answer, of=of)
    elif answer.effect is None:
        yield "smallest effect", "none that the metric can have: there are too few units"
    else:
        name = "smallest effect" if answer.solved == "mde" else "effect"
        yield name, _change(answer.effect, answer, of=of)
    yield "power", share_words(answer.power)
    if answer.smallest_margin is not None:
        yield "smallest margin", _size_words(answer.smallest_margin, of=of)
    yield "units", f"{count_words(size.total)} in all: {', '.join(map(count_words, size.units))}"
    if len(procedure.looks) > 1:
        yield "on average", f"{size.expected:,.0f}, where it ends at the first look that decides"
    if size.days is not None:
        yield "days", count_words(size.days)
    tests = f", shared by {procedure.tests} tests" if procedure.tests > 1 else ""
    sides = "two-sided" if procedure.margin is None else "one-sided"
    yield "alpha", f"{procedure.alpha:g} {sides}{tests}"
    yield "judged by", _judged_by(answer)


def _change(effect: float, answer: Answer, *, of: Quantity) -> str:
    level = answer.baseline.level
    if effect == 0:
        return "no difference"
    to = f"to {value_words(level + effect, of=of)}"
    lift = f", {difference_words(effect / abs(level), of=Quantity.LIFT)}" if level else ""
    return f"{difference_words(effect, of=of)} ({to}{lift})"


def _size_words(size: float, *, of: Quantity) -> str:
    return difference_words(size, of=of).removeprefix("+")


def _days(units: int, answer: Answer) -> str:
    return "" if answer.daily_units is None else f"{math.ceil(units / answer.daily_units):,}"


def _judged_by(answer: Answer) -> str:
    monitoring = answer.procedure.monitoring
    if isinstance(monitoring, AtTheEnd):
        return "one test at the planned end"
    if isinstance(monitoring, GroupSequential):
        return f"a group sequential test of {monitoring.looks} looks, {monitoring.spending.value.replace('_', '-')}"
    if isinstance(monitoring, AlwaysValid):
        return f"a confidence sequence at {monitoring.looks} looks"
    raise TypeError(type(monitoring).__name__)
