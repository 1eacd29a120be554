"""Clusters that were randomised are the units, whatever is measured in them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.unit.stats.samples import by_variation
from variate.stats.clusters import cluster_freedom, cluster_totals, few_clusters
from variate.stats.differences import Difference, difference
from variate.stats.mean_sides import mean_side
from variate.stats.ratios import ratio_side


def _totals(clusters: int, *, seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    of_cluster = np.repeat(np.arange(clusters), draw.integers(5, 15, size=clusters))
    values = draw.normal(size=clusters)[of_cluster] + draw.normal(size=len(of_cluster))
    return cluster_totals(np.column_stack([values, values**2]), clusters=of_cluster)


def test_a_cluster_has_its_totals_and_its_size() -> None:
    found = cluster_totals(np.array([1.0, 2.0, 5.0]), clusters=np.array([7, 9, 7]))
    assert found.tolist() == [[6, 2], [2, 1]]


def test_their_difference_has_two_degrees_of_freedom_less_than_clusters() -> None:
    sides = ratio_side(by_variation(_totals(12, seed=1), _totals(15, seed=2)), lower=2)
    found = difference(sides[1], sides[0], freedom=cluster_freedom(sides[1], sides[0])).at(())
    assert isinstance(found, Difference)
    assert found.freedom == 25
    assert found.p_value == pytest.approx(2 * stats.t.sf(abs(found.statistic), 25))


def test_the_clusters_own_means_are_compared_by_the_t_test() -> None:
    means = [rows[:, 0] / rows[:, 2] for rows in (_totals(12, seed=1), _totals(15, seed=2))]
    sides = mean_side(by_variation(*means))
    found = difference(sides[1], sides[0])
    assert found.p_value == pytest.approx(stats.ttest_ind(means[1], means[0], equal_var=False).pvalue)
    assert few_clusters(sides[1], sides[0])


def test_40_clusters_are_no_longer_few() -> None:
    sides = mean_side(by_variation(np.arange(20.0), np.arange(20.0), np.arange(19.0)))
    assert few_clusters(sides[1:], sides[0]).tolist() == [False, True]
