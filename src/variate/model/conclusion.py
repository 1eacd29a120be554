"""How an experiment was concluded: what was decided when it had ended, by whom, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Required, TypedDict

from variate.errors import InvalidInputError
from variate.model.document import Json
from variate.model.instant import check_instant, format_instant, parse_instant
from variate.model.reading import read_keys
from variate.model.rules import check_choice, check_id, check_name, check_prose


class ConclusionDecision(StrEnum):
    """What is done about what was compared."""

    SHIP = "ship"
    """Everybody gets one variation, other than the control."""
    KEEP = "keep"
    """Everybody keeps the control: what was tried is rolled back."""
    INCONCLUSIVE = "inconclusive"
    """The experiment did not tell; everybody keeps the control."""
    INVALID = "invalid"
    """The data could not be trusted, so nothing is decided on them; everybody keeps the control."""


class ConclusionFields(TypedDict, total=False):
    """What a caller says of a conclusion; who and when is known."""

    decision: Required[str]
    variation: str | None
    note: str
    report_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """``decided_by`` came to ``decision`` at ``decided_at``; ``note`` says why.

    ``variation`` is the name of what is shipped, and None otherwise. ``report_id`` is the report it was decided on,
    None where none is named.
    """

    decision: ConclusionDecision
    variation: str | None = None
    note: str = ""
    report_id: str | None = None
    decided_at: datetime
    decided_by: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "decision", check_choice("conclusion.decision", self.decision, ConclusionDecision))
        if self.decision is ConclusionDecision.SHIP:
            if self.variation is None:
                raise InvalidInputError("conclusion.variation", "must be given: the name of the variation to ship")
            check_id("conclusion.variation", self.variation)
        elif self.variation is not None:
            raise InvalidInputError("conclusion.variation", f"goes with ship only, not with {self.decision}")
        check_prose("conclusion.note", self.note)
        if self.report_id is not None:
            check_id("conclusion.report_id", self.report_id)
        object.__setattr__(self, "decided_at", check_instant("conclusion.decided_at", self.decided_at))
        check_name("conclusion.decided_by", self.decided_by)

    def says_as(self, other: Conclusion | None) -> bool:
        """Return whether the other one says the same, whoever said it and whenever."""
        return other is not None and _said(self) == _said(other)


def read_conclusion(given: object, *, decided_at: datetime, decided_by: str) -> Conclusion:
    """Return the conclusion of these ``ConclusionFields``; raise ``InvalidInputError`` naming the field."""
    fields = read_keys("conclusion", given, ("decision", "variation", "note", "report_id"))
    if "decision" not in fields:
        names = ", ".join(ConclusionDecision)
        raise InvalidInputError("conclusion.decision", f"must be given: one of {names}")
    return Conclusion(**fields, decided_at=decided_at, decided_by=decided_by)


def conclusion_record(conclusion: Conclusion) -> dict[str, Json]:
    """Return the conclusion as a dict that JSON can hold."""
    return {
        **_said(conclusion),
        "decided_at": format_instant(conclusion.decided_at),
        "decided_by": conclusion.decided_by,
    }


def conclusion_from_record(record: Mapping[str, Any] | None) -> Conclusion | None:
    """Return the conclusion that ``conclusion_record`` described, None for None."""
    if record is None:
        return None
    return Conclusion(
        decision=ConclusionDecision(record["decision"]),
        variation=record["variation"],
        note=record["note"],
        report_id=record["report_id"],
        decided_at=parse_instant("conclusion.decided_at", record["decided_at"]),
        decided_by=record["decided_by"],
    )


def _said(conclusion: Conclusion) -> dict[str, Json]:
    return {
        "decision": conclusion.decision.value,
        "variation": conclusion.variation,
        "note": conclusion.note,
        "report_id": conclusion.report_id,
    }
