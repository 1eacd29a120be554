"""Whether units are shared out as the weights say: the tests, and the checks in words.

Where the weights were changed on the way, units are counted by period, and each period is tested by its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import numpy as np

from variate.analysis.gathering import FEWEST_A_PERIOD, Days
from variate.analysis.report import Check, CheckKind, CheckStatus, RatioDay, RatioPeriod, RatioTest
from variate.analysis.subject import Subject
from variate.analysis.wording import WHY, counted, listed, moment_of, percent_of
from variate.stats.not_estimable import NotEstimable
from variate.stats.sides import REASONS
from variate.stats.srm import (
    THRESHOLD,
    sample_ratio,
    sample_ratio_by_period,
    sequential_sample_ratio_by_period,
)
from variate.stores.aggregates import Numbers

_SHOWN = 5
"""How many flagged days or values a sentence names, and of changes of the weights, the last."""
_NOTHING_TO_TEST = {
    CheckKind.SAMPLE_RATIO_BY_DIMENSION: "The report has no dimension, such as country, to look at it by.",
    CheckKind.SAMPLE_RATIO_BY_DAY: "It is not known on which days units came in.",
}


def ratio_tests(
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


def period_tests(subject: Subject, counts: Numbers, since: Sequence[datetime]) -> tuple[RatioPeriod, ...]:
    """Return the chi-square of the units of each period, by the weights it had."""
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


def cumulative_tests(subject: Subject, by_day: Numbers, days: Days) -> tuple[RatioDay, ...]:
    """Return the tests of all units up to each day."""
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


def sequential_p(subject: Subject, by_day: Numbers) -> float:
    """Return the p-value that is valid at any time, of the days in their order."""
    found = sequential_sample_ratio_by_period(by_day.cumsum(axis=0), weights=subject.period_shares)
    return float(found.p_value[-1])


def _p_or_reason(p: float, reason: int) -> float | NotEstimable:
    why = REASONS[reason]
    return p if why is None else NotEstimable(why)


def ratio_check(
    subject: Subject, test: RatioTest, sequential: float, periods: Sequence[RatioPeriod], uncompared: int
) -> Check:
    """Return the check of all units, of which ``uncompared`` are in no metric."""
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
            f"{counted(uncompared, 'unit')} came while some variation had fewer than {FEWEST_A_PERIOD} to be compared "
            "with; the metrics are of the others."
        )


def beside_check(kind: CheckKind, tests: Sequence[RatioTest], names: Sequence[str], what: str) -> Check:
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
