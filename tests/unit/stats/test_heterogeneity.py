"""Slices that differ by more than chance are told from those that do not."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.stats.samples import by_variation, correlated
from variate.stats.differences import Differences, difference
from variate.stats.heterogeneity import Heterogeneity, heterogeneity
from variate.stats.mean_sides import mean_side
from variate.stats.not_estimable import NotEstimable, NotEstimableReason


def _slices(shifts: list[float], *, count: int = 200) -> Differences:
    control = by_variation(*[correlated(count, seed=each)[:, 0] for each in range(len(shifts))])
    treated = by_variation(*[correlated(count, seed=50 + each, shift=by)[:, 0] for each, by in enumerate(shifts)])
    return difference(mean_side(treated), mean_side(control))


def test_q_is_the_weighted_square_about_the_common_difference() -> None:
    slices = _slices([0.0, 0.3, 1.0])
    found = heterogeneity(slices).at(())
    assert isinstance(found, Heterogeneity)
    weights = 1 / slices.standard_error**2
    centre = np.average(slices.difference, weights=weights)
    assert found.statistic == pytest.approx((weights * (slices.difference - centre) ** 2).sum())
    assert found.freedom == 2
    # At 2 degrees of freedom the chi-square's tail is exp(-x / 2).
    assert found.p_value == pytest.approx(np.exp(-found.statistic / 2))
    assert found.share == pytest.approx(max(0, 1 - 2 / found.statistic))


def test_a_difference_in_one_slice_shows() -> None:
    told, not_told = heterogeneity(_slices([0, 0, 4])).at(()), heterogeneity(_slices([1, 1, 1])).at(())
    assert isinstance(told, Heterogeneity)
    assert isinstance(not_told, Heterogeneity)
    assert told.p_value < 1e-6
    assert not_told.p_value > 0.01


def test_slices_without_an_estimate_are_passed_over() -> None:
    rows = [correlated(50, seed=each)[:, 0] for each in range(4)]
    control, treated = mean_side(by_variation(rows[0], rows[1], [])), mean_side(by_variation(rows[2], rows[3], [1.0]))
    found = heterogeneity(difference(treated, control)).at(())
    assert isinstance(found, Heterogeneity)
    assert found.freedom == 1


def test_one_slice_has_nothing_to_differ_from() -> None:
    assert heterogeneity(_slices([1.0])).at(()) == NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
