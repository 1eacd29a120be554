"""Whether the data can be trusted: each check with what it found, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from variate.analysis.gathering import Days, Groups, left_out
from variate.analysis.report import Check, CheckKind, CheckStatus, Health, RatioTest
from variate.analysis.sharing import (
    beside_check,
    cumulative_tests,
    period_tests,
    ratio_check,
    ratio_tests,
    sequential_p,
)
from variate.analysis.subject import Subject
from variate.analysis.wording import counted, listed, percent
from variate.stores.aggregates import Answer, Numbers


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
    overall = ratio_tests(subject, counts[:1], [("", None, None)])[0]
    of_groups = ratio_tests(subject, counts[1:], [(*key, None) for key in groups.keys[1:]])
    of_days = ratio_tests(subject, by_day, [("", None, day) for day in days.dates])
    cumulative = cumulative_tests(subject, by_day, days)
    sequential = sequential_p(subject, by_day if len(by_day) else counts[:1])
    periods = period_tests(subject, counts[0], since)
    uncompared = left_out(counts[0])
    met = int(counts[0].sum()) + answer.crossed
    crossed_share = answer.crossed / met if met else 0.0
    completeness = answer.completeness
    checks = (
        ratio_check(subject, overall, sequential, periods, uncompared),
        beside_check(
            CheckKind.SAMPLE_RATIO_BY_DIMENSION, of_groups, [_value_words(each) for each in of_groups], "value"
        ),
        beside_check(CheckKind.SAMPLE_RATIO_BY_DAY, of_days, [str(each.day) for each in of_days], "day"),
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
