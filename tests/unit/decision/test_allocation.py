"""Weights become whole buckets, exactly ten thousand of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variate.decision import BUCKETS, Allocation, buckets, draw_salt

weights_of_one_to_twenty = st.lists(
    st.floats(min_value=0, allow_nan=False, allow_infinity=False) | st.integers(min_value=0, max_value=10_000),
    min_size=1,
    max_size=20,
).filter(any)


def drawn(weights: tuple[float, ...], units: Iterable[str], *, version: int = 1) -> list[int]:
    """Return the index of each unit's variation."""
    allocation = Allocation.of(weights)
    return [allocation.at(place) for place in buckets(draw_salt("variation", salt="e", version=version), units)]


@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ((1, 1), (5_000, 5_000)),
        ((1, 1, 1), (3_334, 3_333, 3_333)),
        ((0.1, 0.2, 0.7), (1_000, 2_000, 7_000)),
        ((50, 50, 0), (5_000, 5_000, 0)),
        ((0, 1), (0, 10_000)),
        ((1, 9_999), (1, 9_999)),
        ((9_999, 0, 1), (9_999, 0, 1)),
        ((1e308, 1e308), (5_000, 5_000)),
    ],
)
def test_shares_follow_the_weights(weights: tuple[float, ...], shares: tuple[int, ...]) -> None:
    assert Allocation.of(weights).shares == shares


@given(weights=weights_of_one_to_twenty)
def test_shares_sum_to_all_buckets_and_are_the_exact_ones_rounded(weights: list[float]) -> None:
    total = sum(map(Fraction, weights))
    shares = Allocation.of(weights).shares
    assert sum(shares) == BUCKETS
    for weight, share in zip(weights, shares, strict=True):
        assert abs(share - Fraction(weight) * BUCKETS / total) < 1
        assert weight > 0 or share == 0


@given(weights=weights_of_one_to_twenty)
def test_every_bucket_goes_to_the_variation_that_has_it(weights: list[float]) -> None:
    allocation = Allocation.of(weights)
    counted = Counter(map(allocation.at, range(BUCKETS)))
    assert tuple(counted[index] for index in range(len(weights))) == allocation.shares


def test_a_unit_gets_the_same_variation_however_it_is_asked_for() -> None:
    units = [f"user-{number}" for number in range(200)]
    together = drawn((1, 2, 3), units)
    assert together == [drawn((1, 2, 3), [unit])[0] for unit in units]
    assert set(together) == {0, 1, 2}


def test_units_are_split_by_weight() -> None:
    counts = Counter(drawn((1, 3), [f"user-{number}" for number in range(100_000)]))
    assert counts[0] == pytest.approx(25_000, abs=5 * 137), "five times sqrt(100,000 * 0.25 * 0.75) = 137"


def test_a_weight_of_one_in_ten_thousand_is_met() -> None:
    counts = Counter(drawn((1, 9_999), map(str, range(1_000_000))))
    assert counts[0] == pytest.approx(100, abs=50), "five times sqrt(100)"


def test_another_version_moves_about_half_of_an_even_split() -> None:
    units = [f"user-{number}" for number in range(10_000)]
    before, after = (drawn((1, 1), units, version=version) for version in (1, 2))
    moved = sum(old != new for old, new in zip(before, after, strict=True))
    assert moved == pytest.approx(5_000, abs=250)
