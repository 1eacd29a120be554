"""The outcomes of a definition's variations, made once and shared by all decisions that end in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from variate.model.decision import Outcome, Reason
from variate.model.read_only import read_only


def outcomes_of(record: Mapping[str, Any], reason: Reason, *, rule: str | None = None) -> dict[str, Outcome]:
    """Return the outcome of each variation of a snapshot's experiment or flag, by name and in order, for this rung."""
    return {
        each["name"]: Outcome(each["name"], read_only(each["value"]), reason, rule, record["version"])
        for each in record["variations"]
    }
