"""The design of an experiment: who is in it, how many, when, and what it is judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from variate.errors import InvalidInputError
from variate.model.condition import Condition
from variate.model.instant import check_instant, check_schedule
from variate.model.layer import LayerRange
from variate.model.percentage import percent_buckets
from variate.model.plan import UNPLANNED, Plan
from variate.model.rules import check_choice, check_distinct, check_id, check_name, check_prose, check_weight

MAX_LISTED = 100
"""Most metrics, holdouts or past allocations of one experiment."""


class MetricRole(StrEnum):
    """What a metric is to an experiment."""

    GOAL = "goal"
    SECONDARY = "secondary"
    GUARDRAIL = "guardrail"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentMetric:
    """``metric`` (its id) judges the experiment in this role.

    ``margin``, of a guardrail only, is how much worse the metric may be, on its own scale: 0.01 of a proportion is one
    percentage point. None stands for 0.
    """

    metric: str
    role: MetricRole = MetricRole.GOAL
    margin: float | None = None

    def __post_init__(self) -> None:
        check_id("metric", self.metric)
        object.__setattr__(self, "role", check_choice("role", self.role, MetricRole))
        if self.margin is not None:
            check_weight("margin", self.margin)
            if self.role is not MetricRole.GUARDRAIL:
                raise InvalidInputError("margin", f"is of guardrails only, not of a {self.role} metric")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAllocation:
    """How units were shared out until ``until``: a weight for each variation in order, traffic and audience.

    It is remembered so that only the units to which it gave another answer are looked up in the ledger.
    """

    weights: tuple[float, ...]
    traffic: float
    audience: Condition | None
    until: datetime

    def __post_init__(self) -> None:
        percent_buckets("traffic", self.traffic)
        object.__setattr__(self, "until", check_instant("until", self.until))


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """See each field; the defaults are an experiment on every unit, from its launch until it is ended.

    ``salt`` None stands for the experiment's id, ``control`` None for the first variation.
    """

    hypothesis: str = ""
    unit_type: str = "user"
    salt: str | None = None
    audience: Condition | None = None
    traffic: float = 100
    layer: LayerRange | None = None
    holdouts: tuple[str, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    control: str | None = None
    metrics: tuple[ExperimentMetric, ...] = ()
    plan: Plan = UNPLANNED
    takes_new_units: bool = True
    """False stops the intake: who has an assignment keeps it, nobody else gets one."""
    keeps_outside_audience: bool = False
    """True ignores the audience once a unit is in: it keeps its assignment though it no longer matches."""
    reads_ledger: bool = False
    """True where assignments were made otherwise than by the draw, so that the ledger has to be asked each time."""
    past: tuple[PastAllocation, ...] = ()
    """The oldest first; none ends before the one before it."""

    def __post_init__(self) -> None:
        check_prose("hypothesis", self.hypothesis)
        check_name("unit_type", self.unit_type)
        if self.salt is not None:
            check_id("salt", self.salt)
        percent_buckets("traffic", self.traffic)
        _check_listed("holdouts", [check_id("holdouts", each) for each in self.holdouts])
        _check_listed("metrics", [each.metric for each in self.metrics])
        if self.control is not None:
            check_id("control", self.control)
        check_schedule(self)
        for name in ("takes_new_units", "keeps_outside_audience", "reads_ledger"):
            if not isinstance(getattr(self, name), bool):
                raise InvalidInputError(name, f"must be true or false, not {type(getattr(self, name)).__name__}")
        if len(self.past) > MAX_LISTED:
            raise InvalidInputError("past", f"must be at most {MAX_LISTED}, not {len(self.past)}")


def _check_listed(field: str, names: list[str]) -> None:
    if len(names) > MAX_LISTED:
        raise InvalidInputError(field, f"must be at most {MAX_LISTED}, not {len(names)}")
    check_distinct(field, names)
