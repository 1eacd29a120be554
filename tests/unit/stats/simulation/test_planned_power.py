"""Experiments with an effect find it as often as the plan says. Bounds: statistics.md, section 7, 5."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.stats.simulation.drawing import converting_days, correlated, normal_days, stacked
from variate.stats.baselines import Adjusted, MeanBaseline, ProportionBaseline
from variate.stats.boundaries import Boundary, evenly_spaced, planned_looks
from variate.stats.cuped import cuped_sides
from variate.stats.differences import difference
from variate.stats.mean_sides import mean_side
from variate.stats.power import power_of, sample_size
from variate.stats.procedures import AlwaysValid, GroupSequential, Procedure
from variate.stats.sequence import confidence_sequence

RUNS = 20_000
NORMAL = MeanBaseline(mean=0, deviation=1)
ONCE = Procedure()


def test_welch_has_the_power_of_its_sample_size() -> None:
    units = sample_size(NORMAL, effect=0.1, procedure=ONCE).units[0]
    generator = np.random.default_rng(1)
    treatment, control = (
        mean_side(normal_days(generator, runs=RUNS, days=1, units=units, mean=mean)) for mean in (0.1, 0)
    )
    assert (difference(treatment, control).p_value < 0.05).mean() == pytest.approx(0.8, abs=0.015)


def test_cuped_has_the_power_of_its_sample_size() -> None:
    baseline = Adjusted(baseline=NORMAL, correlation=0.7)
    units = sample_size(baseline, effect=0.15, procedure=ONCE).units[0]
    generator = np.random.default_rng(2)
    moments = stacked(
        [correlated(generator, 4_000, units=units, correlation=0.7, effect=effect) for effect in (0.0, 0.15)],
        axis=1,
    )
    sides = cuped_sides(moments, covariates=[1])
    found = (difference(sides[:, 1], sides[:, 0]).p_value < 0.05).mean()
    assert found == pytest.approx(0.8, abs=0.015)
    plain = difference(mean_side(moments[:, 1]), mean_side(moments[:, 0]))
    known = power_of(NORMAL, effect=0.15, units=2 * units, procedure=ONCE)
    assert (plain.p_value < 0.05).mean() == pytest.approx(known, abs=0.015)


@pytest.mark.parametrize("weights", [(1, 1), (9, 1)])
def test_two_proportions_have_the_power_of_their_sample_size(weights: tuple[int, int]) -> None:
    plan = sample_size(ProportionBaseline(rate=0.1), effect=0.02, procedure=Procedure(weights=weights))
    generator = np.random.default_rng(3)
    control, treatment = (
        mean_side(converting_days(generator, runs=RUNS, days=1, units=units, rate=rate))
        for units, rate in zip(plan.units, (0.1, 0.12), strict=True)
    )
    assert (difference(treatment, control).p_value < 0.05).mean() == pytest.approx(0.8, abs=0.015)


def test_planned_looks_have_the_power_and_end_as_soon_as_they_say() -> None:
    units = sample_size(NORMAL, effect=0.05, procedure=ONCE).units[0] // 20
    generator = np.random.default_rng(4)
    treatment, control = (
        mean_side(normal_days(generator, runs=RUNS, days=20, units=units, mean=mean)) for mean in (0.05, 0)
    )
    critical = [look.critical for look in planned_looks(Boundary(), information=evenly_spaced(20))]
    crossed = difference(treatment, control).statistic >= critical
    assert crossed.any(axis=1).mean() == pytest.approx(0.775, abs=0.015)
    planned = Procedure(monitoring=GroupSequential())
    assert crossed.any(axis=1).mean() == pytest.approx(
        power_of(NORMAL, effect=0.05, units=40 * units, procedure=planned), abs=0.015
    )
    ends = np.where(crossed.any(axis=1), crossed.argmax(axis=1) + 1, 20)
    drift = 0.05 / np.sqrt(4 / (40 * units))
    assert ends.mean() / 20 == pytest.approx(planned.mean_share(drift), abs=0.01)
    always = confidence_sequence(treatment, control, planned=40 * units, alpha=0.05)
    assert (always.low > 0).any(axis=1).mean() == pytest.approx(
        power_of(NORMAL, effect=0.05, units=40 * units, procedure=Procedure(monitoring=AlwaysValid())), abs=0.015
    )


def test_a_sequence_that_stops_early_has_the_power_of_its_sample_size() -> None:
    procedure = Procedure(monitoring=AlwaysValid(looks=10), weights=(3, 1))
    plan = sample_size(NORMAL, effect=0.1, procedure=procedure)
    generator = np.random.default_rng(5)
    control, treatment = (
        mean_side(normal_days(generator, runs=RUNS, days=10, units=units // 10, mean=mean))
        for units, mean in zip(plan.units, (0, 0.1), strict=True)
    )
    found = confidence_sequence(treatment, control, planned=plan.total, alpha=0.05)
    assert (found.low > 0).any(axis=1).mean() == pytest.approx(0.8, abs=0.015)
