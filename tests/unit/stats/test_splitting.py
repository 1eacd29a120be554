"""Units fall on sides by chance alone, each once, and the sides' moments are those of the units on them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from variate.stats.moments import Moments, moments_of
from variate.stats.splitting import SPLITS_AT_A_TIME, splits


def all_splits(values: np.ndarray, *, shares: tuple[float, float] = (0.5, 0.5), runs: int = 20) -> Moments:
    found = list(splits(values, shares=shares, runs=runs, generator=np.random.default_rng(1)))
    assert sum(len(each.count) for each in found) == runs
    return found[0]


few_values = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=80).map(lambda shape: (shape[0], min(shape[1], 3))),
    elements=st.sampled_from([0.0, 1.0, 2.5, 1e6, -7.0]) | st.floats(-100, 100),
)


@given(values=few_values)
def test_both_sides_together_are_all_units(values: np.ndarray) -> None:
    together = all_splits(values).merged(axis=1)
    known = moments_of(values)
    scale = 1 + np.abs(values).max()
    assert (together.count == len(values)).all()
    assert together.mean == pytest.approx(np.broadcast_to(known.mean, together.mean.shape), abs=1e-9 * scale)
    assert together.products == pytest.approx(
        np.broadcast_to(known.products, together.products.shape), abs=1e-9 * scale**2 * len(values)
    )


def test_a_side_has_the_moments_of_its_units() -> None:
    # Of two kinds of unit, the moments say how many of each kind there are; and the other way round.
    values = np.array([[0.0, 3.0]] * 40 + [[1.0, 5.0]] * 60)
    found = all_splits(values)
    ones = found.count * found.mean[..., 0]
    for run in range(20):
        for side in range(2):
            count, many = round(float(found.count[run, side])), round(float(ones[run, side]))
            known = moments_of(np.array([[0.0, 3.0]] * (count - many) + [[1.0, 5.0]] * many))
            assert found.mean[run, side] == pytest.approx(known.mean)
            assert found.products[run, side] == pytest.approx(known.products)


@pytest.mark.parametrize(
    "values", [np.arange(2_000.0)[:, None], np.zeros((2_000, 1)), np.arange(2_000.0)[:, None] // 3]
)
@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.1, 0.9), (0.2, 0.3)])
def test_a_side_takes_its_share_whether_units_are_alike_or_not(values: np.ndarray, shares: tuple[float, float]) -> None:
    count = all_splits(values, shares=shares, runs=SPLITS_AT_A_TIME).count
    for side, share in enumerate(shares):
        deviation = np.sqrt(2_000 * share * (1 - share))
        assert count[:, side].mean() == pytest.approx(2_000 * share, abs=5 * deviation / np.sqrt(len(count)))
        assert count[:, side].std() == pytest.approx(deviation, rel=0.25)
    known = -np.sqrt(shares[0] * shares[1] / ((1 - shares[0]) * (1 - shares[1])))
    assert np.asarray(np.corrcoef(count.T))[0, 1] == pytest.approx(known, abs=0.2), "of a multinomial"


def test_each_split_is_another_and_the_same_generator_gives_the_same() -> None:
    values = np.random.default_rng(2).normal(size=(700, 1))
    runs = SPLITS_AT_A_TIME + 7
    one, again = (
        np.concatenate(
            [each.mean for each in splits(values, shares=(0.5, 0.5), runs=runs, generator=np.random.default_rng(3))]
        )
        for _ in range(2)
    )
    assert (one == again).all()
    assert len(np.unique(one[:, 0])) == runs


def test_no_units_and_numbers_beyond_floats_are_no_trouble() -> None:
    assert (all_splits(np.zeros((0, 2))).count == 0).all()
    assert not np.isfinite(all_splits(np.array([[1e200], [-1e200], [3.0]] * 30)).products).all()
    assert not np.isfinite(all_splits(np.array([[1e308], [1e308], [3.0]] * 30)).mean).all()
