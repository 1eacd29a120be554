"""Reports as they are asked for and answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from variate.server.management.paging import listed
from variate.server.management.shapes import MOMENT, Given, Told, absent, example

VerdictKind = Literal["ship", "hold", "stop", "invalid"]


class ReportGiven(Given):
    """Of what a report is made."""

    model_config = example(experiment_id="checkout-button", dimensions=["country"])

    experiment_id: str
    dimensions: list[str] = absent("Attributes of the exposures, by each of which the results are split, too.")
    at: str | None = absent(f"As of when; now unless given. {MOMENT}")


class ReportHead(Told):
    """What a list says of a report."""

    model_config = example(
        id="7a1f3c1e-0a3f-4b52-9a07-5b1b6f2a9e33",
        experiment_id="checkout-button",
        version=1,
        verdict="hold",
        variation=None,
        at="2026-11-20T09:00:00.000000Z",
        health="ok",
        concern=None,
        units=48_210,
        units_per_day=6_027.5,
    )

    id: str
    experiment_id: str
    version: int
    verdict: VerdictKind
    variation: str | None = Field(description="The variation to ship, where one is.")
    at: str = Field(description=MOMENT)
    health: Literal["ok", "warning", "failed"] | None = Field(
        description="The worst status of the report's checks; null where it was kept before this was told."
    )
    concern: str | None = Field(description="The kind of the first check that came out so; null where all are ok.")
    units: int | None = Field(description="How many units entered; null where it was kept before this was told.")
    units_per_day: float | None = Field(description="How many units enter a day; null where that is not known.")


ReportList = listed(ReportHead, "ReportList")


class Report(Told):
    """Everything that is said of an experiment at one moment. `format` names the form of the further members.

    What cannot be estimated is `{"not_estimable": reason}` where the number would be; no number is NaN or infinite.
    """

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "format": "variate.report/1",
                    "id": "7a1f3c1e-0a3f-4b52-9a07-5b1b6f2a9e33",
                    "verdict": {"kind": "hold", "variation": None, "reasons": ["no difference was shown yet"]},
                    "metrics": [],
                }
            ]
        },
    )

    format: Literal["variate.report/1"]
    id: str
    verdict: dict[str, Any] = Field(description="What to do: `kind`, and why.")
    metrics: list[Any] = Field(description="What was found of each metric.")
