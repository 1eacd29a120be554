"""Why a decision is as it is, what a change would do, and what there is before a launch, as sent and answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from variate.server.management.shapes import MOMENT, Given, Told, absent, example

Reason = Literal[
    "unknown",
    "not_running",
    "held_out",
    "layer",
    "audience",
    "traffic",
    "intake_stopped",
    "override",
    "kept",
    "split",
    "rule",
    "default",
    "off",
    "prerequisite",
    "free_form",
]


class ExplanationGiven(Given):
    """Whose decision is asked about, and of when."""

    model_config = example(unit="user-42", attributes={"country": "US"})

    unit: str
    attributes: dict[str, Any] | None = absent("What is known of the unit.")
    at: str | None = absent(f"The moment of the decision; now unless given. {MOMENT}")


class Decision(Told):
    """What the unit gets, and why."""

    variation: str | None = Field(description="Null where there is none for this unit.")
    value: Any = None
    reason: Reason
    rule: str | None
    bucket: int | None = Field(description="The unit's place, 0 to 9,999, in the draw that decided.")
    version: int | None


class Rung(Told):
    """What one rung of the ladder found."""

    name: str
    said: str
    decided: bool = Field(description="Whether the ladder ends here.")
    salt: str | None
    bucket: int | None
    rungs: list[Rung] = Field(description="Those that were climbed for another definition's decision.")


class Explanation(Told):
    """A decision, the rungs it climbed, and the snapshot that it was made from. Nothing of it is kept."""

    model_config = example(
        decision={
            "variation": "treatment",
            "value": {"color": "blue"},
            "reason": "split",
            "rule": None,
            "bucket": 7201,
            "version": 1,
        },
        rungs=[
            {"name": "status", "said": "active", "decided": False, "salt": None, "bucket": None, "rungs": []},
            {
                "name": "split",
                "said": "7201 falls to treatment",
                "decided": True,
                "salt": "checkout-button",
                "bucket": 7201,
                "rungs": [],
            },
        ],
        environment="dev",
        sequence=12,
        digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        published_at="2026-11-02T09:00:00.000000Z",
        at="2026-11-02T09:30:00.000000Z",
    )

    decision: Decision
    rungs: list[Rung]
    environment: str
    sequence: int = Field(description="The publication that was in force.")
    digest: str = Field(description="The snapshot's.")
    published_at: str = Field(description=MOMENT)
    at: str = Field(description=MOMENT)


class Preview(Told):
    """What a change would do to the units that have an assignment."""

    model_config = example(
        kept=1200, moved=0, held=180, looked_at=1200, low=180, high=180, is_cut=False, audience_matters=False
    )

    kept: int = Field(description="How many have an assignment.")
    moved: int = Field(description="How many of them would get another variation, or none.")
    held: int = Field(description="How many of them would be drawn otherwise, and keep theirs.")
    looked_at: int = Field(
        description="How many of them were looked at. Where that is fewer, these were chosen by chance, and how many "
        "would be moved or held is estimated from them."
    )
    low: int = Field(description="As many would be drawn otherwise at least, with a confidence of 95 %.")
    high: int = Field(description="As many would be drawn otherwise at most, with a confidence of 95 %.")
    is_cut: bool = Field(
        description="Whether only the newest assignments were counted, a million of all versions, and no older ones."
    )
    audience_matters: bool = Field(description="Whether the audience changes, of which nobody knows whom that touches.")


class ChecklistItem(Told):
    """One point of a launch checklist."""

    name: str
    met: bool
    blocks: bool = Field(description="Whether the launch is refused where it is not met.")
    said: str


class Checklist(Told):
    """What has to be so before an experiment starts, and what ought to be."""

    model_config = example(
        items=[{"name": "traffic", "met": True, "blocks": True, "said": "50 % of the audience are enrolled"}]
    )

    items: list[ChecklistItem]
