"""How large an experiment has to be, in words: what was found, and what it is true of."""

from __future__ import annotations

from collections.abc import Iterator

from variate.model.metric import Direction
from variate.rendering.numbers import Quantity, count_words, difference_words, share_words, value_words
from variate.stats.procedures import AlwaysValid, AtTheEnd, GroupSequential
from variate.stats.sizing import Answer


def size_fields(answer: Answer, *, of: Quantity) -> Iterator[tuple[str, str]]:
    """Yield names and values, the most telling first."""
    procedure, size = answer.procedure, answer.size
    yield "baseline", value_words(answer.baseline.level, of=of)
    if procedure.margin is not None:
        worse = "lower" if procedure.direction is Direction.INCREASE else "higher"
        yield "question", f"is it {worse} by less than {_size_words(procedure.margin, of=of)}?"
        yield "expected", change_words(answer.effect or 0.0, answer, of=of)
    elif answer.effect is None:
        yield "smallest effect", "none that the metric can have: there are too few units"
    else:
        name = "smallest effect" if answer.solved == "mde" else "effect"
        yield name, change_words(answer.effect, answer, of=of)
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
    yield "judged by", judged_by(answer)


def change_words(effect: float, answer: Answer, *, of: Quantity) -> str:
    """Return the effect, where it leads from the baseline, and the lift that it is."""
    level = answer.baseline.level
    if effect == 0:
        return "no difference"
    to = f"to {value_words(level + effect, of=of)}"
    lift = f", {difference_words(effect / abs(level), of=Quantity.LIFT)}" if level else ""
    return f"{difference_words(effect, of=of)} ({to}{lift})"


def _size_words(size: float, *, of: Quantity) -> str:
    return difference_words(size, of=of).removeprefix("+")


def judged_by(answer: Answer) -> str:
    """Return which test the answer is true of."""
    monitoring = answer.procedure.monitoring
    if isinstance(monitoring, AtTheEnd):
        return "one test at the planned end"
    if isinstance(monitoring, GroupSequential):
        return f"a group sequential test of {monitoring.looks} looks, {monitoring.spending.authors}"
    if isinstance(monitoring, AlwaysValid):
        return f"a confidence sequence at {monitoring.looks} looks"
    raise TypeError(type(monitoring).__name__)
