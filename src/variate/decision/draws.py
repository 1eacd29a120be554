"""The steps that draw: source text for a unit's hash, and for the outcome that has its bucket."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import mmh3

from variate.decision.allocation import Allocation
from variate.decision.bucketing import hash_bound, prefix
from variate.decision.constants import Constants
from variate.model.decision import Decision, Outcome

_CHAINED = 4
"""Up to so many outcomes a chain of comparisons is quicker than a search."""


def hash_source(salt: str, constants: Constants) -> str:
    """Return the expression of the unit's hash under ``salt``."""
    return f"{constants.shared(mmh3.mmh3_32_uintdigest)}({constants.name(prefix(salt))} + unit)"


def decided(outcome: Outcome, constants: Constants) -> str:
    """Return the expression of a decision with this outcome and the hash ``h``."""
    parts = ", ".join(constants.name(part) for part in outcome)
    return f"{constants.shared(Decision)}(({parts}, h))"


def split_lines(salt: str, weights: Sequence[float], outcomes: Sequence[Outcome], constants: Constants) -> list[str]:
    """Return the lines that draw by weight and return the decision."""
    thresholds = Allocation.of(weights).thresholds
    # Who has no bucket has no part in the choice.
    shares = [
        (hash_bound(end), outcome)
        for start, end, outcome in zip((0, *thresholds), thresholds, outcomes, strict=False)
        if end > start
    ]
    drawn = f"h = {hash_source(salt, constants)}"
    if len(shares) > _CHAINED:
        search, ends = constants.shared(bisect_right), constants.name([end for end, _ in shares])
        found = f"{constants.name([outcome for _, outcome in shares])}[{search}({ends}, h)]"
        return [drawn, f"return {constants.shared(Decision)}((*{found}, h))"]
    lines = [f"if h < {constants.name(end)}: return {decided(each, constants)}" for end, each in shares[:-1]]
    return [drawn, *lines, f"return {decided(shares[-1][1], constants)}"]
