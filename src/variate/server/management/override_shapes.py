"""Overrides as they are sent and answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from variate.model import Override as OverrideValue
from variate.model import format_instant
from variate.model.record import epoch_seconds
from variate.server.management.paging import listed
from variate.server.management.shapes import MOMENT, Given, Told, absent, example


class OverrideGiven(Given):
    """Which variation the unit gets, why, and for how long."""

    model_config = example(variation="treatment", reason="shows it to a customer", ttl_days=7)

    variation: str
    reason: str = absent("Why, for whoever wonders later.")
    ttl_days: float | None = absent("For how many days; 30 unless given, null for ever.")


class Override(Told):
    """A variation that is forced for one unit."""

    model_config = example(
        id="0e1f8e02-5a0c-5b7b-9d9a-2d4f0f6b1c22",
        unit="user-42",
        type="experiment",
        target_id="checkout-button",
        variation="treatment",
        reason="shows it to a customer",
        created_at="2026-11-02T09:00:00.000000Z",
        expires_at="2026-11-09T09:00:00.000000Z",
    )

    id: str
    unit: str
    type: Literal["experiment", "flag"]
    target_id: str = Field(description="The id of the experiment or flag.")
    variation: str
    reason: str
    created_at: str = Field(description=MOMENT)
    expires_at: str | None = Field(description=MOMENT)


OverrideList = listed(Override, "OverrideList")


def override_told(override: OverrideValue) -> dict[str, Any]:
    """Return the override as it is answered: its end is the whole second, as every store keeps it."""
    ends_at = None if override.expires_at is None else datetime.fromtimestamp(epoch_seconds(override.expires_at), UTC)
    return {
        "id": override.id,
        "unit": override.unit,
        "type": override.target.value,
        "target_id": override.target_id,
        "variation": override.value,
        "reason": override.reason,
        "created_at": format_instant(override.created_at),
        "expires_at": None if ends_at is None else format_instant(ends_at),
    }
