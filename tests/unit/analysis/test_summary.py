"""A summary counts users who were exposed, and only what they did from then on."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from tests.unit.analysis.fake_events import END, START, ListedEvents, event, experiment, exposure
from variate.analysis import Summary, summarise
from variate.model import Event
from variate.model.design import Design
from variate.stats import Difference, NotEstimable, NotEstimableReason


def _summary(*events: Event, event_types: tuple[str, ...] = (), seed: int = 1) -> Summary:
    return summarise(
        experiment("red", "blue"),
        events=ListedEvents(events, seed=seed),
        start=START,
        end=END,
        at=END,
        event_types=event_types,
    )


def test_users_conversions_rate_and_mean_are_by_variation() -> None:
    summary = _summary(
        exposure("u1", "red"),
        exposure("u2", "red"),
        exposure("u3", "blue"),
        exposure("u4", "blue"),
        event("u1", "purchase", {"value": 10}),
        event("u1", "purchase", {"value": 2.5}, minute=6),
        event("u3", "purchase", {"value": 4}),
        event("u4", "purchase", {"value": 0}),
    )
    assert summary.users == {"red": 2, "blue": 2}
    (purchase,) = summary.outcomes
    assert [(row.variation, row.users, row.converted, row.rate, row.mean) for row in purchase.rows] == [
        ("red", 2, 1, 0.5, 6.25),
        ("blue", 2, 2, 1.0, 2.0),
    ]
    assert not purchase.binary


@pytest.mark.parametrize(
    ("control", "order"),
    [(None, ["red", "blue", "green"]), ("red", ["red", "blue", "green"]), ("green", ["green", "red", "blue"])],
)
def test_the_control_comes_first_and_the_others_are_compared_with_it(control: str | None, order: list[str]) -> None:
    compared = replace(experiment("red", "blue", "green"), design=Design(control=control))
    means = {"red": 1.0, "blue": 2.0, "green": 5.0}
    users = [(f"{name}-{number}", name, number % 2) for name in means for number in range(30)]
    exposures = [exposure(user, name) for user, name, _ in users]
    spent = [event(user, "spend", {"value": means[name] + odd - 0.5}) for user, name, odd in users]
    summary = summarise(compared, events=ListedEvents([*exposures, *spent]), start=START, end=END, at=END)
    assert list(summary.users) == order
    (spend,) = summary.outcomes
    assert [(row.variation, row.mean) for row in spend.rows] == [(name, means[name]) for name in order]
    assert spend.rows[0].mean_difference is None
    found = [row.mean_difference for row in spend.rows[1:]]
    assert [each.value for each in found if isinstance(each, Difference)] == [
        means[name] - means[order[0]] for name in order[1:]
    ]


def test_a_user_who_was_never_exposed_does_not_count() -> None:
    summary = _summary(exposure("u1", "red"), event("stranger", "visit", {}))
    assert summary.outcomes == ()
    assert summary.users == {"red": 1, "blue": 0}


def test_events_before_the_first_exposure_do_not_count_and_those_at_its_moment_do() -> None:
    summary = _summary(
        exposure("u1", "red", minute=5),
        exposure("u1", "red", minute=9),
        exposure("u2", "red", minute=5),
        event("u1", "visit", {}, minute=4),
        event("u2", "visit", {}, minute=5),
    )
    assert summary.users == {"red": 2, "blue": 0}
    assert summary.outcomes[0].rows[0].converted == 1


@pytest.mark.parametrize("seed", range(5))
def test_the_first_exposure_counts_in_whatever_order_they_are_read(seed: int) -> None:
    events = [exposure("u1", "red", minute=minute) for minute in (7, 3, 9)]
    summary = _summary(*events, event("u1", "visit", {}, minute=4), seed=seed)
    assert summary.outcomes[0].rows[0].converted == 1


@pytest.mark.parametrize("seed", range(5))
def test_a_user_exposed_to_two_variations_is_left_out_and_counted(seed: int) -> None:
    summary = _summary(
        exposure("u1", "red"),
        exposure("u1", "blue", minute=1),
        exposure("u1", "red", minute=2),
        exposure("u2", "blue"),
        event("u1", "visit", {}),
        seed=seed,
    )
    assert summary.users == {"red": 0, "blue": 1}
    assert summary.crossed == 1
    assert summary.outcomes == ()


@pytest.mark.parametrize("data", [{"variation": "green"}, {}, [], "red", {"variation": 1}, {"variation": ["red"]}])
def test_an_exposure_that_names_no_variation_of_the_experiment_is_counted_apart(data: object) -> None:
    summary = _summary(event("u1", "exposure", data), exposure("u2", "red"))
    assert (summary.unknown, summary.users) == (1, {"red": 1, "blue": 0})


@pytest.mark.parametrize(
    ("data", "value"),
    [({}, 1), ({"value": 2.5}, 2.5), ({"value": True}, 1), ({"value": "much"}, 1), ("text", 1), ({"value": -3}, -3)],
)
def test_the_value_of_an_event_is_its_number_else_one(data: object, value: float) -> None:
    summary = _summary(exposure("u1", "red"), event("u1", "spend", data))
    assert summary.outcomes[0].rows[0].mean == value


def test_events_of_other_experiments_do_not_count() -> None:
    other = event("u1", "visit", {}, experiment_id="another")
    assert _summary(exposure("u1", "red"), other).outcomes == ()


def test_event_types_asked_for_come_first_and_are_there_without_events() -> None:
    summary = _summary(exposure("u1", "red"), event("u1", "a", {}), event("u1", "z", {}), event_types=("z", "never"))
    assert [(found.event_type, found.rows[0].converted) for found in summary.outcomes] == [
        ("z", 1),
        ("never", 0),
        ("a", 1),
    ]


def test_a_rate_without_users_and_a_difference_of_few_are_not_estimated() -> None:
    summary = _summary(exposure("u1", "red"), event("u1", "visit", {}))
    red, blue = summary.outcomes[0].rows
    assert red.mean_difference is None
    assert blue.rate == blue.mean == blue.mean_difference == NotEstimable(NotEstimableReason.NO_UNITS)


def test_a_number_beyond_the_range_of_floats_is_not_estimated() -> None:
    summary = _summary(exposure("u1", "red"), event("u1", "spend", {"value": 10**400}))
    assert summary.outcomes[0].rows[0].mean == NotEstimable(NotEstimableReason.OUT_OF_RANGE)


def test_the_interval_is_that_of_the_textbook_for_two_proportions() -> None:
    # 100 of 1,000 against 140 of 1,000, with sample variances p(1-p)n/(n-1) as statistics.md states.
    units = [(f"{name}{number}", name, number) for name in ("red", "blue") for number in range(1_000)]
    converted = {"red": 100, "blue": 140}
    events = [exposure(unit, name) for unit, name, _ in units]
    events += [event(unit, "visit", {}) for unit, name, number in units if number < converted[name]]
    random.Random(3).shuffle(events)
    (visit,) = _summary(*events).outcomes
    assert visit.binary
    found = visit.rows[1].rate_difference
    assert isinstance(found, Difference)
    error = (0.1 * 0.9 / 999 + 0.14 * 0.86 / 999) ** 0.5
    assert (found.value, found.low, found.high) == pytest.approx(
        (0.04, 0.04 - 1.959964 * error, 0.04 + 1.959964 * error)
    )
    means = visit.rows[1].mean_difference
    assert isinstance(means, Difference)
    assert (means.low, means.high) == pytest.approx((found.low, found.high)), "of zeros and ones the mean is the rate"
