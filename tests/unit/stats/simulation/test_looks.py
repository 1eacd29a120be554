"""A/A experiments: how often each way of looking finds what is not there. Bounds: statistics.md, section 7, 1 to 3."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.stats.simulation.drawing import converting_days, normal_days
from variate.stats.boundaries import Boundary, evenly_spaced, overall_error, planned_looks
from variate.stats.differences import Differences, difference
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Floats
from variate.stats.sequence import (
    always_valid_p,
    confidence_sequence,
    information_ratio,
    one_sided_sequence,
    running_minimum,
)
from variate.stats.sides import Side

RUNS, DAYS = 20_000, 20
UNITS = {"normal": 250, "conversion": 2_500}
"""A day, on each side."""


@pytest.fixture(scope="module", params=UNITS)
def experiments(request: pytest.FixtureRequest) -> tuple[Side, Side, int]:
    """Both sides up to each day, and how many units there are in the end."""
    generator = np.random.default_rng(20_260_101)
    units = UNITS[request.param]
    if request.param == "normal":
        treatment, control = (normal_days(generator, runs=RUNS, days=DAYS, units=units) for _ in range(2))
    else:
        treatment, control = (converting_days(generator, runs=RUNS, days=DAYS, units=units, rate=0.1) for _ in range(2))
    return mean_side(treatment), mean_side(control), 2 * units * DAYS


@pytest.fixture(scope="module")
def tested(experiments: tuple[Side, Side, int]) -> Differences:
    return difference(experiments[0], experiments[1])


def test_one_look_at_the_end_is_wrong_as_often_as_it_says(tested: Differences) -> None:
    assert 0.045 <= (tested.p_value[:, -1] < 0.05).mean() <= 0.055


def test_looking_each_day_at_a_test_for_one_look_is_wrong_five_times_as_often(tested: Differences) -> None:
    assert 0.235 <= (tested.p_value < 0.05).any(axis=1).mean() <= 0.26
    assert overall_error(evenly_spaced(DAYS), critical=[1.959964] * DAYS) == pytest.approx(0.2479, abs=0.0002)


def test_the_sequence_is_hardly_ever_wrong(experiments: tuple[Side, Side, int]) -> None:
    treatment, control, planned = experiments
    found = confidence_sequence(treatment, control, planned=planned, alpha=0.05)
    assert (found.reasons == 0).all()
    p_value = running_minimum(found.p_value)
    assert (np.diff(p_value, axis=1) <= 0).all()
    assert (p_value[:, -1] < 0.05).mean() <= 0.025
    outside = (found.low > 0) | (found.high < 0)
    assert (outside.any(axis=1) == (p_value[:, -1] < 0.05)).all()


def test_a_boundary_spends_what_it_says(tested: Differences) -> None:
    critical = [look.critical for look in planned_looks(Boundary(), information=evenly_spaced(DAYS))]
    assert 0.043 <= (np.abs(tested.statistic) >= critical).any(axis=1).mean() <= 0.056


def test_a_small_and_sparse_side_needs_the_larger_standard_error() -> None:
    # 90:10, 2 % convert; a look at each treated unit from the 100th to the 1,000th.
    generator = np.random.default_rng(90_10)
    treatment = mean_side(converting_days(generator, runs=2_000, days=1_000, units=1, rate=0.02)[:, 99:])
    control = mean_side(converting_days(generator, runs=2_000, days=1_000, units=9, rate=0.02)[:, 99:])
    found = confidence_sequence(treatment, control, planned=10_000, alpha=0.05)
    assert _ever_below(np.nan_to_num(found.p_value, nan=1.0)) <= 0.025
    plain = difference(treatment, control)
    kappa = information_ratio(treatment.count + control.count, planned=10_000, alpha=0.05)
    unguarded = always_valid_p(np.where(plain.reasons == 0, plain.statistic, 0.0), kappa=kappa)
    assert _ever_below(unguarded) > 0.1, "so the guard matters"


@pytest.mark.parametrize("margin", [0.0, 0.05])
def test_a_treatment_as_bad_as_the_margin_is_hardly_ever_called_better_than_it(margin: float) -> None:
    generator = np.random.default_rng(13)
    treatment, control = (
        mean_side(normal_days(generator, runs=RUNS, days=DAYS, units=200, mean=mean)) for mean in (-margin, 0)
    )
    found = one_sided_sequence(treatment, control, planned=8_000, alpha=0.05, margin=margin)
    assert 0.005 <= _ever_below(found.p_value) <= 0.025


def _ever_below(p_value: Floats) -> float:
    return float((p_value < 0.05).any(axis=1).mean())
