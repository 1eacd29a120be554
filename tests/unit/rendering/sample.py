"""A report to show: made up, of numbers that go together."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from variate.analysis.comparison import (
    Belief,
    Comparison,
    Effect,
    Estimator,
    Exact,
    Finding,
    Guard,
    Heterogeneity,
    Lift,
    Method,
    MetricResult,
    Point,
    Safety,
    Series,
    Slice,
)
from variate.analysis.report import (
    Check,
    CheckKind,
    CheckStatus,
    Health,
    Progress,
    RatioDay,
    RatioTest,
    Report,
    ReportVariation,
    Reproduction,
    Verdict,
    VerdictKind,
)
from variate.model.design import MetricRole
from variate.model.document import Document
from variate.model.look import Look
from variate.model.metric import Direction, MetricKind
from variate.model.plan import Plan
from variate.stats.not_estimable import NotEstimable, NotEstimableReason

AT = datetime(2026, 3, 15, 9, 30, tzinfo=UTC)
START = datetime(2026, 3, 1, tzinfo=UTC)
VARIATIONS = ("control", "new-checkout", "express")


def effect(difference: float, *, error: float, base: float, method: Method = Method.GROUP_SEQUENTIAL) -> Effect:
    """Return an effect with 95 % intervals of 1.96 errors, the lift's without the control's own error."""
    half = 1.96 * error
    return Effect(
        difference=difference,
        standard_error=error,
        low=difference - half,
        high=difference + half,
        confidence=0.95,
        lift=Lift(value=difference / base, low=(difference - half) / base, high=(difference + half) / base),
        statistic=difference / error,
        p_value=math.erfc(abs(difference / error) / math.sqrt(2)),
        method=method,
    )


def comparison(variation: str, found: Effect, *, base: float = 0.1, units: int = 10_000) -> Comparison:
    """Return a comparison whose judged effect is CUPED's ``found``, with a wider raw one beside it."""
    clear = abs(found.statistic) > 1.96
    better = Finding.BETTER if found.difference > 0 else Finding.WORSE
    return Comparison(
        variation=variation,
        units=units,
        estimate=base + found.difference,
        effect=found,
        judged=Estimator.CUPED,
        raw=effect(found.difference * 1.1, error=found.standard_error * 1.3, base=base),
        cuped=found,
        uncapped=None,
        stratified=None,
        variance_reduction=0.41,
        adjusted_p=min(1.0, 2 * (found.p_value or 0.0)),
        finding=better if clear else Finding.NOT_SHOWN,
        guard=None,
        belief=Belief(chance=0.97, loss=0.0001, prior=0.02),
        exact=None,
        warnings=(),
    )


def missing(variation: str, reason: NotEstimableReason, *, units: int = 12) -> Comparison:
    """Return a comparison of which nothing can be estimated."""
    none = NotEstimable(reason)
    return Comparison(
        variation=variation,
        units=units,
        estimate=none,
        effect=none,
        judged=Estimator.RAW,
        raw=none,
        cuped=none,
        uncapped=None,
        stratified=None,
        variance_reduction=none,
        adjusted_p=None,
        finding=Finding.NOT_SHOWN,
        guard=None,
        belief=none,
        exact=None,
        warnings=(),
    )


def series(variation: str, *, days: int = 14, difference: float = 0.01, error: float = 0.02) -> Series:
    """Return a course whose band narrows by the root of the days; the first point has none."""
    points = [
        Point(
            day=START.date() + timedelta(days=day),
            units=1_000 * (day + 1),
            difference=difference + 0.3 * error * math.sin(day) / math.sqrt(day + 1),
            low=None if day == 0 else difference - error * 2 / math.sqrt(day + 1),
            high=None if day == 0 else difference + error * 2 / math.sqrt(day + 1),
        )
        for day in range(days)
    ]
    return Series(variation=variation, points=tuple(points))


def metric(
    name: str,
    comparisons: tuple[Comparison, ...],
    *,
    kind: MetricKind = MetricKind.PROPORTION,
    role: MetricRole = MetricRole.GOAL,
    base: float = 0.1,
    slices: tuple[Slice, ...] = (),
    courses: tuple[Series, ...] = (),
) -> MetricResult:
    """Return a metric's result whose overall slice has these comparisons."""
    overall = Slice(dimension="", value=None, control_units=10_000, control=base, comparisons=comparisons)
    return MetricResult(
        metric_id=name,
        name=name,
        kind=kind,
        direction=Direction.INCREASE,
        role=role,
        margin=None,
        not_estimable=None,
        cap=None,
        cut_share=None,
        waiting=0,
        unmeasured=0,
        slices=(overall, *slices),
        heterogeneity=(),
        series=courses,
    )


def undefined_metric(name: str) -> MetricResult:
    """Return what stands for a metric that nobody has defined."""
    found = metric(name, (), role=MetricRole.SECONDARY)
    return replace(found, kind=None, direction=None, not_estimable=NotEstimableReason.NOT_DEFINED, slices=())


def health(variations: tuple[str, ...] = VARIATIONS, *, days: int = 14) -> Health:
    """Return good health but for one odd day and some late events."""
    share = 700
    by_day = []
    for day in range(days):
        units = [share + (37 * day * (place + 1)) % 29 for place in range(len(variations))]
        if day == 4 and days > 4:
            units[-1] -= 150
        by_day.append(_ratio(tuple(units), day=START.date() + timedelta(days=day), is_flagged=day == 4))
    words = {
        CheckKind.SAMPLE_RATIO: (CheckStatus.OK, "Units are shared out as configured (p 0.41)."),
        CheckKind.SAMPLE_RATIO_BY_DAY: (CheckStatus.WARNING, "On 1 day of 14 they are not."),
        CheckKind.CROSSOVERS: (CheckStatus.OK, "12 units met two variations and are left out."),
        CheckKind.COMPLETENESS: (CheckStatus.OK, "99.98 % of the numbered events were received."),
        CheckKind.LATE_DATA: (CheckStatus.WARNING, "118 events came late."),
    }
    return Health(
        checks=tuple(Check(kind=kind, status=status, words=text) for kind, (status, text) in words.items()),
        sample_ratio=_ratio(tuple(10_000 + place for place in range(len(variations))), p=0.41),
        sequential_p=1.0,
        by_dimension=(
            replace(_ratio(tuple(5_000 for _ in variations), p=0.5), dimension="country", value="DE"),
            replace(_ratio(tuple(10 for _ in variations), p=0.8), dimension="country", value=None),
        ),
        by_day=tuple(by_day),
        cumulative=tuple(
            RatioDay(day=each.day or date.min, units=each.units, p_value=0.4, sequential_p=1.0) for each in by_day
        ),
        crossed=12,
        crossed_share=0.0004,
        crossed_tolerated=0.01,
        overridden=3,
        unknown=0,
        received=99_980,
        expected=100_000,
        late=118,
    )


def _ratio(units: tuple[int, ...], *, day: date | None = None, p: float = 0.3, is_flagged: bool = False) -> RatioTest:
    p_value = 1.3e-7 if is_flagged else p
    return RatioTest(dimension="", value=None, day=day, units=units, p_value=p_value, flagged=is_flagged)


def look(number: int) -> Look:
    """Return a look of a plan of 60,000 units."""
    return Look(
        experiment_id="checkout",
        version=1,
        number=number,
        at=START + timedelta(days=5 * number),
        units=10_000 * number,
        fraction=number / 6,
        alpha=0.025,
        spent=0.00001 * number,
        critical=4.8 / number,
    )


def report(
    metrics: tuple[MetricResult, ...] | None = None,
    *,
    variations: tuple[str, ...] = VARIATIONS,
    verdict: VerdictKind = VerdictKind.SHIP,
    days: int = 14,
) -> Report:
    """Return a report on these metrics, or on one of each sort."""
    return Report(
        experiment_id="checkout",
        name="New checkout",
        version=1,
        hypothesis="Fewer steps let more people finish.",
        unit_type="user",
        control=variations[0],
        variations=tuple(
            ReportVariation(name=name, weight=1, share=1 / len(variations), units=10_000 + place, expected=10_000.0)
            for place, name in enumerate(variations)
        ),
        at=AT,
        start=START,
        until=None,
        verdict=Verdict(
            kind=verdict,
            variation=variations[1] if verdict is VerdictKind.SHIP else None,
            reasons=(
                "Purchase is better by 1.20 pp, beyond what 20 looks may show by chance.",
                "The guardrail is safe.",
            ),
            missing=() if verdict is VerdictKind.SHIP else ("It waits for 30,000 more units, about 15 days.",),
        ),
        health=health(variations, days=days),
        progress=Progress(
            units=30_003,
            planned_units=60_000,
            planned_end=START + timedelta(days=28),
            fraction=0.5,
            looks=(look(1), look(2)),
            critical=2.96,
            is_ended=False,
            units_per_day=2_100.0,
            days_left=14.3,
        ),
        metrics=_metrics() if metrics is None else metrics,
        reproduction=Reproduction(
            metrics=Document.of([{"id": "purchase", "kind": "proportion"}], field="metrics"),
            plan=Plan(units=60_000),
            alpha=0.05,
            alpha_each=0.025,
            dimensions=("country",),
            methods=("Units enter by their first exposure.", "Goals are tested by a group sequential test."),
            through="event 123456",
            variate_version="0.0.0",
            digest="0f" * 32,
            overridden_digest="1e" * 32,
        ),
    )


def _metrics() -> tuple[MetricResult, ...]:
    first, second = VARIATIONS[1:]
    countries = tuple(
        Slice(
            dimension="country",
            value=value,
            control_units=5_000,
            control=0.1,
            comparisons=(
                comparison(first, effect(shift, error=0.006, base=0.1), units=5_000),
                comparison(second, effect(-shift / 3, error=0.006, base=0.1), units=5_000),
            ),
        )
        for value, shift in (("DE", 0.016), ("FR", 0.004), (None, 0.01))
    )
    purchase = metric(
        "Purchase",
        (
            comparison(first, effect(0.012, error=0.003, base=0.1)),
            comparison(second, effect(-0.001, error=0.003, base=0.1)),
        ),
        slices=countries,
        courses=(series(first), series(second, difference=-0.001)),
    )
    return (
        replace(
            purchase,
            heterogeneity=(
                Heterogeneity(dimension="country", variation=first, q=5.12, freedom=2, p_value=0.08, adjusted_p=0.16),
                Heterogeneity(dimension="country", variation=second, q=1.0, freedom=2, p_value=None, adjusted_p=None),
            ),
        ),
        replace(_revenue(), cap=480.0, cut_share=0.021, waiting=640),
        _latency(),
        undefined_metric("nps"),
    )


def _revenue() -> MetricResult:
    first, second = VARIATIONS[1:]
    found = comparison(first, effect(0.812, error=0.42, base=14.2263), base=14.2263)
    return metric(
        "Revenue a user",
        (
            replace(
                found, uncapped=effect(0.9, error=0.8, base=14.2263), warnings=("Few units carry most of the total.",)
            ),
            missing(second, NotEstimableReason.TOO_FEW_UNITS),
        ),
        kind=MetricKind.MEAN,
        role=MetricRole.SECONDARY,
        base=14.2263,
        courses=(series(first, difference=0.8, error=1.1),),
    )


def _latency() -> MetricResult:
    first, second = VARIATIONS[1:]
    guard = Guard(margin=0.005, alpha=0.05, bound=0.0021, safe_p=0.0004, harm_p=0.93, safety=Safety.SAFE)
    harmed = replace(guard, bound=None, safe_p=1.0, harm_p=1e-9, safety=Safety.HARMED)
    unbounded = replace(effect(-0.02, error=0.002, base=0.01), low=None, high=None, p_value=None)
    unbounded = replace(unbounded, lift=Lift(value=-2.0, low=None, high=None), method=Method.CONFIDENCE_SEQUENCE)
    exact = Exact(p_value=0.02, low=-0.03, high=-0.001, confidence=0.95)
    found = metric(
        "Refunds",
        (
            replace(comparison(first, effect(0.0003, error=0.001, base=0.01), base=0.01), guard=guard),
            replace(comparison(second, unbounded, base=0.01), guard=harmed, exact=exact, adjusted_p=None),
        ),
        role=MetricRole.GUARDRAIL,
        base=0.01,
    )
    return replace(found, direction=Direction.DECREASE, margin=0.005)
