"""What a report is of, beside the question and the answer: an experiment of the platform, or a file's columns."""

from __future__ import annotations

from dataclasses import dataclass

from variate.analysis.periods import Shares, shares_of
from variate.errors import InvalidInputError
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.plan import UNPLANNED, Plan
from variate.model.rules import check_distinct, check_weight, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An experiment's version, as it is judged.

    ``weights`` are by variation, in the order of the question's variations (control first), and ``past_weights`` those
    of the periods before, that of each of the question's ``reweighed`` in the same order; ``metrics`` say which of
    the question's metrics is what, and which one is named though nobody has defined it. Where the data were looked at
    once, such as a file, plan as many units as there are. ``is_over`` says that nobody enters any more: somebody
    completed the experiment, before its planned end or after. Before it ``is_cut_short``: then the question's ``until``
    is when, and is no end that was fixed in advance.
    """

    experiment_id: str
    name: str
    version: int = 1
    hypothesis: str = ""
    unit_type: str = "user"
    weights: tuple[tuple[str, float], ...]
    past_weights: tuple[tuple[float, ...], ...] = ()
    metrics: tuple[ExperimentMetric, ...] = ()
    plan: Plan = UNPLANNED
    is_over: bool = False
    is_cut_short: bool = False

    def __post_init__(self) -> None:
        check_distinct("variations", [name for name, _ in self.weights])
        check_distinct("metrics", [each.metric for each in self.metrics])
        for name, weight in self.weights:
            check_weight(f"weight of {shown(name)}", weight)
        if not any(weight > 0 for _, weight in self.weights):
            raise InvalidInputError("variations", "must have at least one weight above zero")

    @property
    def variations(self) -> tuple[str, ...]:
        """The variations' names, control first."""
        return tuple(name for name, _ in self.weights)

    @property
    def control(self) -> str:
        """The name of the variation the others are compared with."""
        return self.weights[0][0]

    @property
    def shares(self) -> tuple[float, ...]:
        """What each variation's weight makes of all weights."""
        return shares_of([weight for _, weight in self.weights])

    @property
    def period_shares(self) -> tuple[Shares, ...]:
        """The shares of each period, the present one last."""
        return (*map(shares_of, self.past_weights), self.shares)

    @property
    def tests(self) -> int:
        """How many tests share the plan's error: each goal of each variation but the control."""
        goals = sum(each.role is MetricRole.GOAL for each in self.metrics)
        return goals * (len(self.weights) - 1)

    @property
    def alpha_each(self) -> float:
        """The error of each of those tests, by Bonferroni."""
        return self.plan.alpha / max(self.tests, 1)
