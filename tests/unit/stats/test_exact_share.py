"""The exact interval of a share is scipy's."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from variate.errors import InvalidInputError
from variate.stats.exact_share import exact_interval


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (10, 10), (3, 10), (100, 2_000), (0, 1), (1, 1)])
def test_it_is_scipys(successes: int, trials: int) -> None:
    known = binomtest(successes, trials).proportion_ci(confidence_level=0.99, method="exact")
    assert exact_interval(successes, trials=trials, confidence=0.99) == pytest.approx((known.low, known.high))


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 5)])
def test_what_is_no_share_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(InvalidInputError, match="trials"):
        exact_interval(successes, trials=trials)
