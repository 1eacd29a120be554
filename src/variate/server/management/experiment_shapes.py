"""Experiments as they are sent and answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from variate.server.management.paging import listed
from variate.server.management.shapes import MOMENT, Definition, Given, NewId, Told, absent, example, example_of

Status = Literal["draft", "active", "paused", "completed", "archived"]
ConclusionDecision = Literal["ship", "keep", "inconclusive", "invalid"]

_DECISION = (
    "`ship` gives everybody `variation`; `keep` stays with the control; so do `inconclusive`, where the experiment did "
    "not tell, and `invalid`, where its data cannot be trusted."
)

CONDITION = 'A condition, such as `{"attribute": "country", "operator": "in", "value": ["US"]}`; null for every unit.'

_CONDITION = {"attribute": "country", "operator": "in", "value": ["US"]}
_VARIATIONS = [
    {"name": "control", "description": "Green", "value": {"color": "green"}, "weight": 50},
    {"name": "treatment", "description": "Blue", "value": {"color": "blue"}, "weight": 50},
]


class VariationGiven(Given):
    """A variation. Where one of the name stands, what is not given stays as it was."""

    name: str
    description: str = absent("What it is, in words.")
    value: Any = absent("What applications get: any JSON.")
    weight: float = absent("Its share of the units, relative to the others' weights; 1 unless given.")


class MetricGiven(Given):
    """A metric in its role. ``margin``, of a guardrail, is how much worse it may be."""

    metric: str
    role: Literal["goal", "secondary", "guardrail"] = absent("A goal unless given.")
    margin: float | None = absent("Of a guardrail: how much worse it may be, on its own scale.")


class PlanGiven(Given):
    """What is planned: how many units, how many looks on the way, at which error in all."""

    units: int | None = absent("The planned number of units in all variations; null where nothing is planned.")
    looks: int = absent("About how often it is looked at; 20 unless given.")
    alpha: float = absent("The error in all; 0.05 unless given.")
    spending: Literal["obrien_fleming", "pocock"] = absent("How the error is shared out among the looks.")


class DesignGiven(Given):
    """The design. What is not sent stays as it is, or has its default in what is new."""

    hypothesis: str = absent("What is expected, and why.")
    unit_type: str = absent("What the units are, such as `user`.")
    salt: str | None = absent("What the draws are salted with; the experiment's id where it is null.")
    audience: dict[str, Any] | None = absent(CONDITION)
    traffic: float = absent("The percentage of the audience that is enrolled.")
    layer: str | None = absent("The layer that it shares with others, goes together with `layer_range`.")
    layer_range: list[float] | None = absent("The two percentages of the layer that it claims.")
    holdouts: list[str] = absent("The ids of the holdouts that are kept out.")
    starts_at: str | None = absent(f"When it begins. {MOMENT}")
    ends_at: str | None = absent(f"When it ends. {MOMENT}")
    control: str | None = absent("The variation that the others are compared with; the first where it is null.")
    metrics: list[str | MetricGiven] = absent("What it is judged by: ids, or objects with a role.")
    plan: PlanGiven = absent("What is planned.")
    takes_new_units: bool = absent("False stops the intake: who has an assignment keeps it.")
    keeps_outside_audience: bool = absent("True keeps a unit in though it does not match the audience any more.")
    reads_ledger: bool = absent("True where assignments were made otherwise than by the draw.")


class NewExperiment(DesignGiven):
    """A new draft."""

    model_config = example(
        id="checkout-button",
        name="Checkout button",
        description="Green or blue",
        owner="ada@example.com",
        hypothesis="Blue is seen sooner, so more carts are checked out",
        variations=_VARIATIONS,
        traffic=50,
        audience=_CONDITION,
        plan={"units": 20_000, "looks": 10},
    )

    id: NewId = absent("Its id; a UUID unless given.")
    name: str
    description: str = absent("What it is, in words.")
    owner: str | None = absent("Whose it is.")
    variations: list[VariationGiven]


class ExperimentChange(DesignGiven):
    """What is to change. Out of draft nothing changes that would move a unit: for that there is a new version."""

    model_config = example(description="Green, or the blue of our brand", traffic=80)

    name: str = absent("Its name.")
    description: str = absent("What it is, in words.")
    variations: list[VariationGiven] = absent("The whole list.")


class VersionChange(DesignGiven):
    """What is to be different in the new version, for which every unit is drawn anew."""

    model_config = example(
        variations=[{"name": "control", "weight": 80}, {"name": "treatment", "weight": 20}], traffic=100
    )

    variations: list[VariationGiven] = absent("The whole list.")


class NewVersion(VersionChange):
    """What is to be different in the new version, and why it is begun."""

    model_config = example(traffic=100, reason="Bots were let in; they are kept out now")

    reason: str = absent("Why, for the audit log.")


class ConclusionGiven(Given):
    """What was decided once an experiment had ended."""

    model_config = example(decision="ship", variation="treatment", note="Blue sells more in every country.")

    decision: ConclusionDecision = Field(description=_DECISION)
    variation: str | None = absent("The variation to ship; goes with `ship` only.")
    note: str = absent("Why.")
    report_id: str | None = absent("The id of the report of the experiment that it was decided on.")


class StatusChange(Given):
    """A move in the life of an experiment."""

    model_config = example(status="active")

    status: Status
    conclusion: ConclusionGiven = absent("What was decided; goes with `completed` only.")


class OwnerChange(Given):
    """To whom an experiment goes."""

    model_config = example(owner="grace@example.com")

    owner: str


class Variation(Told):
    """A variation."""

    model_config = example(
        id="0f6a2d4e-1a9b-4f0d-8a44-0f3f6f3b9c11",
        experiment_id="checkout-button",
        created_at="2026-11-02T09:00:00.000000Z",
        updated_at="2026-11-02T09:00:00.000000Z",
        **_VARIATIONS[0],
    )

    id: str
    experiment_id: str
    name: str
    description: str
    value: Any = Field(description="What applications get.")
    weight: float
    created_at: str = Field(description=MOMENT)
    updated_at: str = Field(description=MOMENT)


class Metric(Told):
    """A metric in its role."""

    metric: str
    role: Literal["goal", "secondary", "guardrail"]
    margin: float | None = None


class Plan(Told):
    """What is planned."""

    units: int | None
    looks: int
    alpha: float
    spending: Literal["obrien_fleming", "pocock"]


class PastAllocation(Told):
    """How units were shared out until a moment."""

    weights: list[float]
    traffic: float
    audience: Any = None
    until: str


class Conclusion(Told):
    """What was decided, when and by whom."""

    decision: ConclusionDecision = Field(description=_DECISION)
    variation: str | None
    note: str
    report_id: str | None
    decided_at: str = Field(description=MOMENT)
    decided_by: str


class Experiment(Definition):
    """An experiment with its variations and its design."""

    model_config = example(
        id="checkout-button",
        name="Checkout button",
        description="Green or blue",
        status="draft",
        owner="ada@example.com",
        version=1,
        revision=1,
        created_at="2026-11-02T09:00:00.000000Z",
        updated_at="2026-11-02T09:00:00.000000Z",
        variations=[
            {
                "id": f"0f6a2d4e-1a9b-4f0d-8a44-0f3f6f3b9c1{place}",
                "experiment_id": "checkout-button",
                "created_at": "2026-11-02T09:00:00.000000Z",
                "updated_at": "2026-11-02T09:00:00.000000Z",
                **each,
            }
            for place, each in enumerate(_VARIATIONS)
        ],
        hypothesis="Blue is seen sooner, so more carts are checked out",
        unit_type="user",
        salt=None,
        audience=_CONDITION,
        traffic=50,
        layer=None,
        layer_range=None,
        holdouts=[],
        starts_at=None,
        ends_at=None,
        control=None,
        metrics=[{"metric": "purchases", "role": "goal"}],
        plan={"units": 20_000, "looks": 10, "alpha": 0.05, "spending": "obrien_fleming"},
        takes_new_units=True,
        keeps_outside_audience=False,
        reads_ledger=False,
        conclusion=None,
    )

    status: Status
    owner: str | None
    version: int = Field(ge=1, description="Counts how often all units were drawn anew.")
    variations: list[Variation]
    hypothesis: str
    unit_type: str
    salt: str | None
    audience: Any = Field(description=CONDITION)
    traffic: float
    layer: str | None
    layer_range: list[float] | None
    holdouts: list[str]
    starts_at: str | None
    ends_at: str | None
    control: str | None
    metrics: list[Metric]
    plan: Plan
    takes_new_units: bool
    keeps_outside_audience: bool
    reads_ledger: bool
    conclusion: Conclusion | None = Field(description="What was decided, once it was completed and somebody said.")
    past: list[PastAllocation] = Field(
        default_factory=list, description="Only there where units were shared out otherwise before, in this version."
    )


class VariationList(Told):
    """The variations of an experiment, in order."""

    model_config = example(items=[example_of(Variation)])

    items: list[Variation]


ExperimentList = listed(Experiment, "ExperimentList")
