"""The sides of one metric by each estimator there is, by group and variation."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from variate.analysis.gathering import Groups, by_group, quantiles_by_group
from variate.model.metric import Metric, MetricKind
from variate.stats.cuped import cuped_sides
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Moments
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.quantiles import quantile_side
from variate.stats.ratios import ratio_side
from variate.stats.sides import Side, code_of
from variate.stats.strata import post_stratified
from variate.stores.aggregates import MetricMoments, MetricQuantiles

_VALUE, _LOWER, _UNCAPPED = "y", "d", "raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """Sides of shape (groups, variations), but ``stratified``, over all units: (1, variations).

    None where the metric has no such estimator. ``moments`` are those of its variables ``y`` and, of a ratio, ``d``.
    """

    raw: Side
    cuped: Side | None = None
    uncapped: Side | None = None
    stratified: Side | None = None
    moments: Moments | None = None
    cut_share: float | None = None


def estimates(
    metric: Metric,
    found: MetricMoments | MetricQuantiles,
    *,
    groups: Groups,
    periods: int,
    variations: int,
    strata: str | None,
) -> Estimates:
    """Return the metric's sides; ``strata`` is the dimension to stratify by, where there is one."""
    if isinstance(found, MetricQuantiles):
        grid = quantiles_by_group(found, groups=groups, variations=variations)
        side = quantile_side(grid.units, grid.quantile, standard_error=grid.standard_error)
        if periods > 1:
            side = replace(side, reasons=np.full_like(side.reasons, code_of(NotEstimableReason.REWEIGHED)))
        return Estimates(raw=side)
    moments = by_group(found.moments, cells=found.cells, groups=groups, periods=periods, variations=variations)
    return Estimates(
        raw=raw_side(metric, moments, found.variables),
        cuped=cuped_side(metric, moments, found.variables),
        uncapped=_uncapped(metric, moments, found.variables),
        stratified=_stratified(metric, moments, found.variables, [] if strata is None else groups.of(strata)),
        moments=moments,
        cut_share=_cut_share(moments, found.variables),
    )


def raw_side(metric: Metric, moments: Moments, variables: tuple[str, ...]) -> Side:
    """Return the metric's plain sides, of moments of any shape."""
    upper = variables.index(_VALUE)
    if metric.kind is MetricKind.RATIO:
        return ratio_side(moments, upper=upper, lower=variables.index(_LOWER))
    return mean_side(moments, variable=upper)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The sides that are judged, and in which groups they are CUPED's."""

    side: Side
    is_adjusted: npt.NDArray[np.bool_]


def judged(raw: Side, adjusted: Side | None) -> Judged:
    """Return the adjusted sides where CUPED can be, else the plain ones; variations are the last axis.

    All variations of a cell have one estimator: the difference of an adjusted and a plain estimate means nothing. A
    covariate that leaves no variance is no covariate but the metric itself.
    """
    if adjusted is None:
        return Judged(side=raw, is_adjusted=np.zeros(raw.count.shape[:-1], dtype=bool))
    is_nothing_left = (adjusted.variance == 0) & (raw.variance > 0)
    can_be = (adjusted.reasons == 0) & np.logical_not(is_nothing_left)
    is_adjusted = (can_be | (raw.reasons != 0)).all(axis=-1, keepdims=True)
    raw_spread = raw.variance if raw.baseline_variance is None else raw.baseline_variance
    spread = adjusted.variance if adjusted.baseline_variance is None else adjusted.baseline_variance
    side = Side(
        count=raw.count,
        estimate=np.where(is_adjusted, adjusted.estimate, raw.estimate),
        variance=np.where(is_adjusted, adjusted.variance, raw.variance),
        freedom=np.where(is_adjusted, adjusted.freedom, raw.freedom),
        baseline=np.where(is_adjusted, adjusted.baseline, raw.baseline),
        reasons=np.where(is_adjusted, adjusted.reasons, raw.reasons).astype(np.int8),
        baseline_variance=np.where(is_adjusted, spread, raw_spread),
    )
    return Judged(side=side, is_adjusted=is_adjusted[..., 0])


def cuped_side(metric: Metric, moments: Moments, variables: tuple[str, ...]) -> Side | None:
    """Return the sides adjusted by the metric's covariates, of moments whose last axis is variations; None without."""
    covariates = [place for place, name in enumerate(variables) if name.rstrip("0123456789") in ("x", "missing")]
    if not covariates:
        return None
    lower = variables.index(_LOWER) if metric.kind is MetricKind.RATIO else None
    return cuped_sides(moments, covariates=covariates, upper=variables.index(_VALUE), lower=lower)


def _uncapped(metric: Metric, moments: Moments, variables: tuple[str, ...]) -> Side | None:
    if _UNCAPPED not in variables:
        return None
    upper = variables.index(_UNCAPPED)
    if metric.kind is MetricKind.RATIO:
        return ratio_side(moments, upper=upper, lower=variables.index(_LOWER))
    return mean_side(moments, variable=upper)


def _stratified(metric: Metric, moments: Moments, variables: tuple[str, ...], strata: list[int]) -> Side | None:
    """Return the sides over the strata: of means and shares only, since a ratio's parts do not add up by units."""
    if len(strata) < 2 or metric.kind is MetricKind.RATIO:
        return None
    return post_stratified(raw_side(metric, moments[strata], variables)).sides[None, :]


def _cut_share(moments: Moments, variables: tuple[str, ...]) -> float | None:
    """Return the share of all units' total that the cap took away, None without a cap or a total."""
    if _UNCAPPED not in variables:
        return None
    with np.errstate(all="ignore"):
        sums = (moments.count[0, :, None] * moments.mean[0]).sum(axis=0)
        share = float(1 - sums[variables.index(_VALUE)] / sums[variables.index(_UNCAPPED)])
    return share if np.isfinite(share) else None
