"""A skewed metric needs more units before its mean is normal."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.stats.samples import by_variation
from variate.stats.skewness import skewness, too_skewed


def test_a_proportions_skewness_is_known() -> None:
    # (1 - 2p) / sqrt(p (1 - p)) of a coin with p = 0.1 is 0.8 / 0.3.
    moments = by_variation([1.0] * 10 + [0.0] * 90)
    assert skewness(moments)[0] == pytest.approx(0.8 / 0.3)


def test_the_rule_is_355_times_its_square() -> None:
    # 355 (0.8 / 0.3)^2 is 2,524.4.
    assert too_skewed(by_variation([1.0] * 250 + [0.0] * 2_250)).tolist() == [True]
    assert too_skewed(by_variation([1.0] * 253 + [0.0] * 2_277)).tolist() == [False]


def test_what_does_not_vary_is_not_skewed() -> None:
    moments = by_variation([1.0, 1.0], [], [np.inf, 1.0])
    assert np.isnan(skewness(moments)).all()
    assert not too_skewed(moments).any()
