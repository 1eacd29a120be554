"""The first steps of every ladder, as source text: is it the time, and has somebody forced a variation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from variate.decision.constants import Constants
from variate.decision.context import Surroundings, seconds
from variate.model.decision import Decision, Outcome

FOREVER = float("inf")


def schedule_lines(
    record: Mapping[str, Any], outside: Outcome, constants: Constants, around: Surroundings
) -> list[str]:
    """Return the lines that decide before the start and from the end on."""
    if record["starts_at"] is None and record["ends_at"] is None:
        return []
    starts = constants.literal(seconds(record["starts_at"], missing=-FOREVER))
    ends = constants.literal(seconds(record["ends_at"], missing=FOREVER))
    closed = constants.literal(Decision.of(outside))
    return [f"if not {starts} <= {constants.function(around.clock)}() < {ends}: return {closed}"]


def override_lines(
    overrides: Mapping[str, Any], outcomes: Mapping[str, Outcome], constants: Constants, around: Surroundings
) -> list[str]:
    """Return the lines that decide for the units somebody forced a variation for, until that expires."""
    forced = {
        unit.encode(): (Decision.of(outcomes[each["variation"]]), seconds(each["until"], missing=FOREVER))
        for unit, each in overrides.items()
        if each["variation"] in outcomes
    }
    if not forced:
        return []
    return [
        f"o = {constants.function(forced.get)}(unit)",
        f"if o is not None and {constants.function(around.clock)}() < o[1]: return o[0]",
    ]
