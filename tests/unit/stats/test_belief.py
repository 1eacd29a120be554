"""Beliefs are those of the normal model, and keep their digits in both tails."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from variate.errors import InvalidInputError
from variate.stats.belief import belief

estimates = st.floats(-5, 5)
errors = st.floats(0.01, 5)


@given(estimate=estimates, error=errors, prior=errors)
def test_the_posterior_is_the_weighted_mean(estimate: float, error: float, prior: float) -> None:
    found = belief(estimate, standard_error=error, prior_deviation=prior)
    precision = 1 / error**2 + 1 / prior**2
    assert float(found.mean) == pytest.approx(estimate / error**2 / precision, rel=1e-12, abs=0)
    assert float(found.deviation) == pytest.approx(precision**-0.5, rel=1e-12, abs=0)
    known = norm(float(found.mean), float(found.deviation))
    assert float(found.chance_to_win) == pytest.approx(known.sf(0), rel=1e-9, abs=0)
    assert (float(found.low), float(found.high)) == pytest.approx(known.interval(0.95))


@pytest.mark.parametrize("estimate", [-4.0, -0.5, 0.0, 0.5, 4.0])
def test_the_loss_is_the_mean_of_being_worse(estimate: float) -> None:
    found = belief(estimate, standard_error=1.0, prior_deviation=2.0)
    known = norm(float(found.mean), float(found.deviation))
    of_treatment, _ = quad(lambda value: -value * known.pdf(value), -30, 0, epsabs=0, epsrel=1e-11)
    of_control, _ = quad(lambda value: value * known.pdf(value), 0, 30, epsabs=0, epsrel=1e-11)
    assert float(found.loss_of_treatment) == pytest.approx(of_treatment, rel=1e-9, abs=0)
    assert float(found.loss_of_control) == pytest.approx(of_control, rel=1e-9, abs=0)


@given(estimate=estimates, error=errors)
def test_turning_the_sign_swaps_the_sides(estimate: float, error: float) -> None:
    there = belief(estimate, standard_error=error, prior_deviation=1.0)
    back = belief(-estimate, standard_error=error, prior_deviation=1.0)
    assert there.chance_to_win == back.chance_to_lose
    assert there.loss_of_treatment == back.loss_of_control
    assert there.low == -back.high


def test_far_tails_keep_their_digits() -> None:
    found = belief(np.array([20.0, -20.0, 60.0]), standard_error=1.0, prior_deviation=math.inf)
    assert found.chance_to_lose[0] == pytest.approx(norm.sf(20), rel=1e-12, abs=0)
    # phi(x) - x Phi(-x) = phi(x) / x^2 (1 - 3/x^2 + 15/x^4 - 105/x^6 ...), Abramowitz & Stegun 26.2.12.
    series = norm.pdf(20) / 400 * (1 - 3 / 400 + 15 / 400**2 - 105 / 400**3)
    assert found.loss_of_treatment[0] == pytest.approx(series, rel=2e-6, abs=0), "the next term is 945/x^8"
    assert found.loss_of_treatment[1] == pytest.approx(20)
    assert found.loss_of_treatment[2] == 0, "less than a float can hold"


def test_no_prior_leaves_the_estimate_as_it_is() -> None:
    found = belief(0.3, standard_error=0.1, prior_deviation=math.inf)
    assert float(found.mean) == 0.3
    assert float(found.deviation) == 0.1


def test_arrays_take_one_shape_and_keep_what_is_not_known() -> None:
    found = belief(np.array([0.1, math.nan]), standard_error=1.0, prior_deviation=1.0)
    assert found.deviation.shape == found.mean.shape == (2,)
    assert math.isnan(found.chance_to_win[1])
    assert math.isnan(found.loss_of_treatment[1])


def test_what_is_no_prior_or_confidence_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="prior_deviation"):
        belief(0.1, standard_error=1.0, prior_deviation=0.0)
    with pytest.raises(InvalidInputError, match="confidence"):
        belief(0.1, standard_error=1.0, prior_deviation=1.0, confidence=1.0)
