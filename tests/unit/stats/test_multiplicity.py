"""p-values adjusted for how many there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from variate.stats.multiplicity import benjamini_hochberg, bonferroni, holm

families = st.lists(st.floats(min_value=0, max_value=1), min_size=1, max_size=12)


def test_by_hand() -> None:
    given_values = [0.04, 0.01, 0.03]
    assert bonferroni(given_values) == pytest.approx([0.12, 0.03, 0.09])
    assert holm(given_values) == pytest.approx([0.06, 0.03, 0.06]), "0.01 x 3, 0.03 x 2, then not below that"
    assert benjamini_hochberg(given_values) == pytest.approx([0.04, 0.03, 0.04]), "0.04, 0.03 x 3/2, then not above"


@given(family=families)
def test_each_is_between_the_plain_value_and_bonferronis(family: list[float]) -> None:
    plain = np.array(family)
    for adjusted in (holm(family), benjamini_hochberg(family)):
        assert (adjusted >= plain - 1e-15).all()
        assert (adjusted <= bonferroni(family) + 1e-15).all()
    assert (benjamini_hochberg(family) <= holm(family) + 1e-15).all()


@pytest.mark.parametrize("adjust", [bonferroni, holm, benjamini_hochberg])
def test_nan_is_passed_over_and_not_counted(adjust: type) -> None:
    found = adjust([np.nan, 0.04, 0.01, np.nan, 0.03])
    assert np.isnan(found).tolist() == [True, False, False, True, False]
    assert found[[1, 2, 4]].tolist() == adjust([0.04, 0.01, 0.03]).tolist()
    assert np.isnan(adjust([np.nan])).all()
    assert adjust([]).tolist() == []


@pytest.mark.parametrize("adjust", [bonferroni, holm, benjamini_hochberg])
def test_families_lie_along_the_last_axis(adjust: type) -> None:
    families = [[0.04, 0.01, 0.03], [0.5, np.nan, 0.001]]
    assert np.array_equal(adjust(families), [adjust(each) for each in families], equal_nan=True)
