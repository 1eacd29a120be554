"""What is found of every metric, multiplicity allowed for, as values of a report.

Goals share the plan's error by Bonferroni, in their intervals already. Secondary metrics are adjusted over all of them
and all variations by Benjamini & Hochberg (1995), and so are the dimensions' values, and the heterogeneity tests.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from variate.analysis.comparing import Compared, beside, joined, rows_of
from variate.analysis.comparison import (
    Belief,
    Comparison,
    Effect,
    Estimator,
    Exact,
    Finding,
    Heterogeneity,
    Number,
    Slice,
)
from variate.analysis.gathering import Groups
from variate.analysis.warning import warnings_of
from variate.model.design import MetricRole
from variate.stats.differences import Differences, difference
from variate.stats.heterogeneity import MIN_UNITS, heterogeneity
from variate.stats.moments import Floats
from variate.stats.multiplicity import benjamini_hochberg
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.sequence import cautious_standard_error
from variate.stats.sides import REASONS, Side, code_of

T = TypeVar("T")

_FINDINGS = {1: Finding.BETTER, -1: Finding.WORSE, 0: Finding.NOT_SHOWN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjusted:
    """A metric's p-values with those beside them, NaN where there is none, and what that says: 1 better, -1 worse."""

    p_values: Floats
    findings: Floats


def adjusted(all_compared: Sequence[Compared], *, alpha: float, tests: int) -> list[Adjusted]:
    """Return the adjusted p-values of each metric, of all of which some are one family."""
    own = [_own(each, "p_value") for each in all_compared]
    overall = [each[:1] for each in own]
    secondary = [each.role.role is MetricRole.SECONDARY for each in all_compared]
    families = _together([p for p, is_one in zip(overall, secondary, strict=True) if is_one])
    slices = _together([each[1:] for each in own])
    found = []
    for compared, p_values, of_slices in zip(all_compared, overall, slices, strict=True):
        signs = np.sign(_own(compared, "statistic")) * compared.better
        if compared.role.role is MetricRole.SECONDARY:
            first = families.pop(0)
            shown = np.where(first <= alpha, signs[:1], 0.0)
        else:
            goals = tests if compared.role.role is MetricRole.GOAL else 1
            first = np.minimum(p_values * goals, 1.0)
            shown = compared.effects[0].is_beyond * compared.better
        rest = np.where(of_slices <= alpha, signs[1:], 0.0)
        found.append(
            Adjusted(p_values=np.concatenate([first, of_slices]), findings=np.nan_to_num(np.concatenate([shown, rest])))
        )
    return found


def slices_of(
    compared: Compared,
    found: Adjusted,
    *,
    groups: Groups,
    variations: Sequence[str],
    beliefs: list[list[Belief | NotEstimable]],
    exact: Sequence[Exact | None],
) -> tuple[Slice, ...]:
    """Return the metric's slices, that of all units first."""
    estimates = compared.estimates
    raw = rows_of(compared.raw)
    cuped = None if compared.cuped is None else rows_of(compared.cuped)
    uncapped, stratified = (None if each is None else each.rows() for each in (compared.uncapped, compared.stratified))
    guards = None if compared.guards is None else compared.guards.rows()
    own, warnings = numbers_of(estimates.raw), warnings_of(compared)
    units = np.where(np.isfinite(estimates.raw.count), estimates.raw.count, 0).astype(np.int64).tolist()
    p_values, findings = found.p_values.tolist(), found.findings.astype(int).tolist()
    is_adjusted = compared.judged.is_adjusted.tolist()
    slices = []
    for place, (dimension, value) in enumerate(groups.keys):
        comparisons = tuple(
            Comparison(
                variation=variations[column + 1],
                units=units[place][column + 1],
                estimate=own[place][column + 1],
                effect=raw[place][column] if cuped is None or not is_adjusted[place] else cuped[place][column],
                judged=Estimator.CUPED if is_adjusted[place] else Estimator.RAW,
                raw=raw[place][column],
                cuped=_cell(cuped, place, column),
                uncapped=None if place else _cell(uncapped, 0, column),
                stratified=None if place else _cell(stratified, 0, column),
                variance_reduction=_reduction(raw[place][column], _cell(cuped, place, column)),
                adjusted_p=_number(p_values[place][column]),
                finding=_FINDINGS[findings[place][column]],
                guard=_cell(guards, place, column),
                belief=beliefs[place][column],
                exact=None if place else exact[column],
                warnings=() if place else warnings[column],
            )
            for column in range(len(variations) - 1)
        )
        slices.append(
            Slice(
                dimension=dimension,
                value=value,
                control_units=units[place][0],
                control=own[place][0],
                comparisons=comparisons,
            )
        )
    return tuple(slices)


def heterogeneities(
    all_compared: Sequence[Compared],
    *,
    groups: Groups,
    dimensions: Sequence[str],
    variations: Sequence[str],
    is_final: bool,
) -> list[tuple[Heterogeneity, ...]]:
    """Return each metric's tests that its effects are one over a dimension's values, adjusted over all of them.

    Values with few units on a side are passed over.
    """
    places = {dimension: groups.of(dimension) for dimension in dimensions}
    rows: list[list[tuple[str, str, Number, int, float]]] = []
    for compared in all_compared:
        side = compared.judged.side
        of_metric: list[tuple[str, str, Number, int, float]] = []
        for dimension, of_dimension in places.items():
            tested = heterogeneity(_told_well(*beside(side[of_dimension])), axis=0)
            of_metric += [
                (
                    dimension,
                    variations[column + 1],
                    q if (why := REASONS[reason]) is None else NotEstimable(why),
                    max(int(freedom), 0),
                    p if is_final and reason == 0 else np.nan,
                )
                for column, (q, freedom, p, reason) in enumerate(
                    zip(
                        tested.statistic.tolist(),
                        tested.freedom.tolist(),
                        tested.p_value.tolist(),
                        tested.reasons.tolist(),
                        strict=True,
                    )
                )
            ]
        rows.append(of_metric)
    families = _together([np.asarray([each[4] for each in of_metric], dtype=np.float64) for of_metric in rows])
    return [
        tuple(
            Heterogeneity(
                dimension=dimension,
                variation=variation,
                q=q,
                freedom=freedom,
                p_value=_number(p),
                adjusted_p=_number(float(adjusted_p)),
            )
            for (dimension, variation, q, freedom, p), adjusted_p in zip(of_metric, of_family, strict=True)
        )
        for of_metric, of_family in zip(rows, families, strict=True)
    ]


def _told_well(treatment: Side, control: Side) -> Differences:
    """Return the differences of slices with the error they are shown with, without those where that is too rough."""
    found, error = difference(treatment, control), cautious_standard_error(treatment, control)
    is_rough = np.minimum(treatment.count, control.count) < MIN_UNITS
    too_few = code_of(NotEstimableReason.TOO_FEW_UNITS)
    reasons = np.where((found.reasons == 0) & is_rough, too_few, found.reasons).astype(np.int8)
    return replace(found, standard_error=np.where(reasons == 0, error, np.nan), reasons=reasons)


def numbers_of(side: Side) -> list[list[Number]]:
    """Return what may be shown of the estimates, by group and variation."""
    return [
        [NotEstimable(why) if (why := REASONS[code]) is not None else value for code, value in zip(*row, strict=True)]
        for row in zip(side.reasons.tolist(), side.estimate.tolist(), strict=True)
    ]


def _own(compared: Compared, name: str) -> Floats:
    """Return an array of the effects that are judged, NaN where there is no effect."""
    reasons = np.concatenate([each.found.reasons for each in compared.effects])
    return np.where(reasons == 0, joined(compared.effects, name), np.nan)


def _together(families: list[Floats]) -> list[Floats]:
    """Return the p-values of several arrays adjusted as one family."""
    if not families:
        return []
    flat = benjamini_hochberg(np.concatenate([each.ravel() for each in families]))
    ends = np.cumsum([each.size for each in families])[:-1]
    return [part.reshape(each.shape) for part, each in zip(np.split(flat, ends), families, strict=True)]


def _cell(table: list[list[T]] | None, place: int, column: int) -> T | None:
    return None if table is None else table[place][column]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _reduction(raw: Effect | NotEstimable, cuped: Effect | NotEstimable | None) -> Number | None:
    """Return the share of the raw effect's variance that is gone; None without covariates."""
    if cuped is None or isinstance(cuped, NotEstimable):
        return cuped
    if isinstance(raw, NotEstimable) or raw.standard_error == 0:
        return NotEstimable(NotEstimableReason.ZERO_VARIANCE)
    return 1 - (cuped.standard_error / raw.standard_error) ** 2
