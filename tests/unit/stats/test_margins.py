"""A guardrail is kept where the worst that the data allow is within its margin."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.unit.stats.samples import by_variation, correlated
from variate.errors import InvalidInputError
from variate.stats.margins import Better, NonInferiority, non_inferiority
from variate.stats.mean_sides import mean_side
from variate.stats.not_estimable import NotEstimable, NotEstimableReason

_SIDES = mean_side(by_variation(correlated(200, seed=1)[:, 0], correlated(210, seed=2)[:, 0]))


@pytest.mark.parametrize(("better", "alternative"), [(1, "greater"), (-1, "less")])
def test_it_is_the_one_sided_test_of_a_treatment_moved_by_the_margin(better: Better, alternative: str) -> None:
    treatment, control = correlated(210, seed=2)[:, 0], correlated(200, seed=1)[:, 0]
    found = non_inferiority(_SIDES[1], _SIDES[0], margin=0.4, better=better).at(())
    assert isinstance(found, NonInferiority)
    oracle = stats.ttest_ind(treatment + better * 0.4, control, equal_var=False, alternative=alternative)
    assert found.p_value == pytest.approx(oracle.pvalue, rel=1e-9, abs=0)


@pytest.mark.parametrize("better", [1, -1])
@pytest.mark.parametrize("margin", [0.0, 0.3, 0.6, 0.9])
def test_the_worst_is_within_the_margin_exactly_where_the_test_rejects(better: Better, margin: float) -> None:
    found = non_inferiority(_SIDES[1], _SIDES[0], margin=margin, better=better, alpha=0.1)
    assert (better * found.worst > -margin) == (found.p_value < 0.1)


def test_margins_go_cell_by_cell() -> None:
    found = non_inferiority(_SIDES[1], _SIDES[0], margin=np.array([0.1, 2.0]))
    assert found.p_value[0] > found.p_value[1]


def test_a_margin_below_0_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="margin"):
        non_inferiority(_SIDES[1], _SIDES[0], margin=-0.1)


def test_a_reason_stays_one() -> None:
    sides = mean_side(by_variation([1.0, 2.0], []))
    assert non_inferiority(sides[1], sides[0], margin=1).at(()) == NotEstimable(NotEstimableReason.NO_UNITS)
