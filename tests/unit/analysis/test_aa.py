"""A metric that is honest passes its A/A check, one that is not is told what is wrong with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.stats import ttest_ind

from variate.analysis.aa import MetricCheck, SelfCheck, self_check
from variate.analysis.aa_advice import Agreement, ErrorRate
from variate.analysis.aa_record import self_check_record
from variate.errors import InvalidInputError
from variate.model.metric import Measure, Metric, MetricKind
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stores.aggregates import UnitValues

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HALVES = (50, 50)


def metric(kind: MetricKind = MetricKind.MEAN, *, name: str = "spend", cap: float | None = None) -> Metric:
    return Metric(
        id=name,
        name=name,
        kind=kind,
        measure=Measure(event_type="purchase"),
        denominator=Measure(event_type="session") if kind is MetricKind.RATIO else None,
        cap_quantile=cap,
        created_at=NOW,
        updated_at=NOW,
    )


def rows(*columns: np.ndarray, variables: tuple[str, ...] = ("y",), name: str = "spend") -> UnitValues:
    return UnitValues(
        metric_id=name,
        variables=variables,
        variation=np.zeros(len(columns[0]), dtype=np.int64),
        values=np.stack(columns, axis=1).astype(np.float64),
    )


def checked(
    of: Metric, values: UnitValues, *, weights: tuple[float, ...] = HALVES, runs: int = 1_000, seed: int = 5
) -> MetricCheck:
    return self_check(
        [of], values={of.id: values}, weights=weights, generator=np.random.default_rng(seed), runs=runs
    ).metrics[0]


def rate_of(found: ErrorRate | NotEstimable | None) -> ErrorRate:
    assert isinstance(found, ErrorRate)
    return found


def whales(units: int = 2_000) -> np.ndarray:
    """Ten units have nearly all of it: where a small side has none of them, it does not know what it misses."""
    values = np.random.default_rng(8).random(units)
    values[:10] = 1_000
    return values


def test_an_honest_metric_is_wrong_as_often_as_it_says() -> None:
    generator = np.random.default_rng(4)
    before = generator.normal(size=3_000)
    found = checked(metric(), rows(before + generator.normal(size=3_000), before, variables=("y", "x1")))
    for each in (rate_of(found.plain), rate_of(found.adjusted)):
        assert each.agreement is Agreement.AGREES
        assert each.low <= 0.05 <= each.high
        assert each.rate == pytest.approx(each.above + each.below)
        assert each.coverage == pytest.approx(1 - each.rate)
        assert (each.runs, each.failed) == (1_000, 0)
    assert found.agrees
    assert found.advice == ""
    assert found.skewness == pytest.approx(0, abs=0.2)


def test_a_ratio_is_honest_though_its_events_come_in_units() -> None:
    generator = np.random.default_rng(5)
    sessions = 1 + generator.poisson(4, 2_000)
    done = generator.binomial(sessions, generator.beta(1, 3, 2_000))
    found = checked(metric(MetricKind.RATIO), rows(done, sessions, variables=("y", "d")))
    assert found.agrees
    assert found.skewness is None


def test_a_share_is_honest() -> None:
    found = checked(metric(MetricKind.PROPORTION), rows(np.repeat([0, 1], [45_000, 5_000])), runs=4_000)
    assert found.agrees
    assert found.units == 50_000


def test_the_rate_is_that_of_another_way_to_compute_it() -> None:
    # scipy's Welch test on splits by numpy, unit by unit.
    values = whales()
    generator = np.random.default_rng(6)
    rejected = []
    for _ in range(1_000):
        side = generator.random(len(values)) < 0.1
        rejected.append(ttest_ind(values[side], values[~side], equal_var=False).pvalue < 0.05)
    found = rate_of(checked(metric(), rows(values), weights=(90, 10)).plain)
    assert found.rate == pytest.approx(np.mean(rejected), abs=0.07)
    assert found.rate > 0.2


def test_a_metric_that_few_units_make_is_wrong_too_often_where_one_side_is_small() -> None:
    found = checked(metric(), rows(whales()), weights=(90, 10))
    plain = rate_of(found.plain)
    assert plain.agreement is Agreement.TOO_OFTEN
    assert plain.below > plain.above, "the small side mostly misses them"
    assert not found.agrees
    assert "do not ship by it" in found.advice
    assert "give the metric a cap" in found.advice


def test_a_cap_makes_it_honest() -> None:
    capped = rows(np.minimum(whales(), 1), whales(), variables=("y", "raw"))
    assert checked(metric(cap=0.99), capped, weights=(90, 10)).agrees


def test_a_capped_metric_that_is_still_skewed_is_told_to_lower_the_cap() -> None:
    assert "a lower cap" in checked(metric(cap=0.999), rows(whales()), weights=(90, 10)).advice


def test_one_great_value_makes_a_test_find_nothing() -> None:
    values = np.ones(500)
    values[0], values[1:] = 1e6, np.random.default_rng(9).random(499)
    found = checked(metric(), rows(values))
    assert rate_of(found.plain).agreement is Agreement.TOO_RARELY
    assert rate_of(found.plain).rate == 0
    assert found.advice.startswith("What it finds can be trusted")


def test_a_rare_share_is_told_to_wait() -> None:
    found = checked(metric(MetricKind.PROPORTION), rows(np.repeat([0, 1], [3_960, 40])), weights=(95, 5), runs=4_000)
    assert rate_of(found.plain).agreement is Agreement.TOO_OFTEN
    assert "Only about 2 units do it on the smallest side" in found.advice


def test_with_several_variations_the_control_is_compared_with_each_in_turn() -> None:
    found = checked(metric(), rows(np.random.default_rng(1).normal(size=3_000)), weights=(50, 30, 20), runs=1_001)
    assert rate_of(found.plain).runs == 1_001
    assert found.agrees


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.ones(100), "zero_variance"),
        (np.array([1.0, np.inf, 2.0] * 50), "out_of_range"),
        (np.array([1.0, np.nan, 2.0] * 50), "out_of_range"),
        (np.array([1e200, -1e200, 2.0] * 50), "out_of_range"),
        (np.zeros(0), "no_units"),
    ],
)
def test_what_cannot_be_tested_says_why(values: np.ndarray, reason: str) -> None:
    found = checked(metric(), rows(values))
    assert found.plain == NotEstimable(NotEstimableReason(reason))
    assert found.advice.startswith("It could not be tested: ")
    assert not found.agrees
    json.dumps(self_check_record(_alone(found)), allow_nan=False)


def test_a_covariate_that_says_nothing_is_told_apart_from_the_metric() -> None:
    values = np.random.default_rng(2).normal(size=400)
    found = checked(metric(), rows(values, np.zeros(400), variables=("y", "x1")), seed=6)
    assert rate_of(found.plain).agreement is Agreement.AGREES
    assert found.adjusted == NotEstimable(NotEstimableReason.CONSTANT_COVARIATE)
    assert found.advice.startswith("It could not be tested with its covariate")


def test_runs_without_a_test_are_counted_apart() -> None:
    found = rate_of(checked(metric(), rows(np.array([1.0, 2.0, 4.0, 8.0])), runs=1_000).plain)
    assert found.failed > 0
    assert found.runs + found.failed == 1_000


def test_the_same_generator_gives_the_same_check_and_metrics_do_not_disturb_each_other() -> None:
    values = rows(np.random.default_rng(2).normal(size=400))
    other = rows(np.random.default_rng(3).normal(size=300), name="other")
    both = {"spend": values, "other": other}
    metrics = [metric(), metric(name="other"), metric(name="unmeasured")]
    found = self_check(metrics, values=both, weights=HALVES, generator=np.random.default_rng(5), runs=200)
    again = self_check(metrics, values=both, weights=HALVES, generator=np.random.default_rng(5), runs=200)
    assert found == again
    assert [each.metric_id for each in found.metrics] == ["spend", "other"]
    assert found.metrics[0] == checked(metric(), values, runs=200)
    both["spend"] = rows(np.random.default_rng(4).normal(size=900))
    changed = self_check(metrics, values=both, weights=HALVES, generator=np.random.default_rng(5), runs=200)
    assert changed.metrics[0] != found.metrics[0]
    assert changed.metrics[1] == found.metrics[1]


def test_it_says_how_far_it_is() -> None:
    heard: list[tuple[str, int, int]] = []
    self_check(
        [metric()],
        values={"spend": rows(np.arange(50.0))},
        weights=(2, 1, 1),
        generator=np.random.default_rng(1),
        runs=600,
        advance=lambda what, done, of: heard.append((what, done, of)),
    )
    assert [done for _, done, _ in heard] == [250, 300, 550, 600]
    assert {(what, of) for what, _, of in heard} == {("A/A of spend", 600)}


def test_the_record_is_json_with_every_number() -> None:
    found = checked(metric(), rows(np.random.default_rng(1).normal(size=300)))
    record = json.loads(json.dumps(self_check_record(_alone(found)), allow_nan=False))
    assert record["alpha"] == 0.05
    assert record["metrics"][0]["plain"]["rate"] == rate_of(found.plain).rate
    assert record["metrics"][0]["plain"]["agreement"] == "agrees"
    assert record["metrics"][0]["adjusted"] is None
    assert record["metrics"][0]["kind"] == "mean"


@pytest.mark.parametrize(
    ("weights", "alpha", "runs", "field"),
    [
        ((1,), 0.05, 1_000, "weights"),
        ((1, 0), 0.05, 1_000, "weights"),
        (HALVES, 0, 1_000, "alpha"),
        (HALVES, 1, 1_000, "alpha"),
        (HALVES, 0.05, 10, "runs"),
    ],
)
def test_what_cannot_be_checked_is_refused(weights: tuple[float, ...], alpha: float, runs: int, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        self_check([], values={}, weights=weights, generator=np.random.default_rng(1), alpha=alpha, runs=runs)
    assert caught.value.field == field


def _alone(found: MetricCheck) -> SelfCheck:
    return SelfCheck(alpha=0.05, runs=1_000, weights=HALVES, confidence=0.99, metrics=(found,))
