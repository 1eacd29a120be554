"""What a report's values are called where people read them: short, and the same on every page."""

from __future__ import annotations

import math
from datetime import datetime

from variate.analysis.comparison import (
    Comparison,
    Effect,
    Estimator,
    Finding,
    Lift,
    Method,
    MetricResult,
    Number,
    Safety,
)
from variate.analysis.report import CheckKind, CheckStatus, Report, VerdictKind
from variate.model import format_instant
from variate.model.design import MetricRole
from variate.model.metric import Direction, MetricKind
from variate.rendering.numbers import (
    UNBOUNDED,
    Quantity,
    difference_words,
    interval_words,
    p_words,
    value_words,
)
from variate.stats.not_estimable import NotEstimable, NotEstimableReason

NOTHING = "-"
"""Where there is nothing to say."""

_SHARES = {MetricKind.PROPORTION, MetricKind.RETENTION, MetricKind.FUNNEL}

REASONS = {
    NotEstimableReason.NO_UNITS: "no units",
    NotEstimableReason.TOO_FEW_UNITS: "too few units",
    NotEstimableReason.ZERO_VARIANCE: "no variance",
    NotEstimableReason.ZERO_DENOMINATOR: "divides by 0",
    NotEstimableReason.NEGATIVE_DENOMINATOR: "denominator below 0",
    NotEstimableReason.CONSTANT_COVARIATE: "covariate does not vary",
    NotEstimableReason.OUT_OF_RANGE: "beyond range",
    NotEstimableReason.NOT_DEFINED: "not defined",
    NotEstimableReason.NO_COMPARISON: "nothing to compare",
    NotEstimableReason.REWEIGHED: "weights were changed",
}
"""Why there is no number, in the cell where it would stand; ``variate.analysis.wording`` says it in a sentence."""

VERDICTS = {
    VerdictKind.SHIP: "Ship",
    VerdictKind.HOLD: "Hold",
    VerdictKind.STOP: "Stop",
    VerdictKind.INVALID: "Invalid",
}

VERDICT_MEANINGS = {
    VerdictKind.SHIP: "A goal is better, none is worse, and every guardrail is safe.",
    VerdictKind.HOLD: "Nothing is decided yet.",
    VerdictKind.STOP: "A guardrail is harmed, or the goals are worse.",
    VerdictKind.INVALID: "The data cannot be trusted. The results stand here to find the fault, not to be acted on.",
}

STATUSES = {
    CheckStatus.OK: "passed",
    CheckStatus.UNKNOWN: "not known",
    CheckStatus.WARNING: "warning",
    CheckStatus.FAILED: "failed",
}

CHECKS = {
    CheckKind.SAMPLE_RATIO: "Sample ratio",
    CheckKind.SAMPLE_RATIO_BY_DIMENSION: "Sample ratio by dimension",
    CheckKind.SAMPLE_RATIO_BY_DAY: "Sample ratio by day",
    CheckKind.CROSSOVERS: "Crossovers",
    CheckKind.OVERRIDDEN: "Overridden units",
    CheckKind.UNKNOWN_EXPOSURES: "Unknown exposures",
    CheckKind.COMPLETENESS: "Completeness",
    CheckKind.LATE_DATA: "Late data",
    CheckKind.WAITING: "Waiting units",
}

CHECK_ADVICE = {
    CheckKind.SAMPLE_RATIO: "Look for a redirect or a crash before the exposure is recorded, for bots, and for a cache "
    "that answers for others; where weights were changed, for units that were assigned long before their exposure. "
    "Then start a new version.",
    CheckKind.SAMPLE_RATIO_BY_DIMENSION: "Look what is peculiar to the units of these values, such as one browser or "
    "release that fails in one variation.",
    CheckKind.SAMPLE_RATIO_BY_DAY: "Look what was released or broke on these days.",
    CheckKind.CROSSOVERS: "Look whether one person has several ids, and whether exposures are recorded by what was "
    "assigned.",
    CheckKind.OVERRIDDEN: "Nothing is to be done: forced units are left out.",
    CheckKind.UNKNOWN_EXPOSURES: "Look for a sender that still names a variation of before.",
    CheckKind.COMPLETENESS: "Look whether senders reach the intake, and send again what they still have.",
    CheckKind.LATE_DATA: "Look which sender is behind; make the report again when its events are in.",
    CheckKind.WAITING: "Wait for the end of the windows; the report after that has these units.",
}
"""What to do where a check did not pass."""

ROLES = {MetricRole.GOAL: "goal", MetricRole.SECONDARY: "secondary", MetricRole.GUARDRAIL: "guardrail"}

FINDINGS = {Finding.BETTER: "better", Finding.WORSE: "worse", Finding.NOT_SHOWN: "not shown"}

SAFETIES = {Safety.SAFE: "safe", Safety.HARMED: "harmed", Safety.NOT_SHOWN: "not shown"}

METHODS = {
    Method.FIXED_HORIZON: "Welch's t, once at the planned end",
    Method.GROUP_SEQUENTIAL: "a group sequential test",
    Method.CONFIDENCE_SEQUENCE: "a confidence sequence, valid at any time",
}

ESTIMATORS = {Estimator.RAW: "raw", Estimator.CUPED: "CUPED"}


def quantity_of(metric: MetricResult) -> Quantity:
    """Return what the metric's numbers are of."""
    return Quantity.SHARE if metric.kind in _SHARES else Quantity.AMOUNT


def headline(report: Report) -> str:
    """Return the verdict with the variation it is about: ``Ship: new-checkout``."""
    verdict = report.verdict
    return VERDICTS[verdict.kind] if verdict.variation is None else f"{VERDICTS[verdict.kind]}: {verdict.variation}"


def metric_words(metric: MetricResult) -> str:
    """Return what a metric is and which way is better: ``goal, proportion, higher is better``."""
    parts = [ROLES[metric.role]]
    if metric.kind is not None:
        parts.append(metric.kind.value)
    if metric.direction is not None:
        parts.append("higher is better" if metric.direction is Direction.INCREASE else "lower is better")
    return ", ".join(parts)


def reason_words(found: NotEstimable) -> str:
    """Return why there is no number."""
    return REASONS[found.reason]


def estimate_words(found: Number, *, of: Quantity) -> str:
    """Return an estimate's level, or why there is none."""
    return reason_words(found) if isinstance(found, NotEstimable) else value_words(found, of=of)


def effect_words(found: Effect | NotEstimable, *, of: Quantity) -> str:
    """Return the difference, or why there is none."""
    if isinstance(found, NotEstimable):
        return reason_words(found)
    bounds = [end for end in (found.low, found.high) if end is not None]
    return difference_words(found.difference, of=of, beside=max(bounds, key=abs, default=None))


def effect_interval(found: Effect | NotEstimable, *, of: Quantity) -> str:
    """Return the interval of the difference; nothing where there is no difference."""
    return NOTHING if isinstance(found, NotEstimable) else interval_words(*ends(found), of=of)


def lift_words(found: Effect | NotEstimable) -> str:
    """Return the lift, or why there is none; nothing where there is no difference either."""
    if isinstance(found, NotEstimable):
        return NOTHING
    if isinstance(found.lift, NotEstimable):
        return reason_words(found.lift)
    return difference_words(found.lift.value, of=Quantity.LIFT)


def lift_interval(found: Effect | NotEstimable) -> str:
    """Return the lift's interval; nothing where there is no lift."""
    if isinstance(found, NotEstimable) or isinstance(found.lift, NotEstimable):
        return NOTHING
    return interval_words(*ends(found.lift), of=Quantity.LIFT)


def ends(found: Effect | Lift) -> tuple[float, float]:
    """Return both ends of an interval, infinite where there is no bound."""
    return -math.inf if found.low is None else found.low, math.inf if found.high is None else found.high


def p_value_words(p: Number | None) -> str:
    """Return a p-value, why there is none, or nothing where none is told."""
    if p is None:
        return NOTHING
    return reason_words(p) if isinstance(p, NotEstimable) else p_words(p)


def judged_p_words(comparison: Comparison) -> str:
    """Return the p-value that is judged, its adjustment for other tests allowed for."""
    effect = comparison.effect
    if isinstance(effect, NotEstimable):
        return NOTHING
    return p_value_words(effect.p_value if comparison.adjusted_p is None else comparison.adjusted_p)


def finding_words(comparison: Comparison) -> str:
    """Return what is found of a variation: of a guardrail, whether it is safe."""
    if isinstance(comparison.effect, NotEstimable):
        return NOTHING
    return FINDINGS[comparison.finding] if comparison.guard is None else SAFETIES[comparison.guard.safety]


def confidence_words(confidence: float) -> str:
    """Return the confidence in percent without decimals that say nothing: 95 %, 99.5 %."""
    return f"{100 * confidence:.4g} %"


def bound_words(bound: float | None, *, of: Quantity) -> str:
    """Return how much worse something may be at most."""
    return UNBOUNDED if bound is None else difference_words(bound, of=of)


def moment_words(moment: datetime) -> str:
    """Return the moment to the minute: ``2026-01-31 09:30 UTC``."""
    return f"{format_instant(moment)[:16].replace('T', ' ')} UTC"
