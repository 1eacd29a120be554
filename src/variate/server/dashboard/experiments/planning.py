"""The power calculator of the form: how many units a plan takes, for how many days, and until when.

It reckons by what ``variate power`` reckons by. The statistics are imported when somebody asks: they take their time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from variate.errors import InvalidInputError
from variate.model.design import MetricRole
from variate.model.metric import Direction
from variate.model.plan import UNPLANNED, Spending
from variate.model.rules import check_choice
from variate.rendering.numbers import Quantity, count_words
from variate.server.dashboard.form import Form
from variate.server.dashboard.templating import for_input
from variate.server.dashboard.visit import Visit

if TYPE_CHECKING:
    from variate.stats.baselines import Baseline
    from variate.stats.sizing import Answer, Asked

RECKON, USE = "power:reckon", "power:use"
"""What the buttons say that reckon, and that take what was reckoned over into the plan."""
KINDS = (("share", "a share of the units, such as who buys"), ("amount", "an average a unit, a ratio or a quantile"))
SCALES = (("relative", "% of the baseline"), ("own", "percentage points, or the metric's own unit"))
_FIELDS = {
    "baseline": "power.baseline",
    "baseline.deviation": "power.deviation",
    "baseline.mean": "power.baseline",
    "baseline.rate": "power.baseline",
    "covariate_correlation": "power.covariate_correlation",
    "daily_units": "power.daily_units",
    "is_relative": "power.scale",
    "mde": "power.mde",
    "power": "power.power",
    "alpha": "plan.alpha",
    "looks": "plan.looks",
    "spending": "plan.spending",
    "shares": "variations",
    "goals": "metrics",
}
"""Where in the form stands what the statistics call so."""
_TO_RECKON = "must be given, to reckon a plan"
_WEEK = 7
_MOST_DAYS = 3_650
_LATEST_START = datetime.max.replace(tzinfo=UTC) - timedelta(days=_MOST_DAYS + _WEEK)
"""Who begins later has an end beyond what a moment can say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """What another effect would take."""

    effect: str
    units: str
    days: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What was reckoned: ``facts`` in words, ``by_variation`` pairs of name and units.

    ``days`` and what follows is None where nobody said how many units come a day, and where it takes over ten years.
    ``ends_at`` is when whole ``weeks`` are over, as people differ on weekends.
    """

    facts: Sequence[tuple[str, str]]
    by_variation: Sequence[tuple[str, int]]
    total: int
    days: int | None
    reached_at: datetime | None
    weeks: int | None
    ends_at: datetime | None
    others: Sequence[Other]


def reckoned(visit: Visit, *, goals: int = 0) -> Planned | None:
    """Return what is reckoned where a button asked for it; what is wrong with a field stands in the form then.

    ``goals`` are judged beside those in the form's rows. By the button ``USE`` the plan takes it over.
    """
    form = visit.form
    if form.pressed not in (RECKON, USE):
        return None
    with form.noting():
        planned = _planned(visit, goals=goals)
        if form.pressed == USE:
            _use(form, planned)
        return planned
    return None


def _use(form: Form, planned: Planned) -> None:
    form.put("plan.units", str(planned.total))
    if planned.ends_at is not None:
        form.put("ends_at", for_input(planned.ends_at))


def _planned(visit: Visit, *, goals: int) -> Planned:
    from variate.rendering.sizes import change_words, size_fields
    from variate.stats.sizing import answered

    form = visit.form
    kind = Quantity.AMOUNT if form.text("power.kind") == "amount" else Quantity.SHARE
    baseline = _baseline(form, kind)
    names, weights = _sides(form)
    asked = _asked(visit, kind, level=baseline.level, shares=weights, goals=goals)
    try:
        answer = answered(baseline, asked=asked)
    except InvalidInputError as error:
        raise InvalidInputError(_FIELDS.get(error.field, "power.mde"), error.rule) from error
    days = answer.size.days
    start = max(visit.now, form.moment("starts_at") or visit.now).replace(second=0, microsecond=0)
    is_near = days is not None and days <= _MOST_DAYS and start <= _LATEST_START
    weeks = math.ceil(days / _WEEK) if days is not None and is_near else None
    return Planned(
        facts=[(name, words) for name, words in size_fields(answer, of=kind) if name not in ("units", "days")],
        by_variation=[*zip(names, answer.size.units, strict=True)],
        total=answer.size.total,
        days=days,
        reached_at=start + timedelta(days=days) if days is not None and is_near else None,
        weeks=weeks,
        ends_at=None if weeks is None else start + timedelta(days=weeks * _WEEK),
        others=[
            Other(
                effect=change_words(each.effect, answer, of=kind),
                units=count_words(each.units),
                days=_days(each.units, answer),
            )
            for each in answer.others
        ],
    )


def _days(units: int, answer: Answer) -> str:
    return "" if answer.daily_units is None else count_words(math.ceil(units / answer.daily_units))


def _baseline(form: Form, kind: Quantity) -> Baseline:
    from variate.stats.baselines import MeanBaseline, ProportionBaseline

    level = form.needed("power.baseline", _TO_RECKON)
    if kind is Quantity.AMOUNT:
        deviation = form.needed("power.deviation", _TO_RECKON)
        if not deviation > 0:
            raise InvalidInputError("power.deviation", "must be above 0")
        return MeanBaseline(mean=level, deviation=deviation)
    if not 0 < level < 100:
        raise InvalidInputError("power.baseline", f"must be above 0 and below 100 %, not {form.text('power.baseline')}")
    return ProportionBaseline(rate=level / 100)


def _asked(visit: Visit, kind: Quantity, *, level: float, shares: tuple[float, ...], goals: int) -> Asked:
    from variate.stats.sizing import Asked

    form = visit.form
    is_relative = form.text("power.scale") != "own"
    mde = form.needed("power.mde", _TO_RECKON)
    if is_relative and level == 0:
        raise InvalidInputError("power.scale", "cannot be of the baseline, which is 0")
    power = form.number("power.power")
    if power is not None and not 0 < power < 100:
        raise InvalidInputError("power.power", f"must be above 0 and below 100 %, not {form.text('power.power')}")
    looks = form.whole("plan.looks")
    rows = [row for row in form.rows("metrics") if form.text(f"metrics[{row}].metric")]
    goals += sum(form.text(f"metrics[{row}].role") == MetricRole.GOAL for row in rows)
    alpha = form.number("plan.alpha")
    return Asked(
        mde=mde / 100 if is_relative or kind is Quantity.SHARE else mde,
        units=None,
        power=None if power is None else power / 100,
        is_relative=is_relative,
        margin=None,
        expected=None,
        direction=_direction(visit),
        alpha=UNPLANNED.alpha if alpha is None else alpha,
        variations=None,
        shares=shares,
        goals=max(1, goals),
        looks=UNPLANNED.looks if looks is None else looks,
        spending=check_choice("plan.spending", form.text("plan.spending") or UNPLANNED.spending, Spending),
        always_valid=False,
        covariate_correlation=form.number("power.covariate_correlation"),
        cluster_size=None,
        icc=None,
        daily_units=form.number("power.daily_units"),
    )


def _sides(form: Form) -> tuple[list[str], tuple[float, ...]]:
    """Return the names and the weights of the variations that get units, the control first."""
    rows = form.rows("variations")
    control = next((row for row in rows if form.text("control") == str(row)), rows[0] if rows else None)
    ordered = [row for row in rows if row == control] + [row for row in rows if row != control]
    weights = {row: form.number(f"variations[{row}].weight") or 0.0 for row in ordered}
    taking = [row for row in ordered if weights[row] > 0]
    if len(taking) < 2 or taking[0] != control:
        raise InvalidInputError("variations", "must be two with a weight above 0, the control among them, to compare")
    return [form.text(f"variations[{row}].name") for row in taking], tuple(weights[row] for row in taking)


def _direction(visit: Visit) -> Direction:
    """Return which way is better of the metric that the calculator names, or the first goal."""
    metric_id = metric_of(visit.form)
    metric = visit.platform.get_metric(metric_id) if metric_id else None
    return Direction.INCREASE if metric is None else metric.direction


def metric_of(form: Form) -> str:
    """Return the metric that is planned for: the one that is named, or the first goal."""
    rows = [row for row in form.rows("metrics") if form.text(f"metrics[{row}].role") == MetricRole.GOAL]
    goals = [found for row in rows if (found := form.text(f"metrics[{row}].metric"))]
    return form.text("power.metric") or next(iter(goals), "")
