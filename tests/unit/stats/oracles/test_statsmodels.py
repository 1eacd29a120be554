"""statsmodels and scipy on the same rows: regressions, t-tests, intervals of proportions, and adjusted p-values."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from tests.unit.stats.samples import by_variation, correlated, stacked
from variate.stats.clusters import cluster_totals
from variate.stats.cuped import cuped_sides
from variate.stats.differences import difference
from variate.stats.heterogeneity import heterogeneity
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Floats
from variate.stats.multiplicity import benjamini_hochberg, bonferroni, holm
from variate.stats.proportions import proportion_side, proportion_test
from variate.stats.ratios import ratio_side
from variate.stats.skewness import skewness
from variate.stats.strata import post_stratified

_CONTROL, _TREATMENT = correlated(310, seed=41), correlated(290, seed=42, shift=0.4)


def _treated(*rows: Floats) -> Floats:
    return np.repeat(np.arange(len(rows)), [len(each) for each in rows]).astype(np.float64)


@pytest.mark.parametrize("alpha", [0.05, 0.001])
def test_welch(alpha: float) -> None:
    sides = mean_side(by_variation(_CONTROL, _TREATMENT))
    ours = difference(sides[1], sides[0], alpha=alpha)
    theirs = CompareMeans(DescrStatsW(_TREATMENT[:, 0]), DescrStatsW(_CONTROL[:, 0]))
    statistic, p_value, freedom = theirs.ttest_ind(usevar="unequal")
    assert (ours.statistic, ours.p_value, ours.freedom) == pytest.approx((statistic, p_value, freedom), rel=1e-9)
    assert (ours.low, ours.high) == pytest.approx(theirs.tconfint_diff(alpha, usevar="unequal"), rel=1e-9)


@pytest.mark.parametrize("away", [0.0, 3.0, 30.0])
def test_welch_far_out_by_scipy(away: float) -> None:
    sides = mean_side(by_variation(_CONTROL, _TREATMENT + away))
    theirs = stats.ttest_ind(_TREATMENT[:, 0] + away, _CONTROL[:, 0], equal_var=False)
    assert difference(sides[1], sides[0]).p_value == pytest.approx(theirs.pvalue, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("covariates", [[2], [2, 3], [2, 3, 1]])
def test_cupeds_difference_is_the_analysis_of_covariances(covariates: list[int]) -> None:
    sides = cuped_sides(by_variation(_CONTROL, _TREATMENT), covariates=covariates)
    ours = difference(sides[1], sides[0])
    rows = np.concatenate([_CONTROL, _TREATMENT])
    design = sm.add_constant(np.column_stack([_treated(_CONTROL, _TREATMENT), rows[:, covariates]]))
    theirs = sm.OLS(rows[:, 0], design).fit(cov_type="HC2")
    assert ours.difference == pytest.approx(theirs.params[1], rel=1e-9)
    assert ours.standard_error == pytest.approx(theirs.bse[1], rel=0.01), "another divisor, and theta's own error"


def test_post_stratification_is_lins_interacted_regression() -> None:
    strata = [(_CONTROL[:90], _TREATMENT[:40]), (_CONTROL[90:150] + 5, _TREATMENT[40:] + 6)]
    ours = post_stratified(mean_side(stacked([by_variation(*each) for each in strata]))).sides
    rows = np.concatenate([each for stratum in strata for each in stratum])
    treated = np.concatenate([_treated(*each) for each in strata])
    second = np.repeat([0.0, 1.0], [130, len(rows) - 130])
    centred = second - second.mean()
    theirs = sm.OLS(rows[:, 0], sm.add_constant(np.column_stack([treated, centred, treated * centred]))).fit(
        cov_type="HC2"
    )
    found = difference(ours[1], ours[0])
    assert found.difference == pytest.approx(theirs.params[1], rel=1e-9)
    assert found.standard_error == pytest.approx(theirs.bse[1], rel=1e-9)


def test_a_mean_over_clusters_has_the_clustered_error() -> None:
    draw = np.random.default_rng(43)
    made = []
    for shift in (0.0, 0.2):
        of_cluster = np.repeat(np.arange(25), draw.integers(3, 20, size=25))
        made.append((draw.normal(size=25)[of_cluster] + draw.normal(size=len(of_cluster)) + shift, of_cluster))
    sides = ratio_side(by_variation(*[cluster_totals(values, clusters=of_cluster) for values, of_cluster in made]))
    values = np.concatenate([values for values, _ in made])
    groups = np.concatenate([of_cluster + 25 * place for place, (_, of_cluster) in enumerate(made)])
    theirs = sm.OLS(values, sm.add_constant(_treated(*[values for values, _ in made]))).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    ours = difference(sides[1], sides[0])
    assert ours.difference == pytest.approx(theirs.params[1], rel=1e-9)
    assert ours.standard_error == pytest.approx(theirs.bse[1] * (25 / 24) ** 0.5, rel=1e-9), "n - 1 on each side"


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (0, 30, 4, 25), (200, 9_000, 260, 9_100), (10, 10, 0, 10)])
def test_newcombes_interval(counts: tuple[int, int, int, int]) -> None:
    found = proportion_test(proportion_side(counts[0], count=counts[1]), proportion_side(counts[2], count=counts[3]))
    theirs = confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    assert (found.low, found.high) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(
    ("ours", "theirs"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh"), (bonferroni, "bonferroni")]
)
def test_adjusted_p_values(ours: type, theirs: str) -> None:
    given = np.random.default_rng(44).beta(0.5, 3, size=40)
    given[:4] = [0.0, 1.0, 0.3, 0.3]
    assert ours(given) == pytest.approx(multipletests(given, method=theirs)[1], rel=1e-12)


def test_cochrans_q() -> None:
    cells = [(correlated(80, seed=each), correlated(90, seed=60 + each, shift=each)) for each in range(4)]
    sides = mean_side(stacked([by_variation(*each) for each in cells]))
    slices = difference(sides[:, 1], sides[:, 0])
    theirs = combine_effects(slices.difference, slices.standard_error**2)
    ours = heterogeneity(slices)
    assert ours.statistic == pytest.approx(theirs.q, rel=1e-9)
    assert ours.p_value == pytest.approx(theirs.test_homogeneity().pvalue, rel=1e-9, abs=0)
    assert ours.share == pytest.approx(theirs.i2, rel=1e-9)


def test_skewness() -> None:
    assert skewness(by_variation(_CONTROL))[0] == pytest.approx(stats.skew(_CONTROL[:, 0]), rel=1e-9)
