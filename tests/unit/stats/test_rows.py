"""Rank tests and the bootstrap, which read every row."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy import stats

from tests.unit.stats.samples import correlated
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.rows import BootstrapInterval, Bootstrapped, RankTest, bootstrap, rank_test

_CONTROL, _TREATMENT = correlated(80, seed=31)[:, 0], correlated(90, seed=32, shift=1)[:, 0]
_ninth = functools.partial(np.quantile, q=0.9)


def _mean(values: Floats) -> float:
    return float(values.mean())


def _drawn(interval: BootstrapInterval = BootstrapInterval.PERCENTILE, *, seed: int = 1) -> Bootstrapped:
    found = bootstrap(
        _TREATMENT, _CONTROL, statistic=_mean, generator=np.random.default_rng(seed), draws=1_000, interval=interval
    )
    assert isinstance(found, Bootstrapped)
    return found


def test_superiority_is_the_share_of_pairs_that_the_treatment_wins() -> None:
    found = rank_test(np.array([1.0, 3.0, 3.0]), np.array([0.0, 3.0]))
    assert isinstance(found, RankTest)
    assert found.superiority == pytest.approx((1 + 1.5 + 1.5) / 6), "a tie is half a win"
    assert found.statistic == 4


def test_ranks_ignore_how_far_out_a_value_is() -> None:
    plain, far = rank_test(_TREATMENT, _CONTROL), rank_test(np.exp(_TREATMENT), np.exp(_CONTROL))
    assert isinstance(plain, RankTest)
    assert plain == far


def test_the_bootstrap_agrees_with_the_error_of_means() -> None:
    found = _drawn()
    error = (_TREATMENT.var() / 90 + _CONTROL.var() / 80) ** 0.5
    assert found.value == pytest.approx(_TREATMENT.mean() - _CONTROL.mean())
    assert found.standard_error == pytest.approx(error, rel=0.08)
    assert found.low == pytest.approx(found.value - 1.96 * error, abs=0.2 * error)
    assert found.high == pytest.approx(found.value + 1.96 * error, abs=0.2 * error)


def test_the_same_seed_draws_the_same() -> None:
    assert _drawn() == _drawn()
    assert _drawn() != _drawn(seed=2)


def test_the_corrected_interval_is_scipys() -> None:
    skewed, plain = np.exp(_TREATMENT / 4), np.exp(_CONTROL / 4)
    found = bootstrap(
        skewed,
        plain,
        statistic=_mean,
        generator=np.random.default_rng(3),
        draws=3_000,
        interval=BootstrapInterval.BCA,
    )
    assert isinstance(found, Bootstrapped)
    oracle = stats.bootstrap(
        (skewed, plain),
        lambda one, two, axis: one.mean(axis=axis) - two.mean(axis=axis),
        n_resamples=3_000,
        method="BCa",
        rng=np.random.default_rng(4),
    )
    near = 0.15 * found.standard_error
    assert found.low == pytest.approx(oracle.confidence_interval.low, abs=near)
    assert found.high == pytest.approx(oracle.confidence_interval.high, abs=near)


def test_any_statistic_can_be_redrawn() -> None:
    found = bootstrap(_TREATMENT, _CONTROL, statistic=_ninth, generator=np.random.default_rng(5), draws=200)
    assert isinstance(found, Bootstrapped)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("treatment", "control", "reason"),
    [
        ([], [1.0, 2.0], NotEstimableReason.NO_UNITS),
        ([1.0, 2.0], [1.0], NotEstimableReason.TOO_FEW_UNITS),
        ([1.0, np.inf], [1.0, 2.0], NotEstimableReason.OUT_OF_RANGE),
        ([1.0, 1.0], [1.0, 1.0], NotEstimableReason.ZERO_VARIANCE),
    ],
)
def test_where_nothing_can_be_told_the_reason_is(
    treatment: list[float], control: list[float], reason: NotEstimableReason
) -> None:
    one, other = np.array(treatment, dtype=np.float64), np.array(control, dtype=np.float64)
    assert rank_test(one, other) == NotEstimable(reason)
    drawn = bootstrap(one, other, statistic=_mean, generator=np.random.default_rng(6), draws=20)
    assert drawn == NotEstimable(reason)
