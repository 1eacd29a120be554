"""Compare the variations of one metric with the control, as arrays over groups and variations.

What has to be known of the other metrics too, to allow for multiplicity, comes after: see ``variate.analysis.finding``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from variate.analysis.comparison import Effect, Method
from variate.analysis.effects import Effects, Rule, Spread, effects, within
from variate.analysis.estimating import Estimates, Judged, judged
from variate.analysis.guarding import Guards, error_at_margin, guards, with_rare_events
from variate.analysis.planning import Stage, Standing
from variate.analysis.subject import Subject
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.metric import Direction, Metric
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable
from variate.stats.sequence import UNPLANNED_UNITS
from variate.stats.sides import Side
from variate.stores.aggregates import Numbers

Rows = list[list[Effect | NotEstimable]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How a metric's effects are judged: of all units, within dimensions, and as a guardrail's."""

    overall: Rule
    slices: Rule
    guard: Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One metric's comparisons, as arrays.

    Effects are of all units first, and then of the groups, if there are any, by variation but the control; None where
    the metric has no such estimator. The uncapped and the stratified ones are of all units only.
    """

    metric: Metric
    role: ExperimentMetric
    estimates: Estimates
    judged: Judged
    effects: tuple[Effects, ...]
    raw: tuple[Effects, ...]
    cuped: tuple[Effects, ...] | None
    uncapped: Effects | None
    stratified: Effects | None
    guards: Guards | None

    @property
    def better(self) -> int:
        """1 where more is better, -1 where less is."""
        return 1 if self.metric.direction is Direction.INCREASE else -1


def rules_of(role: MetricRole, *, subject: Subject, found: Standing, counts: Numbers) -> Rules:
    """Return how metrics of a role are judged now; ``counts`` are units by group and variation.

    Goals of a plan by its boundary, and without one by a confidence sequence, at their share of alpha. A plan's looks
    spend all of that, so where there is no look now, the sequence shows a goal and decides nothing. All else is by a
    confidence sequence, but at the planned end, where secondary metrics and dimensions have a fixed horizon, and a
    guardrail that was never looked at before has, too. At one look at all units the test is Welch's; all else has the
    larger standard error, as a small side with few events would find effects by having none.
    """
    shares = np.asarray(subject.shares)
    both = shares[1:] + shares[0]
    total = counts.sum(axis=1, keepdims=True)
    of_all = np.where(total[:1] > 0, total / np.maximum(total[:1], 1), 1.0)
    planned = np.maximum(both * (subject.plan.units or UNPLANNED_UNITS) * of_all, 1.0)
    alpha, looks = subject.plan.alpha, found.looks
    is_final = found.stage is Stage.AT_END and found.look is not None
    at_end = Method.FIXED_HORIZON if is_final else Method.CONFIDENCE_SEQUENCE
    slices = Rule(method=at_end, alpha=alpha, planned=planned[1:])
    guard = Rule(
        method=Method.FIXED_HORIZON if found.is_only_look else Method.CONFIDENCE_SEQUENCE,
        alpha=alpha,
        planned=planned,
    )
    if role is MetricRole.GOAL:
        method = Method.CONFIDENCE_SEQUENCE if found.look is None else Method.GROUP_SEQUENTIAL
        method = Method.FIXED_HORIZON if found.is_only_look else method
        overall = Rule(
            method=method,
            alpha=subject.alpha_each,
            planned=planned[:1],
            looks=looks,
            is_final=is_final,
            decides=found.decides,
        )
    elif role is MetricRole.SECONDARY:
        overall = Rule(method=at_end, alpha=alpha, planned=planned[:1])
    else:
        overall = Rule(method=guard.method, alpha=alpha, planned=planned[:1])
    if overall.method is Method.FIXED_HORIZON:
        overall = replace(overall, spread=Spread.UNPOOLED)
    return Rules(overall=overall, slices=slices, guard=guard)


def compare(metric: Metric, role: ExperimentMetric, *, found: Estimates, rules: Rules) -> Compared:
    """Return the metric's comparisons by each of its estimators."""
    chosen, raw = judged(found.raw, found.cuped), _effects(found.raw, rules, metric)
    guarded = None
    if role.role is MetricRole.GUARDRAIL:
        guarded = _guarded(chosen.side, metric, margin=float(role.margin or 0), rule=rules.guard)
    return Compared(
        metric=metric,
        role=role,
        estimates=found,
        judged=chosen,
        effects=raw if found.cuped is None else _effects(chosen.side, rules, metric),
        raw=raw,
        cuped=None if found.cuped is None else _effects(found.cuped, rules, metric),
        uncapped=None if found.uncapped is None else _effects(found.uncapped, rules, metric)[0],
        stratified=None if found.stratified is None else _effects(found.stratified, rules, metric)[0],
        guards=guarded,
    )


def rows_of(parts: Sequence[Effects]) -> Rows:
    """Return what may be shown of effects of all units and then of the groups, in one list."""
    return [row for each in parts for row in each.rows()]


def joined(parts: Sequence[Effects], name: str) -> Floats:
    """Return one array of effects of all units and then of the groups."""
    return np.concatenate([np.asarray(getattr(each, name), dtype=np.float64) for each in parts])


def beside(side: Side) -> tuple[Side, Side]:
    """Return the treatments' sides, and for each of them the control's, of a side whose last axis is variations."""
    return side[..., 1:], side[..., [0] * (side.count.shape[-1] - 1)]


def _guarded(side: Side, metric: Metric, *, margin: float, rule: Rule) -> Guards:
    treatment, control = beside(side)
    better = 1 if metric.direction is Direction.INCREASE else -1
    if not metric.is_share:
        return guards(treatment, control, rule=rule, better=better, margin=margin)
    treatment, control = with_rare_events(treatment, control)
    least = error_at_margin(treatment, control, better=better, margin=margin)
    return guards(treatment, control, rule=rule, better=better, margin=margin, least_error=least)


def farthest_of(metric: Metric) -> float:
    """Return the most by which two variations can differ: a share lies between 0 and 1."""
    return 1.0 if metric.is_share else np.inf


def _effects(side: Side, rules: Rules, metric: Metric) -> tuple[Effects, ...]:
    treatment, control = beside(side)
    found = [effects(treatment[:1], control[:1], rule=rules.overall)]
    if len(side.count) > 1:
        found.append(effects(treatment[1:], control[1:], rule=rules.slices))
    return tuple(within(each, farthest=farthest_of(metric)) for each in found)
