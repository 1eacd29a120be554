"""Post-stratification weighs each stratum as all units do."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.stats.samples import by_variation, correlated, stacked
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Floats, Moments
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.sides import Side
from variate.stats.strata import post_stratified


def _strata(*strata: tuple[Floats, ...]) -> Side:
    return mean_side(_moments(*strata))


def _moments(*strata: tuple[Floats, ...]) -> Moments:
    return stacked([by_variation(*each) for each in strata])


def _draw(count: int, *, seed: int, shift: float = 0.0) -> Floats:
    return correlated(count, seed=seed, shift=shift)[:, 0]


_ONE = (_draw(40, seed=1), _draw(80, seed=2))
_TWO = (_draw(90, seed=3, shift=30), _draw(30, seed=4, shift=30))


def test_it_is_the_weighted_sum_of_the_strata() -> None:
    found = post_stratified(_strata(_ONE, _TWO))
    for place in (0, 1):
        assert found.sides.estimate[place] == pytest.approx((_ONE[place].mean() + _TWO[place].mean()) / 2), "120 each"
        parts = [values[place].var(ddof=1) / len(values[place]) / 4 for values in (_ONE, _TWO)]
        assert found.sides.squared_error[place] == pytest.approx(sum(parts))
        spent = sum(part**2 / (len(values[place]) - 1) for part, values in zip(parts, (_ONE, _TWO), strict=True))
        assert found.sides.freedom[place] == pytest.approx(sum(parts) ** 2 / spent)
    assert found.left_out.tolist() == [0, 0]


def test_what_the_variations_differ_in_by_chance_is_gone() -> None:
    found = post_stratified(_strata(_ONE, _TWO)).sides
    plain = mean_side(_moments(_ONE, _TWO).merged(0))
    assert abs(plain.estimate[1] - plain.estimate[0]) > 10
    assert abs(found.estimate[1] - found.estimate[0]) < 1
    assert (found.squared_error < plain.squared_error).all()


def test_one_stratum_changes_nothing() -> None:
    found, plain = post_stratified(_strata(_ONE)).sides, _strata(_ONE)
    assert found.estimate == pytest.approx(plain.estimate[0])
    assert found.variance == pytest.approx(plain.variance[0])
    assert found.freedom == pytest.approx(plain.freedom[0])


def test_a_stratum_with_a_unit_of_a_variation_is_left_out_of_all() -> None:
    lonely = (_draw(50, seed=5), _draw(1, seed=6))
    found, without = post_stratified(_strata(_ONE, lonely, _TWO)), post_stratified(_strata(_ONE, _TWO))
    assert found.left_out.tolist() == [50, 1]
    assert found.sides.estimate.tolist() == without.sides.estimate.tolist()


def test_a_variation_without_units_leaves_the_strata_of_the_others() -> None:
    nobody = np.zeros(0)
    found = post_stratified(_strata((*_ONE, nobody), (*_TWO, nobody)))
    assert found.sides.at(2) == NotEstimable(NotEstimableReason.NO_UNITS)
    assert found.sides.at(0) == post_stratified(_strata(_ONE, _TWO)).sides.at(0)


def test_no_stratum_that_serves_leaves_too_few_units() -> None:
    found = post_stratified(_strata((_ONE[0], _ONE[1][:1])))
    assert found.sides.at(0) == NotEstimable(NotEstimableReason.TOO_FEW_UNITS)


def test_an_infinite_value_is_its_variations_fault() -> None:
    found = post_stratified(_strata(_ONE, (_TWO[0], np.array([1.0, np.inf]))))
    assert found.sides.at(1) == NotEstimable(NotEstimableReason.OUT_OF_RANGE)
    assert found.sides.reasons[0] == 0


def test_the_axes_may_lie_otherwise() -> None:
    cells = _moments(_ONE, _TWO)
    turned = Moments(
        count=cells.count.T,
        mean=cells.mean.swapaxes(0, 1),
        products=cells.products.swapaxes(0, 1),
        cubes=cells.cubes.swapaxes(0, 1),
    )
    found = post_stratified(mean_side(turned), strata=1, variations=0).sides
    assert found.estimate.tolist() == post_stratified(_strata(_ONE, _TWO)).sides.estimate.tolist()
