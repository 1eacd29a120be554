"""How a report's sentences say numbers, names and reasons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

from variate.analysis.comparison import Effect, MetricResult
from variate.model.metric import MetricKind
from variate.stats.not_estimable import NotEstimableReason

_SHARES = (MetricKind.PROPORTION, MetricKind.RETENTION, MetricKind.FUNNEL)

WHY: dict[NotEstimableReason, str] = {
    NotEstimableReason.NO_UNITS: "no unit has come in on one side",
    NotEstimableReason.TOO_FEW_UNITS: "there are too few units on one side",
    NotEstimableReason.ZERO_VARIANCE: "nothing varies: all units have the same value",
    NotEstimableReason.ZERO_DENOMINATOR: "what is divided by is 0, or not told from 0",
    NotEstimableReason.NEGATIVE_DENOMINATOR: "what is divided by is below 0",
    NotEstimableReason.CONSTANT_COVARIATE: "nothing is known of the units before their exposure, or the same of all",
    NotEstimableReason.OUT_OF_RANGE: "a value is infinite, or beyond what can be computed with",
    NotEstimableReason.NOT_DEFINED: "nobody has defined it",
    NotEstimableReason.NO_COMPARISON: "fewer than two variations take units",
    NotEstimableReason.REWEIGHED: "the weights were changed, and quantiles of before and after do not add up",
}
"""Why there is no number, as the end of a sentence."""


def number(value: float) -> str:
    """Return a number with four digits that count, such as 0.01235, 12.35 and 12,346."""
    if value and abs(value) < 1e-4:
        return f"{value:.3e}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def percent(share: float) -> str:
    """Return a share in percent, such as 12.3 % and 0.04 %."""
    return f"{100 * share:.3g} %" if abs(share) < 10 else f"{100 * share:,.0f} %"


def percent_of(share: float) -> str:
    """Return a share in percent with two decimals, as it stands beside another one: 43.92 %, 50.00 %."""
    return f"{100 * share:.2f} %"


def counted(count: int, name: str) -> str:
    """Return so many of something: 1 unit, 12,345 units."""
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def days(number_of: float) -> str:
    """Return a length of time in days, rounded up: about 1 day, about 12 days."""
    whole = max(int(-(-number_of // 1)), 1)
    return f"about {counted(whole, 'day')}"


def day_of(moment: datetime) -> str:
    """Return the day of a moment."""
    return moment.date().isoformat()


def moment_of(moment: datetime) -> str:
    """Return a moment to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def listed(names: Sequence[str]) -> str:
    """Return names as in a sentence: a, b and c."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def of_metric(metric: MetricResult, value: float) -> str:
    """Return a difference on the metric's scale: shares in percentage points."""
    if metric.kind not in _SHARES:
        return number(value)
    points = f"{100 * value:.3g}"
    return f"{points} percentage point{'' if points == '1' else 's'}"


def effect_words(metric: MetricResult, effect: Effect) -> str:
    """Return an effect as part of a sentence: by 1.2 percentage points (between 0.5 and 1.9)."""
    scale = 100 if metric.kind in _SHARES else 1
    unit = " percentage points" if metric.kind in _SHARES else ""
    if effect.low is None and effect.high is None:
        return f"{signed(scale * effect.difference)}{unit} (no interval yet)"
    largest = max(scale * abs(each) for each in (effect.difference, effect.low, effect.high) if each is not None)
    decimals = _decimals(largest, least=2 if metric.kind in _SHARES else 0)
    low, high = ("no bound" if end is None else f"{scale * end:,.{decimals}f}" for end in (effect.low, effect.high))
    confidence = f"{100 * effect.confidence:.4g} %"
    return f"{scale * effect.difference:+,.{decimals}f}{unit} ({confidence} interval {low} to {high})"


def _decimals(largest: float, *, least: int) -> int:
    """Return how many decimals numbers beside each other have: so that the largest shows four figures."""
    if not largest:
        return least
    return min(max(least, (3 if not least else 1) - math.floor(math.log10(largest))), 12)


def signed(value: float) -> str:
    """Return a number with its sign."""
    return f"+{number(value)}" if value > 0 else number(value)
