"""Whether the data can be trusted: each check with what it found, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from variate.analysis.gathering import Days, Groups, left_out
from variate.analysis.report import Check, CheckKind, CheckStatus, Health, RatioDay, RatioPeriod, RatioTest
from variate.analysis.subject import Subject
from variate.analysis.wording import WHY, counted, listed, moment_of, percent, percent_of
from variate.stats.not_estimable import NotEstimable
from variate.stats.sides import REASONS
from variate.stats.srm import (
    THRESHOLD,
    sample_ratio,
    sample_ratio_by_period,
    sequential_sample_ratio_by_period,
)
from variate.stores.aggregates import Answer, Numbers

_SHOWN = 5
"""How many flagged days or values a sentence names."""
_NOTHING_TO_TEST = {
    CheckKind.SAMPLE_RATIO_BY_DIMENSION: "The report has no dimension, such as country, to look at it by.",
    CheckKind.SAMPLE_RATIO_BY_DAY: "It is not known on which days units came in.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """How much may be wrong before results are withheld.

    ``crossed`` is the share of units that met two variations: leaving out so few moves a mean by at most about that
    share of how much they differ from the others. Of numbered events at least the share ``received`` has to come, and
    below ``nearly_received`` there is a warning: SRM tells of lost exposures, nothing else of lost metric events.
    ``unknown`` is the share of exposures that name no variation, beside the units, from which on there is a warning.
    """

    crossed: float = 0.01
    received: float = 0.98
    nearly_received: float = 0.995
    unknown: float = 0.01


USUAL = Tolerances()


def examine(
    subject: Subject,
    answer: Answer,
    *,
    groups: Groups,
    counts: Numbers,
    days: Days,
    by_day: Numbers,
    since: Sequence[datetime],
    waiting: Mapping[str, int],
    tolerances: Tolerances = USUAL,
) -> Health:
    """Return the health of the answer.

    ``counts`` are units by group, period and variation, ``by_day`` by day, period and variation; ``since`` is when each
    period began; ``waiting`` how many units' window is not over, by the name of the metric.
    """
    overall = _ratio_tests(subject, counts[:1], [("", None, None)])[0]
    of_groups = _ratio_tests(subject, counts[1:], [(*key, None) for key in groups.keys[1:]])
    of_days = _ratio_tests(subject, by_day, [("", None, day) for day in days.dates])
    cumulative = _cumulative(subject, by_day, days)
    sequential = _sequential(subject, by_day if len(by_day) else counts[:1])
    periods = _periods(subject, counts[0], since)
    uncompared = left_out(counts[0])
    met = int(counts[0].sum()) + answer.crossed
    crossed_share = answer.crossed / met if met else 0.0
    completeness = answer.completeness
    checks = (
        _sample_ratio(subject, overall, sequential, periods, uncompared),
        _many(CheckKind.SAMPLE_RATIO_BY_DIMENSION, of_groups, [_value_words(each) for each in of_groups], "value"),
        _many(CheckKind.SAMPLE_RATIO_BY_DAY, of_days, [str(each.day) for each in of_days], "day"),
        _crossovers(answer.crossed, crossed_share, tolerances),
        _overridden(answer.overridden),
        _unknown(answer.unknown, met, tolerances),
        _completeness(answer, tolerances),
        _late(answer.late),
        _waiting(waiting),
    )
    return Health(
        checks=checks,
        sample_ratio=overall,
        sequential_p=sequential,
        by_dimension=of_groups,
        by_day=of_days,
        cumulative=cumulative,
        crossed=answer.crossed,
        crossed_share=crossed_share,
        crossed_tolerated=tolerances.crossed,
        overridden=answer.overridden,
        unknown=answer.unknown,
        received=None if completeness is None else completeness.received,
        expected=None if completeness is None else completeness.expected,
        late=answer.late,
        periods=periods,
        left_out=uncompared,
    )


def _ratio_tests(
    subject: Subject, counts: Numbers, keys: Sequence[tuple[str, str | None, date | None]]
) -> tuple[RatioTest, ...]:
    """Return the chi-square of each row of counts, flagged below 0.001 over how many rows there are."""
    if not len(counts):
        return ()
    found = sample_ratio_by_period(counts, weights=subject.period_shares)
    expected = (counts.sum(axis=-1, keepdims=True) * np.asarray(subject.period_shares)).sum(axis=1)
    return tuple(
        RatioTest(
            dimension=dimension,
            value=value,
            day=day,
            units=tuple(units),
            p_value=_p_or_reason(p, reason),
            flagged=reason == 0 and p < THRESHOLD / len(counts),
            expected=tuple(shared),
        )
        for (dimension, value, day), units, shared, p, reason in zip(
            keys,
            counts.sum(axis=1).tolist(),
            expected.tolist(),
            found.p_value.tolist(),
            found.reasons.tolist(),
            strict=True,
        )
    )


def _periods(subject: Subject, counts: Numbers, since: Sequence[datetime]) -> tuple[RatioPeriod, ...]:
    tests = [sample_ratio(units, weights=shares) for units, shares in zip(counts, subject.period_shares, strict=True)]
    return tuple(
        RatioPeriod(
            since=moment,
            shares=shares,
            units=tuple(units),
            p_value=_p_or_reason(float(test.p_value), int(test.reasons)),
        )
        for moment, shares, units, test in zip(since, subject.period_shares, counts.tolist(), tests, strict=True)
    )


def _cumulative(subject: Subject, by_day: Numbers, days: Days) -> tuple[RatioDay, ...]:
    if not len(by_day):
        return ()
    counts = by_day.cumsum(axis=0)
    found = sample_ratio_by_period(counts, weights=subject.period_shares)
    always = sequential_sample_ratio_by_period(counts, weights=subject.period_shares).p_value.tolist()
    return tuple(
        RatioDay(day=day, units=tuple(units), p_value=_p_or_reason(p, reason), sequential_p=sequential)
        for day, units, p, reason, sequential in zip(
            days.dates, counts.sum(axis=1).tolist(), found.p_value.tolist(), found.reasons.tolist(), always, strict=True
        )
    )


def _sequential(subject: Subject, by_day: Numbers) -> float:
    """Return the p-value that is valid at any time, of the days in their order."""
    found = sequential_sample_ratio_by_period(by_day.cumsum(axis=0), weights=subject.period_shares)
    return float(found.p_value[-1])


def _p_or_reason(p: float, reason: int) -> float | NotEstimable:
    why = REASONS[reason]
    return p if why is None else NotEstimable(why)


def _sample_ratio(
    subject: Subject, test: RatioTest, sequential: float, periods: Sequence[RatioPeriod], uncompared: int
) -> Check:
    kind, total = CheckKind.SAMPLE_RATIO, sum(test.units)
    found = listed(
        [
            f"{units:,} in {name} ({percent_of(units / total)} where {percent_of(expected / total)} are expected)"
            for name, units, expected in zip(subject.variations, test.units, test.expected, strict=True)
        ]
        if total
        else ["none"]
    )
    changed = "".join(f" {words}" for words in _change_words(subject, periods, uncompared))
    reason = test.p_value.reason if isinstance(test.p_value, NotEstimable) else None
    if reason is not None and sequential >= THRESHOLD:
        words = f"Whether units are shared out as the weights say cannot be told: {WHY[reason]}.{changed}"
        return Check(kind=kind, status=CheckStatus.UNKNOWN, words=words)
    chi_square = "none" if isinstance(test.p_value, NotEstimable) else f"{test.p_value:.2g}"
    p = f"chi-square p = {chi_square}, p at any time = {sequential:.2g}"
    if sequential < THRESHOLD and not test.flagged:
        words = (
            f"The units were not shared out as the weights say on the way, though they are in all: {found}; {p}. The "
            f"days show when; something keeps units out of a variation at times, or puts them in another.{changed}"
        )
        return Check(kind=kind, status=CheckStatus.FAILED, words=words)
    if test.flagged:
        words = (
            f"The units are not shared out as the weights say: {found}; {p}. Something keeps units out of a variation, "
            f"or puts them in another, and may do so depending on what they do.{changed}"
        )
        return Check(kind=kind, status=CheckStatus.FAILED, words=words)
    words = f"The units are shared out as the weights say: {found}; {p}.{changed}"
    return Check(kind=kind, status=CheckStatus.OK, words=words)


def _change_words(subject: Subject, periods: Sequence[RatioPeriod], uncompared: int) -> Iterator[str]:
    """Yield what is said of weights that were changed on the way."""
    if len(periods) == 1:
        return
    found = [
        f"{' : '.join(percent_of(share) for share in each.shares)} since {moment_of(each.since)} "
        f"({counted(sum(each.units), 'unit')}, "
        + (f"p = {each.p_value:.2g})" if isinstance(each.p_value, float) else f"{WHY[each.p_value.reason]})")
        for each in (periods if len(periods) <= _SHOWN else periods[-_SHOWN:])
    ]
    yield (
        f"The weights of {listed(list(subject.variations))} were changed, and each unit is expected by those in force "
        f"when it first came: {listed(found)}."
    )
    if uncompared:
        yield (
            f"{counted(uncompared, 'unit')} came while some variation had none to be compared with; the metrics are of "
            "the others."
        )


def _many(kind: CheckKind, tests: Sequence[RatioTest], names: Sequence[str], what: str) -> Check:
    """Return the check of many tests beside each other: a warning, since the overall one decides."""
    if not tests:
        return Check(kind=kind, status=CheckStatus.UNKNOWN, words=_NOTHING_TO_TEST[kind])
    flagged = [name for test, name in zip(tests, names, strict=True) if test.flagged]
    limit = f"{THRESHOLD / len(tests):.2g}"
    if len(tests) > 1:
        limit += f", which is {THRESHOLD:g} over {counted(len(tests), 'test')}"
    if not flagged:
        words = f"On no {what} are units shared out otherwise than the weights say: no p is below {limit}."
        return Check(kind=kind, status=CheckStatus.OK, words=words)
    named = listed([*flagged[:_SHOWN], *([f"{len(flagged) - _SHOWN} more"] if len(flagged) > _SHOWN else [])])
    words = (
        f"Units are not shared out as the weights say on {counted(len(flagged), what)}, {named}: p is below {limit}."
    )
    return Check(kind=kind, status=CheckStatus.WARNING, words=words)


def _value_words(test: RatioTest) -> str:
    return f"{test.dimension} without a value" if test.value is None else f"{test.dimension} = {test.value}"


def _crossovers(crossed: int, share: float, tolerances: Tolerances) -> Check:
    kind = CheckKind.CROSSOVERS
    if not crossed:
        return Check(kind=kind, status=CheckStatus.OK, words="No unit met two variations.")
    met = f"{counted(crossed, 'unit')} met two variations and {'is' if crossed == 1 else 'are'} left out: "
    tolerated = (
        f"up to {percent(tolerances.crossed)} is tolerated, since leaving out so few moves a mean by at most about "
        "that share of how much they differ from the others"
    )
    if share > tolerances.crossed:
        words = f"{met}{percent(share)} of all; {tolerated}."
        return Check(kind=kind, status=CheckStatus.FAILED, words=words)
    return Check(kind=kind, status=CheckStatus.OK, words=f"{met}{percent(share)} of all; {tolerated}.")


def _overridden(count: int) -> Check:
    words = "No unit that came in was ever forced into a variation."
    if count:
        forced = "was forced into a variation and is" if count == 1 else "were forced into a variation and are"
        words = f"{counted(count, 'unit')} {forced} left out."
    return Check(kind=CheckKind.OVERRIDDEN, status=CheckStatus.OK, words=words)


def _unknown(unknown: int, met: int, tolerances: Tolerances) -> Check:
    kind = CheckKind.UNKNOWN_EXPOSURES
    if not unknown:
        return Check(kind=kind, status=CheckStatus.OK, words="Every exposure names one of the variations.")
    words = f"{counted(unknown, 'exposure')} name none of the variations and count for nothing."
    is_much = unknown > tolerances.unknown * (unknown + met)
    return Check(kind=kind, status=CheckStatus.WARNING if is_much else CheckStatus.OK, words=words)


def _completeness(answer: Answer, tolerances: Tolerances) -> Check:
    kind, found = CheckKind.COMPLETENESS, answer.completeness
    if found is None or not found.expected:
        words = "How many events were lost on the way cannot be told: no sender numbers its events."
        return Check(kind=kind, status=CheckStatus.UNKNOWN, words=words)
    share = found.received / found.expected
    words = f"{found.received:,} of {counted(found.expected, 'numbered event')} came: {percent(share)}."
    if share < tolerances.received:
        words = f"{words} At least {percent(tolerances.received)} have to, since what is lost may be lost unevenly."
        return Check(kind=kind, status=CheckStatus.FAILED, words=words)
    status = CheckStatus.OK if share >= tolerances.nearly_received else CheckStatus.WARNING
    return Check(kind=kind, status=status, words=words)


def _late(late: int | None) -> Check:
    kind = CheckKind.LATE_DATA
    if late is None:
        words = "Whether data came late cannot be told: there was no look before this one, or the source does not say."
        return Check(kind=kind, status=CheckStatus.UNKNOWN, words=words)
    if not late:
        return Check(kind=kind, status=CheckStatus.OK, words="No event came late since the look before this one.")
    words = f"{counted(late, 'event')} came after the look before this one though dated before it: its numbers differ."
    return Check(kind=kind, status=CheckStatus.WARNING, words=words)


def _waiting(waiting: Mapping[str, int]) -> Check:
    kind = CheckKind.WAITING
    found = [f"{name} ({count:,})" for name, count in waiting.items() if count]
    if not found:
        return Check(kind=kind, status=CheckStatus.OK, words="No unit waits for the end of a metric's window.")
    words = f"Units whose window is not over are not in yet, by metric: {listed(found)}."
    return Check(kind=kind, status=CheckStatus.OK, words=words)


def units_missing(counts: Numbers) -> str | None:
    """Return why there is nothing to compare, None where there is."""
    if len(counts) < 2:
        return "There is only one variation, so that there is nothing to compare."
    if not counts.sum():
        return "No unit has come in yet."
    if np.count_nonzero(counts) < 2:
        return "All units are in one variation, so that there is nothing to compare."
    return None
