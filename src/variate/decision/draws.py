"""The steps that draw: source text for a unit's hash, and for the outcome that has its bucket."""

from __future__ import annotations

from collections.abc import Sequence

from variate.decision.allocation import Allocation
from variate.decision.bucketing import hash_bound, prefix
from variate.decision.constants import Constants
from variate.model.decision import Outcome

_CHAINED = 4
"""Up to so many outcomes a chain of comparisons is quicker than a search."""


def hash_source(salt: str, constants: Constants) -> str:
    """Return the expression of the unit's hash under ``salt``."""
    return f"murmur3({constants.literal(prefix(salt))} + unit)"


def decided(outcome: Outcome, constants: Constants) -> str:
    """Return the expression of a decision with this outcome and the hash ``h``."""
    parts = ", ".join(constants.literal(part) for part in outcome)
    return f"Decision({parts}, h)"


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
        ends = constants.literal([end for end, _ in shares])
        found = f"{constants.literal([outcome for _, outcome in shares])}[bisect_right({ends}, h)]"
        return [drawn, f"return Decision(*{found}, h)"]
    lines = [f"if h < {constants.literal(end)}: return {decided(each, constants)}" for end, each in shares[:-1]]
    return [drawn, *lines, f"return {decided(shares[-1][1], constants)}"]
