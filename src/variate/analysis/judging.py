"""The verdict: what to do, and why, in words.

Invalid, where the data cannot be trusted. Else ship, where some variation has a goal that is better, none that is
worse, and every guardrail safe. Else stop, where a guardrail is harmed or every goal of every variation is worse. Else
hold. So one variation's harm does not keep another from being shipped, which ends the harm too. Where a plan has no
look now, goals decide nothing: what the last look said stands, unless a guardrail is harmed by now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from variate.analysis.comparison import Comparison, Effect, Finding, MetricResult, Safety
from variate.analysis.planning import Stage
from variate.analysis.report import CheckKind, CheckStatus, Health, LastLook, Progress, Verdict, VerdictKind
from variate.analysis.wording import WHY, counted, day_of, days, effect_words, of_metric
from variate.model.design import MetricRole
from variate.model.metric import Direction
from variate.stats.not_estimable import NotEstimable

_DECISIVE = (CheckKind.SAMPLE_RATIO, CheckKind.CROSSOVERS, CheckKind.COMPLETENESS)
_MOST_SENTENCES = 12
_FOR_INFORMATION = (
    "This report is none of the plan's looks, which spend all of its error: goals are shown with a confidence "
    "sequence, for information, and decide nothing."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a verdict is made of; ``unusable`` says why there is nothing to compare, None where there is.

    ``is_over`` says that nobody enters any more; ``last_look`` is what the report of the plan's last look said, None
    where there is none.
    """

    metrics: tuple[MetricResult, ...]
    treatments: tuple[str, ...]
    health: Health
    progress: Progress
    stage: Stage
    unusable: str | None
    is_over: bool = False
    last_look: LastLook | None = None

    @property
    def is_no_look(self) -> bool:
        """Whether there is a plan, and this moment is none of its looks."""
        return self.stage is not Stage.UNPLANNED and self.progress.critical is None

    def of(self, role: MetricRole, place: int) -> Iterator[tuple[MetricResult, Comparison | None]]:
        """Yield the metrics of a role with a variation's comparison of all units, None where nothing is estimated."""
        for metric in self.metrics:
            if metric.role is role:
                overall = metric.overall
                yield metric, None if overall is None else overall.comparisons[place]


def judge(evidence: Evidence) -> Verdict:
    """Return the verdict."""
    untrusted = [
        check.words
        for check in evidence.health.checks
        if check.kind in _DECISIVE and check.status is CheckStatus.FAILED
    ]
    if evidence.unusable is not None:
        untrusted.append(evidence.unusable)
    if untrusted:
        return Verdict(kind=VerdictKind.INVALID, variation=None, reasons=tuple(untrusted))
    return _ship(evidence) or _stop(evidence) or _standing(evidence) or _hold(evidence)


def _ship(evidence: Evidence) -> Verdict | None:
    ready = [place for place in range(len(evidence.treatments)) if _is_ready(evidence, place)]
    if not ready:
        return None
    best = max(ready, key=lambda place: _merit(evidence, place))
    variation = evidence.treatments[best]
    reasons = [*_goals_found(evidence, best, Finding.BETTER), *_safe(evidence, best)]
    if not any(evidence.of(MetricRole.GUARDRAIL, best)):
        reasons.append("No guardrail was named, so that nothing but the goals was looked at.")
    for place in range(len(evidence.treatments)):
        reasons += _harmed(evidence, place)
    others = [evidence.treatments[place] for place in ready if place != best]
    reasons += [f"{name} would pass as well; {variation} is ahead of it on the goals." for name in others]
    return Verdict(kind=VerdictKind.SHIP, variation=variation, reasons=_shortened(reasons))


def _is_ready(evidence: Evidence, place: int) -> bool:
    found = [compared.finding for _, compared in evidence.of(MetricRole.GOAL, place) if compared is not None]
    guarded = [
        compared is not None and compared.guard is not None and compared.guard.safety is Safety.SAFE
        for _, compared in evidence.of(MetricRole.GUARDRAIL, place)
    ]
    return Finding.BETTER in found and Finding.WORSE not in found and all(guarded)


def _merit(evidence: Evidence, place: int) -> tuple[int, float]:
    """Return how many goals are better, and by how many standard errors the best of them is."""
    gains = [
        compared.effect.statistic * (1 if metric.direction is Direction.INCREASE else -1)
        for metric, compared in evidence.of(MetricRole.GOAL, place)
        if compared is not None and compared.finding is Finding.BETTER and isinstance(compared.effect, Effect)
    ]
    return len(gains), max(gains, default=0.0)


def _stop(evidence: Evidence) -> Verdict | None:
    for place, name in enumerate(evidence.treatments):
        harmed = list(_harmed(evidence, place))
        if harmed:
            return Verdict(kind=VerdictKind.STOP, variation=name, reasons=_shortened(harmed))
    findings = [
        Finding.NOT_SHOWN if compared is None else compared.finding
        for place in range(len(evidence.treatments))
        for _, compared in evidence.of(MetricRole.GOAL, place)
    ]
    if not findings or set(findings) != {Finding.WORSE}:
        return None
    reasons = [
        words for place in range(len(evidence.treatments)) for words in _goals_found(evidence, place, Finding.WORSE)
    ]
    only = evidence.treatments[0] if len(evidence.treatments) == 1 else None
    return Verdict(kind=VerdictKind.STOP, variation=only, reasons=_shortened(reasons))


def _standing(evidence: Evidence) -> Verdict | None:
    """Return what the plan's last look said, where this is no look and that one decided."""
    last = evidence.last_look
    if not evidence.is_no_look or last is None or last.kind not in (VerdictKind.SHIP, VerdictKind.STOP):
        return None
    about = "" if last.variation is None else f" {last.variation}"
    reasons = [
        f"The plan's look of {day_of(last.at)} said to {last.kind.value}{about}, and that stands.",
        _FOR_INFORMATION,
    ]
    for place in range(len(evidence.treatments)):
        reasons += [*_not_safe(evidence, place), *_still_possible(evidence, place)]
    return Verdict(kind=last.kind, variation=last.variation, reasons=_shortened(reasons), standing=last)


def _hold(evidence: Evidence) -> Verdict:
    reasons: list[str] = []
    leading: list[str] = []
    for place, name in enumerate(evidence.treatments):
        better = _goals_found(evidence, place, Finding.BETTER)
        if better:
            leading.append(name)
        reasons += [*better, *_goals_found(evidence, place, Finding.WORSE), *_not_safe(evidence, place)]
    goals = [metric for metric in evidence.metrics if metric.role is MetricRole.GOAL]
    if not goals:
        reasons.append("The experiment has no goal metric, so that nothing can be a reason to ship.")
    elif evidence.is_no_look:
        reasons.append(_FOR_INFORMATION)
    reasons += [words for place in range(len(evidence.treatments)) for words in _still_possible(evidence, place)]
    variation = leading[0] if len(leading) == 1 else None
    return Verdict(
        kind=VerdictKind.HOLD,
        variation=variation,
        reasons=_shortened(reasons),
        missing=tuple(_missing(evidence, goals)),
    )


def _goals_found(evidence: Evidence, place: int, finding: Finding) -> list[str]:
    return [
        f"{metric.name} is {finding.value} in {compared.variation}: {effect_words(metric, compared.effect)}."
        for metric, compared in evidence.of(MetricRole.GOAL, place)
        if compared is not None and compared.finding is finding and isinstance(compared.effect, Effect)
    ]


def _still_possible(evidence: Evidence, place: int) -> Iterator[str]:
    """Yield what is known of each goal of which no effect is shown: what may still be true."""
    for metric, compared in evidence.of(MetricRole.GOAL, place):
        if compared is None:
            why = "" if metric.not_estimable is None else f": {WHY[metric.not_estimable]}"
            if not place:
                yield f"Nothing is known of {metric.name}{why}."
        elif isinstance(compared.effect, NotEstimable):
            yield f"Nothing is known of {metric.name} in {compared.variation}: {WHY[compared.effect.reason]}."
        elif compared.finding is Finding.NOT_SHOWN:
            found = effect_words(metric, compared.effect)
            if evidence.is_no_look:
                yield f"{metric.name} in {compared.variation}, for information: {found}."
            else:
                yield f"{metric.name} is not shown to be better or worse in {compared.variation}: {found}."


def _safe(evidence: Evidence, place: int) -> Iterator[str]:
    for metric, compared in evidence.of(MetricRole.GUARDRAIL, place):
        if compared is not None and compared.guard is not None:
            yield f"{metric.name} is safe in {compared.variation}: {_bound_words(metric, compared)}."


def _harmed(evidence: Evidence, place: int) -> Iterator[str]:
    for metric, compared in evidence.of(MetricRole.GUARDRAIL, place):
        if compared is None or compared.guard is None or compared.guard.safety is not Safety.HARMED:
            continue
        found = "" if isinstance(compared.effect, NotEstimable) else f": {effect_words(metric, compared.effect)}"
        margin = of_metric(metric, compared.guard.margin)
        yield f"{metric.name} is worse in {compared.variation} by more than its margin of {margin}{found}."


def _not_safe(evidence: Evidence, place: int) -> Iterator[str]:
    for metric, compared in evidence.of(MetricRole.GUARDRAIL, place):
        if compared is None or compared.guard is None:
            if not place:
                why = "" if metric.not_estimable is None else f": {WHY[metric.not_estimable]}"
                yield f"Nothing is known of the guardrail {metric.name}{why}."
        elif compared.guard.safety is Safety.NOT_SHOWN:
            words = f"{metric.name} is not shown to be safe in {compared.variation}: {_bound_words(metric, compared)}"
            if not compared.guard.margin:
                words += "; without a margin nothing but an improvement shows that it is no worse, so give it one"
            yield f"{words}."


def _bound_words(metric: MetricResult, compared: Comparison) -> str:
    if compared.guard is None or compared.guard.bound is None:
        reason = compared.effect.reason if isinstance(compared.effect, NotEstimable) else None
        return "how much worse it may be is not known yet" if reason is None else WHY[reason]
    margin = of_metric(metric, compared.guard.margin)
    if compared.guard.bound <= 0:
        return f"it is better by at least {of_metric(metric, -compared.guard.bound)}, and its margin is {margin}"
    return f"it may be worse by up to {of_metric(metric, compared.guard.bound)}, and its margin is {margin}"


def _missing(evidence: Evidence, goals: Sequence[MetricResult]) -> Iterator[str]:
    progress = evidence.progress
    if evidence.is_over and evidence.stage in (Stage.UNDER_WAY, Stage.UNPLANNED):
        planned = "" if progress.planned_units is None else f" of {counted(progress.planned_units, 'planned unit')}"
        yield (
            f"The experiment was completed with {progress.units:,}{planned or ' units'}, and nobody enters any more: "
            "what was not shown by now is not shown by waiting."
        )
    elif evidence.stage is Stage.UNDER_WAY and progress.planned_units is not None:
        left = max(progress.planned_units - progress.units, 0)
        at = "" if progress.planned_end is None else f", or the end on {day_of(progress.planned_end)}"
        is_paced = progress.days_left is not None and progress.units_per_day is not None
        pace = f"; at the present intake that takes {days(progress.days_left or 0)}" if is_paced else ""
        yield f"{left:,} of the {counted(progress.planned_units, 'planned unit')} are still to come{at}{pace}."
    elif evidence.stage is Stage.AT_END:
        yield "The planned end is reached. What was not shown by now is not shown by waiting: plan anew to find less."
    elif evidence.stage is Stage.BEYOND:
        last = progress.looks[-1]
        yield (
            f"The plan ended on {day_of(last.at)} with {counted(last.units, 'unit')}, and its error is spent; that "
            "look's report stands. What has come since decides nothing: to test more, begin a new version with a plan."
        )
    elif goals:
        yield (
            "No number of units was planned, so that goals are judged by a confidence sequence: right however long it "
            "runs, but slower than a plan. It may go on, or be ended without an effect shown."
        )
    undefined = [metric.name for metric in evidence.metrics if metric.not_estimable is not None]
    yield from (f"The metric {name} has to be defined." for name in undefined)


def _shortened(reasons: Sequence[str]) -> tuple[str, ...]:
    if len(reasons) <= _MOST_SENTENCES:
        return tuple(reasons)
    left = len(reasons) - _MOST_SENTENCES
    return (*reasons[:_MOST_SENTENCES], f"There is as much to say of {counted(left, 'comparison')} more.")
