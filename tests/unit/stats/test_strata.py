"""Post-stratification weighs each stratum as all units do."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.stats.samples import by_variation, correlated, stacked
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Floats, Moments
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.ratios import ratio_side
from variate.stats.sides import Side
from variate.stats.strata import post_stratified, standardised


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


def test_standardised_moments_make_the_means_that_post_stratified_sides_are() -> None:
    moments, of_sides = standardised(_moments(_ONE, _TWO)), post_stratified(_strata(_ONE, _TWO))
    side = mean_side(moments.moments)
    assert side.estimate == pytest.approx(of_sides.sides.estimate)
    assert side.squared_error == pytest.approx(of_sides.sides.squared_error)
    assert side.count.tolist() == [130, 110]
    assert moments.left_out.tolist() == [0, 0]


def test_standardised_moments_of_equal_strata_are_those_of_all_units_together() -> None:
    found, whole = standardised(_moments(_ONE, _ONE)).moments, _moments(_ONE, _ONE).merged(0)
    assert found.mean == pytest.approx(whole.mean)
    assert found.cubes == pytest.approx(whole.cubes)
    assert found.variance(0) == pytest.approx(whole.variance(0), rel=0.03)


def test_standardised_moments_leave_out_strata_in_which_a_variation_has_hardly_any() -> None:
    lonely = (_draw(50, seed=5), _draw(1, seed=6))
    found, without = standardised(_moments(_ONE, lonely, _TWO)), standardised(_moments(_ONE, _TWO))
    assert found.left_out.tolist() == [50, 1]
    assert found.moments.mean == pytest.approx(without.moments.mean)
    assert found.moments.products == pytest.approx(without.moments.products)


def test_a_ratio_of_standardised_moments_has_its_error() -> None:
    # Simulated: of two strata of unequal shares, the ratio of sums over strata weighed alike, and how much it varies.
    generator, runs, counts = np.random.default_rng(7), 2_000, ((900, 100), (500, 500))
    ratios, errors = np.empty((runs, 2)), np.empty((runs, 2))
    for run in range(runs):
        strata = []
        for level, of_stratum in zip((1.0, 3.0), counts, strict=True):
            visits = [generator.poisson(4, count) + 1.0 for count in of_stratum]
            strata.append(
                by_variation(
                    *(np.stack([level * each + generator.normal(0, 2, len(each)), each], 1) for each in visits)
                )
            )
        side = ratio_side(standardised(stacked(strata)).moments, upper=0, lower=1)
        ratios[run], errors[run] = side.estimate, side.squared_error
    assert ratios.mean(axis=0) == pytest.approx(2.0, abs=0.01)
    assert errors.mean(axis=0) == pytest.approx(ratios.var(axis=0), rel=0.1)
