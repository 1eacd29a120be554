"""The outcomes of a definition's variations, made once and shared by all decisions that end in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from variate.model import Document
from variate.model.decision import Outcome, Reason


def outcomes_of(record: Mapping[str, Any], reason: Reason, *, rule: str | None = None) -> dict[str, Outcome]:
    """Return the outcome of each variation of a snapshot's experiment or flag, by name and in order, for this rung."""
    return {
        each["name"]: Outcome(
            variation=each["name"],
            document=Document.of(each["value"], field="value"),
            reason=reason,
            rule=rule,
            version=record["version"],
        )
        for each in record["variations"]
    }
