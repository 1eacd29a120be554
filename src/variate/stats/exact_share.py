"""The exact interval of a share (Clopper & Pearson 1934): it holds the truth at least as often as it says."""

from __future__ import annotations

from scipy.special import betaincinv

from variate.errors import InvalidInputError


def exact_interval(successes: int, *, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the lower and the upper end for so many successes of so many independent trials.

    Raises ``InvalidInputError`` where there is no trial, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise InvalidInputError("trials", "must be 1 or more, and no fewer than the successes")
    tail = (1 - confidence) / 2
    failures = trials - successes
    low = float(betaincinv(successes, failures + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, 1 - tail)) if failures else 1.0
    return low, high
