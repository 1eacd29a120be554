"""tea-tasting on the same random moments: an independent implementation of Welch and of the delta method."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tea_tasting.aggr import Aggregates
from tea_tasting.metrics import Mean, RatioOfMeans
from tea_tasting.metrics.mean import MeanResult

from tests.unit.stats.samples import by_variation, correlated
from variate.stats.cuped import cuped_sides
from variate.stats.differences import Difference, Lift, difference
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Moments
from variate.stats.ratios import ratio_side
from variate.stats.sides import Side

_NAMES = ("y", "d", "x", "e")
_WELCH = {"use_t": True, "equal_var": False}
_SIZES = [(30, 45), (400, 380), (9_000, 1_000)]


def _drawn(sizes: tuple[int, int]) -> Moments:
    return by_variation(correlated(sizes[0], seed=sizes[0]), correlated(sizes[1], seed=sizes[1], shift=0.3))


def _aggregates(moments: Moments) -> Aggregates:
    return Aggregates(
        count_=int(moments.count),
        mean_={name: float(moments.mean[place]) for place, name in enumerate(_NAMES)},
        var_={name: float(moments.variance(place)) for place, name in enumerate(_NAMES)},
        cov_={
            (_NAMES[one], _NAMES[two]): float(moments.covariance(one, two))
            for one, two in itertools.combinations(range(4), 2)
        },
    )


def _shown(sides: Side) -> Difference:
    found = difference(sides[1], sides[0]).at(())
    assert isinstance(found, Difference)
    return found


@pytest.mark.parametrize("sizes", _SIZES)
@pytest.mark.parametrize("kind", ["mean", "ratio"])
def test_effects_intervals_and_p_values_are_the_same(kind: str, sizes: tuple[int, int]) -> None:
    moments = _drawn(sizes)
    ours = _shown(mean_side(moments) if kind == "mean" else ratio_side(moments))
    metric = Mean("y", **_WELCH) if kind == "mean" else RatioOfMeans("y", "d", **_WELCH)
    theirs: MeanResult = metric.analyze_aggregates(_aggregates(moments[0]), _aggregates(moments[1]))
    assert ours.value == pytest.approx(theirs.effect_size, rel=1e-9)
    assert ours.low == pytest.approx(theirs.effect_size_ci_lower, rel=1e-9)
    assert ours.high == pytest.approx(theirs.effect_size_ci_upper, rel=1e-9)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9, abs=0)
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-9)
    assert isinstance(ours.lift, Lift)
    assert ours.lift.value == pytest.approx(theirs.rel_effect_size, rel=1e-9)
    # Their interval of the lift is that of the logarithm, ours Fieller's: near where the control's mean is well known.
    assert isinstance(ours.lift.low, float)
    width = theirs.rel_effect_size_ci_upper - theirs.rel_effect_size_ci_lower
    assert ours.lift.low == pytest.approx(theirs.rel_effect_size_ci_lower, abs=0.05 * width)


@pytest.mark.parametrize("kind", ["mean", "ratio"])
def test_cuped_is_within_a_hundredth_of_a_standard_error(kind: str) -> None:
    # Their theta is of all units together, so that the effect itself enters it; ours is within variations.
    moments = _drawn((9_000, 9_100))
    if kind == "mean":
        plain, adjusted = mean_side(moments), cuped_sides(moments, covariates=[2])
        metric = Mean("y", covariate="x", **_WELCH)
    else:
        plain, adjusted = ratio_side(moments), cuped_sides(moments, covariates=[(2, 3)], lower=1)
        metric = RatioOfMeans("y", "d", "x", "e", **_WELCH)
    ours = _shown(adjusted)
    theirs: MeanResult = metric.analyze_aggregates(_aggregates(moments[0]), _aggregates(moments[1]))
    error = theirs.effect_size / theirs.statistic
    assert ours.standard_error == pytest.approx(error, rel=1e-3)
    assert ours.value == pytest.approx(theirs.effect_size, abs=0.01 * error)
    assert ours.standard_error < _shown(plain).standard_error


def test_the_figures_do_not_hang_on_how_units_were_split_into_cells() -> None:
    rows = correlated(600, seed=5)
    split = by_variation(*np.split(rows, 6)).merged()
    assert mean_side(split).squared_error == pytest.approx(rows[:, 0].var(ddof=1) / 600, rel=1e-12)
