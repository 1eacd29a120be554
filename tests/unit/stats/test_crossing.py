"""The chance of crossing is exact: published figures, a closed form, and plain normal integrals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from variate.errors import InvalidInputError
from variate.stats.crossing import MAX_CRITICAL, _density, critical_for, crossed_with, crossings, drift_for


def even(looks: int) -> list[float]:
    return [(place + 1) / looks for place in range(looks)]


@pytest.mark.parametrize(("looks", "percent"), [(1, 5.0), (5, 14.2), (10, 19.3), (20, 24.8), (50, 32.1)])
def test_looking_often_inflates_the_error_as_armitage_found(looks: int, percent: float) -> None:
    # Armitage, McPherson & Rowe (1969), table 2: repeated tests at 5 %.
    total = crossings(even(looks), critical=[1.959964] * looks).total[-1]
    assert 100 * total == pytest.approx(percent, abs=0.06)


def test_twenty_looks_at_5_percent_are_24_79_percent() -> None:
    assert crossings(even(20), critical=[1.959964] * 20).total[-1] == pytest.approx(0.2479, abs=0.0002)


@pytest.mark.parametrize("drift", [0.0, 0.7, 2.8, -2.8])
def test_two_uneven_looks_are_a_bivariate_normal(drift: float) -> None:
    times, critical = [0.3, 0.9], [2.4, 2.1]
    found = crossings(times, critical=critical, drift=drift)
    means = [drift * np.sqrt(time) for time in times]
    joint = multivariate_normal(means, [[1, np.sqrt(0.3 / 0.9)], [np.sqrt(0.3 / 0.9), 1]])
    inside = joint.cdf([2.4, 2.1], lower_limit=[-2.4, -2.1])
    assert found.upper[0] == pytest.approx(norm.sf(2.4 - means[0]), rel=1e-12)
    assert found.lower[0] == pytest.approx(norm.cdf(-2.4 - means[0]), rel=1e-12)
    assert found.total[-1] == pytest.approx(1 - inside, abs=1e-6)


@pytest.mark.parametrize("step", [2e-5, 1e-3])
def test_looks_with_hardly_anything_between_them_stay_exact(step: float) -> None:
    # The second look's chance by quadrature over where the first one, not crossed, left the score.
    first, second = 2.3 * np.sqrt(0.5), 2.3 * np.sqrt(0.5 + step)

    def density(score: float) -> float:
        return float(norm.pdf(score, scale=np.sqrt(0.5)) * norm.sf((second - score) / np.sqrt(step)))

    known, _ = quad(density, first - 10 * np.sqrt(step), first, epsabs=0, epsrel=1e-10)
    found = crossings([0.5, 0.5 + step], critical=[2.3, 2.3])
    assert found.upper[1] == pytest.approx(known, rel=1e-3)


def test_a_look_that_nothing_crosses_changes_nothing_however_close_the_next_is() -> None:
    found = crossings([0.5, 0.5001], critical=[MAX_CRITICAL, 2.3])
    assert found.upper[1] == pytest.approx(norm.sf(2.3), rel=1e-6)


def test_the_scale_of_information_does_not_matter() -> None:
    one = crossings([0.2, 0.5, 1.0], critical=[3, 2.5, 2]).total
    other = crossings([20, 50, 100], critical=[3, 2.5, 2]).total
    assert other == pytest.approx(one, rel=1e-9)


def test_a_tiny_chance_keeps_its_digits() -> None:
    assert crossings([1.0], critical=[11.0]).upper[0] == pytest.approx(norm.sf(11), rel=1e-12, abs=0)
    assert crossings([1.0], critical=[1e300]).upper[0] == pytest.approx(norm.sf(MAX_CRITICAL), rel=1e-12, abs=0)


def test_many_last_critical_values_are_crossed_as_often_as_each_alone() -> None:
    last = np.array([0.5, 2.0, 40.0])
    alone = [crossings(even(3), critical=[3.0, 2.4, each]).total[-1] for each in last]
    assert crossed_with(even(3), before=[3.0, 2.4], critical=last) == pytest.approx(alone, rel=1e-12)
    assert crossed_with([1.0], before=[], critical=np.array([9.0])) == pytest.approx(2 * norm.sf(9), rel=1e-12, abs=0)


def test_an_experiment_that_was_looked_at_hourly_has_its_next_boundary_in_a_new_process() -> None:
    _density.cache_clear()
    past = [(place / 700, MAX_CRITICAL) for place in range(1, 600)]
    assert critical_for(0.05, time=1.0, past=past) == pytest.approx(1.959964, abs=1e-6), "nothing is crossed before"


def test_the_drift_gives_the_power_back() -> None:
    critical = [3.0, 2.4, 2.0]
    drift = drift_for(0.8, times=even(3), critical=critical)
    assert crossings(even(3), critical=critical, drift=drift).upper.sum() == pytest.approx(0.8, abs=1e-9)
    assert drift_for(0.8, times=[1.0], critical=[1.959964]) == pytest.approx(2.801585, abs=1e-5), "z_0.975 + z_0.8"


@pytest.mark.parametrize("times", [[], [0.5], [0.5, 0.5], [0.5, 0.4], [0.0, 1.0], [0.5, float("inf")]])
def test_looks_that_do_not_follow_each_other_are_refused(times: list[float]) -> None:
    with pytest.raises(InvalidInputError, match="looks"):
        crossings(times, critical=[2.0, 2.0])


def test_a_critical_value_of_0_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="critical"):
        crossings([1.0], critical=[0.0])
