"""Percentages, in steps of one bucket: a hundredth of a percent."""

from __future__ import annotations

import math

from variate.errors import InvalidInputError
from variate.model.rules import shown

BUCKETS_PER_PERCENT = 100
_NEARLY = 1e-6
"""What a decimal such as 0.07 is off by as a float, at most."""


def percent_buckets(field: str, percentage: object) -> int:
    """Return how many of the 10,000 buckets ``percentage`` is.

    It is a number from 0 to 100 with at most two decimals; anything else raises ``InvalidInputError`` for ``field``.
    """
    if isinstance(percentage, bool) or not isinstance(percentage, (int, float)):
        raise InvalidInputError(field, f"must be a percentage from 0 to 100, not {type(percentage).__name__}")
    if not 0 <= percentage <= 100:  # false for NaN
        raise InvalidInputError(field, f"must be a percentage from 0 to 100, not {shown(percentage)}")
    exact = percentage * BUCKETS_PER_PERCENT
    buckets = round(exact)
    if not math.isclose(exact, buckets, rel_tol=0, abs_tol=_NEARLY):
        raise InvalidInputError(field, f"must be in steps of 0.01, which is one bucket, not {shown(percentage)}")
    return buckets
