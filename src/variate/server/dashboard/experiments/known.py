"""What is known of a metric from what was reported: its baseline, and how many units come a day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from variate.errors import InvalidInputError, VariateError
from variate.model.metric import MetricKind
from variate.platform import Platform
from variate.server.dashboard.experiments.planning import metric_of
from variate.server.dashboard.form import Form
from variate.server.dashboard.visit import Visit

if TYPE_CHECKING:
    from variate.analysis.comparison import MetricResult
    from variate.analysis.report import Report

FIND = "power:find"
"""What the button says that looks for a baseline."""
_HEADS = 50
_REPORTS = 8
"""Most reports that are read to find one of the metric: each is as large as its experiment."""
_SHARES = (MetricKind.PROPORTION, MetricKind.RETENTION, MetricKind.FUNNEL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a report says of a metric's control. ``deviation`` is of one unit's part, None of a share."""

    metric_id: str
    experiment_id: str
    name: str
    at: datetime
    is_share: bool
    level: float
    deviation: float | None
    correlation: float | None
    units_per_day: float | None


def found(visit: Visit) -> Known | None:
    """Return what is known of the form's metric where the button asked for it, and put it into the calculator."""
    form = visit.form
    if form.pressed != FIND:
        return None
    with form.noting():
        metric_id = metric_of(form)
        if not metric_id:
            raise InvalidInputError("power.metric", "must be given, or a goal among the metrics")
        try:
            known = known_of(visit.platform, metric_id)
        except VariateError as error:  # what was typed is not to go where a store does
            raise InvalidInputError("power.metric", f"has no report that can be read now: {error}") from error
        if known is None:
            raise InvalidInputError("power.metric", "is in none of the newest reports: type what you know of it")
        _put(form, known)
        return known
    return None


def known_of(platform: Platform, metric_id: str) -> Known | None:
    """Return what the newest report says of the metric, each experiment's newest looked at, of the latest few."""
    heads = {head.experiment_id: head for head in reversed(platform.list_reports(limit=_HEADS).items)}
    newest = sorted(heads.values(), key=lambda head: head.at, reverse=True)[:_REPORTS]
    for head in newest:
        report = platform.get_report(head.id)
        for result in report.metrics:
            known = _known(report, result) if result.metric_id == metric_id else None
            if known is not None:
                return known
    return None


def _known(report: Report, result: MetricResult) -> Known | None:
    from variate.stats.not_estimable import NotEstimable

    overall = result.overall
    if overall is None or isinstance(overall.control, NotEstimable):
        return None
    is_share = result.kind in _SHARES
    deviation = correlation = None
    for each in overall.comparisons:
        if isinstance(each.raw, NotEstimable) or not each.units or not overall.control_units:
            continue
        a_unit = each.raw.standard_error**2 / (1 / each.units + 1 / overall.control_units)
        deviation = math.sqrt(a_unit)
        if isinstance(each.variance_reduction, float) and 0 < each.variance_reduction < 1:
            correlation = math.sqrt(each.variance_reduction)
        break
    if not is_share and deviation is None:
        return None
    return Known(
        metric_id=result.metric_id,
        experiment_id=report.experiment_id,
        name=report.name,
        at=report.at,
        is_share=is_share,
        level=overall.control,
        deviation=None if is_share else deviation,
        correlation=correlation,
        units_per_day=report.progress.units_per_day,
    )


def _put(form: Form, known: Known) -> None:
    form.put("power.metric", known.metric_id)
    form.put("power.kind", "share" if known.is_share else "amount")
    form.put("power.baseline", f"{100 * known.level if known.is_share else known.level:.6g}")
    form.put("power.deviation", "" if known.deviation is None else f"{known.deviation:.6g}")
    form.put("power.covariate_correlation", "" if known.correlation is None else f"{known.correlation:.3f}")
    if known.units_per_day and not form.text("power.daily_units"):
        form.put("power.daily_units", f"{known.units_per_day:.6g}")
