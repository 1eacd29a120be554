"""Assignments of an experiment, as they are answered."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from variate.model import Assignment as AssignmentValue
from variate.model import format_instant
from variate.server.management.paging import listed
from variate.server.management.shapes import MOMENT, Told, example


class Assignment(Told):
    """A decision that is kept."""

    model_config = example(
        id="5c3d2c5e-97f1-5d0c-8f5c-7d5d0f0c9d11",
        unit="user-42",
        experiment_id="checkout-button",
        version=1,
        variation="treatment",
        assigned_at="2026-11-02T09:30:00.000000Z",
        expires_at=None,
    )

    id: str
    unit: str
    experiment_id: str
    version: int
    variation: str
    assigned_at: str = Field(description=MOMENT)
    expires_at: str | None = Field(description=MOMENT)


AssignmentList = listed(Assignment, "AssignmentList")


def assignment_told(assignment: AssignmentValue) -> dict[str, Any]:
    """Return the assignment as it is answered."""
    expires_at = assignment.expires_at
    return {
        "id": assignment.id,
        "unit": assignment.unit,
        "experiment_id": assignment.experiment_id,
        "version": assignment.version,
        "variation": assignment.variation,
        "assigned_at": format_instant(assignment.assigned_at),
        "expires_at": None if expires_at is None else format_instant(expires_at),
    }
