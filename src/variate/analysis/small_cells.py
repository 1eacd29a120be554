"""Shares with few successes or failures: an exact test, and an interval that is right there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from variate.analysis.comparing import Compared
from variate.analysis.comparison import Exact, Method
from variate.analysis.effects import Effects
from variate.stats.proportions import SMALL_CELL, proportion_test
from variate.stats.standard_normal import above, upper_quantile

_MOST_REACH = 8.0
"""How far an interval reaches at most, in standard errors: its error is then 1e-15."""


def exact_of(compared: Compared, *, is_final: bool) -> Sequence[Exact | None]:
    """Return the exact view of the comparisons of all units, by variation but the control; None where none is needed.

    The interval reaches as far in standard errors as the effect's own, so that it allows for looking as that does.
    """
    side, effects = compared.estimates.raw, compared.effects[0]
    found: list[Exact | None] = [None] * (side.count.shape[1] - 1)
    if not compared.metric.is_share:
        return found
    for place in range(len(found)):
        treatment, control = side[0, place + 1 : place + 2], side[0, :1]
        if (treatment.reasons != 0).any() or (control.reasons != 0).any():
            continue
        cells = [
            float(np.rint(share * each.count[0]))
            for each in (treatment, control)
            for share in (each.estimate[0], 1 - each.estimate[0])
        ]
        reach = _reach(effects, place)
        if min(cells) >= SMALL_CELL or reach is None:
            continue
        test = proportion_test(treatment, control, alpha=2 * float(above(min(reach, _MOST_REACH))))
        found[place] = Exact(
            p_value=float(test.p_value[0]) if is_final else None,
            low=float(test.low[0]),
            high=float(test.high[0]),
            confidence=1 - effects.rule.alpha,
        )
    return found


def _reach(effects: Effects, place: int) -> float | None:
    """Return how far the effect's interval reaches; where it has no variance, how far it would; None if unbounded."""
    reach, rule = float(effects.reach[0, place]), effects.rule
    if math.isfinite(reach):
        return reach
    if rule.method is Method.CONFIDENCE_SEQUENCE:
        return None
    return rule.looks[-1].critical if rule.method is Method.GROUP_SEQUENTIAL else upper_quantile(rule.alpha / 2)
