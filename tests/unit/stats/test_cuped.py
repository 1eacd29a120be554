"""CUPED takes off what was known before, and says where nothing was."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.stats.samples import by_variation, correlated
from variate.stats.cuped import cuped_sides, variance_reduction
from variate.stats.differences import difference
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.ratios import ratio_side
from variate.stats.sides import Estimate

_CONTROL, _TREATMENT = correlated(300, seed=11), correlated(340, seed=12, shift=0.5)


def _with(column: Floats | float, rows: Floats) -> Floats:
    return np.column_stack([rows, np.broadcast_to(column, len(rows))])


def test_the_mean_moves_by_theta_times_how_far_the_covariate_is_from_all_units() -> None:
    sides = cuped_sides(by_variation(_CONTROL, _TREATMENT), covariates=[2])
    groups = [_CONTROL, _TREATMENT]
    cross = sum(((g[:, 2] - g[:, 2].mean()) * (g[:, 0] - g[:, 0].mean())).sum() for g in groups)
    theta = cross / sum(((g[:, 2] - g[:, 2].mean()) ** 2).sum() for g in groups)
    pooled = np.concatenate(groups)[:, 2].mean()
    for place, rows in enumerate(groups):
        left = rows[:, 0] - theta * (rows[:, 2] - pooled)
        found = sides.at(place)
        assert isinstance(found, Estimate)
        assert found.value == pytest.approx(left.mean(), rel=1e-12)
        spent = (640 - 2) / (640 - 3)
        assert found.standard_error == pytest.approx((left.var(ddof=1) / len(rows) * spent) ** 0.5, rel=1e-12)
        assert sides.baseline[place] == pytest.approx(rows[:, 0].mean()), "a lift divides by the unadjusted mean"


def test_the_variance_goes_down_by_the_squared_correlation() -> None:
    moments = by_variation(_CONTROL, _TREATMENT)
    plain, adjusted = mean_side(moments), cuped_sides(moments, covariates=[2])
    correlation = np.corrcoef(_CONTROL[:, 0], _CONTROL[:, 2])[0, 1]
    assert variance_reduction(adjusted, plain)[0] == pytest.approx(correlation**2, abs=0.01)
    assert np.isnan(variance_reduction(plain, mean_side(by_variation([1.0, 1.0], [1.0, 1.0])))).all()


@pytest.mark.parametrize("extra", [7.0, "twice", "noise"])
def test_a_constant_or_repeated_column_adds_nothing(extra: float | str) -> None:
    columns = {"twice": lambda rows: 3 - 2 * rows[:, 2], "noise": lambda rows: 1e9 + 0.1 + 0 * rows[:, 2]}
    made = [_with(columns[extra](rows) if isinstance(extra, str) else extra, rows) for rows in (_CONTROL, _TREATMENT)]
    moments = by_variation(*made)
    one, two = cuped_sides(moments, covariates=[2]), cuped_sides(moments, covariates=[2, 4])
    assert two.estimate == pytest.approx(one.estimate, rel=1e-9)
    assert two.variance == pytest.approx(one.variance, rel=1e-9)
    assert two.freedom == pytest.approx(one.freedom, rel=1e-12), "no freedom is spent on it either"


def test_more_covariates_take_off_more() -> None:
    moments = by_variation(_CONTROL, _TREATMENT)
    one, two = cuped_sides(moments, covariates=[2]), cuped_sides(moments, covariates=[2, 1])
    assert (two.variance < one.variance).all()


def test_units_without_a_covariate_stay_in_by_a_constant_and_an_indicator() -> None:
    made = []
    for rows in (_CONTROL, _TREATMENT):
        missing = np.arange(len(rows)) % 3 == 0
        made.append(np.column_stack([rows[:, 0], np.where(missing, 0.0, rows[:, 2]), missing]))
    found = cuped_sides(by_variation(*made), covariates=[1, 2])
    assert (found.variance < mean_side(by_variation(*made)).variance).all()
    # Whatever constant stands for the missing ones, the answer is one.
    moved = [np.where(row[:, 2:] == 1, [0, 123.0, 0], 0) + row for row in made]
    assert cuped_sides(by_variation(*moved), covariates=[1, 2]).estimate == pytest.approx(found.estimate, rel=1e-9)


def test_where_all_covariates_are_constant_the_reason_says_so() -> None:
    moments = by_variation(_with(0.1, _CONTROL), _with(0.1, _TREATMENT))
    for covariates in ([4], [4, 4]):
        sides = cuped_sides(moments, covariates=covariates)
        assert sides.at(0) == sides.at(1) == NotEstimable(NotEstimableReason.CONSTANT_COVARIATE)


def test_a_covariate_that_foretells_everything_leaves_no_variance() -> None:
    made = [np.column_stack([rows[:, 0] + add, rows[:, 0]]) for add, rows in ((0, _CONTROL), (3, _TREATMENT))]
    sides = cuped_sides(by_variation(*made), covariates=[1])
    assert sides.variance.tolist() == [0, 0]
    assert difference(sides[1], sides[0]).at(()) == NotEstimable(NotEstimableReason.ZERO_VARIANCE)


def test_a_ratio_is_adjusted_by_a_ratio_through_the_units_parts() -> None:
    moments = by_variation(_CONTROL, _TREATMENT)
    sides = cuped_sides(moments, covariates=[(2, 3)], lower=1)
    made = []
    for rows in (_CONTROL, _TREATMENT):
        y, d, x, e = rows.T
        ratio, before = y.sum() / d.sum(), x.sum() / e.sum()
        made.append(np.column_stack([ratio + (y - ratio * d) / d.mean(), before + (x - before * e) / e.mean()]))
    on_parts = cuped_sides(by_variation(*made), covariates=[1])
    assert sides.variance == pytest.approx(on_parts.variance, rel=1e-9)
    gap, gap_on_parts = (side.estimate[1] - side.estimate[0] for side in (sides, on_parts))
    assert gap == pytest.approx(gap_on_parts, rel=1e-9)
    assert (sides.variance < ratio_side(moments).variance).all()


def test_a_ratio_over_nothing_before_is_no_covariate() -> None:
    made = [_with(0.0, rows) for rows in (_CONTROL, _TREATMENT)]
    sides = cuped_sides(by_variation(*made), covariates=[(2, 4)])
    assert sides.at(0) == NotEstimable(NotEstimableReason.CONSTANT_COVARIATE)
    both = cuped_sides(by_variation(*made), covariates=[2, (2, 4)])
    assert both.variance == pytest.approx(cuped_sides(by_variation(*made), covariates=[2]).variance)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (_CONTROL[:0], NotEstimableReason.NO_UNITS),
        (_CONTROL[:1], NotEstimableReason.TOO_FEW_UNITS),
        (np.where(np.arange(4) == 2, np.inf, _CONTROL), NotEstimableReason.OUT_OF_RANGE),
        (np.where(np.arange(4) == 0, np.inf, _CONTROL), NotEstimableReason.OUT_OF_RANGE),
    ],
)
def test_one_variations_fault_is_not_the_others(bad: Floats, reason: NotEstimableReason) -> None:
    both = by_variation(_CONTROL, _TREATMENT)
    sides = cuped_sides(by_variation(_CONTROL, bad, _TREATMENT), covariates=[2])
    without = cuped_sides(both, covariates=[2])
    assert sides.at(1) == NotEstimable(reason)
    assert sides.at(0) == without.at(0)
    assert sides.at(2) == without.at(1)


def test_more_covariates_than_units_leave_too_few() -> None:
    sides = cuped_sides(by_variation(_CONTROL[:2], _TREATMENT[:2]), covariates=[1, 2, 3])
    assert sides.at(0) == NotEstimable(NotEstimableReason.TOO_FEW_UNITS)
