"""An allocation: how the 10,000 buckets are shared out among variations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

from variate.model.decision import BUCKETS


@dataclass(frozen=True, slots=True)
class Allocation:
    """Variation ``i`` has the buckets from ``thresholds[i - 1]`` (0 for the first) to before ``thresholds[i]``."""

    thresholds: tuple[int, ...]

    @classmethod
    def of(cls, weights: Sequence[float]) -> Allocation:
        """Share the buckets out in proportion to ``weights``, which are not negative and not all zero.

        Largest remainders (Hamilton's method; ties go to the first) in exact arithmetic: the shares sum to 10,000,
        each is the exact one rounded down or up, and a weight of zero gets none.
        """
        exact = [Fraction(weight) for weight in weights]
        total = sum(exact)
        quotas = [weight * BUCKETS / total for weight in exact]
        shares = [int(quota) for quota in quotas]
        by_remainder = sorted(range(len(quotas)), key=lambda index: shares[index] - quotas[index])
        for index in by_remainder[: BUCKETS - sum(shares)]:
            shares[index] += 1
        return cls(tuple(accumulate(shares)))

    def at(self, bucket: int) -> int:
        """Return the index of the variation that has ``bucket``."""
        return bisect_right(self.thresholds, bucket)

    @property
    def shares(self) -> tuple[int, ...]:
        """How many of the 10,000 buckets each variation has."""
        return tuple(end - start for start, end in zip((0, *self.thresholds), self.thresholds, strict=False))
