"""What a unit's events make of it, by each kind of metric."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tests.integration.sql.aggregation.asking import (
    BOUGHT,
    BUY,
    BUYS,
    DAY,
    HOUR,
    SPENDS,
    SPENT,
    VISIT,
    ask,
    did,
    exposed,
    metric,
    question,
    record,
    value_of,
    values,
)
from variate.model.metric import Aggregation, Measure
from variate.stores.aggregates import MetricMoments, MetricQuantiles
from variate.stores.sql import Database
from variate.testing.clocks import START

_TICK = timedelta(microseconds=1)


def test_an_event_counts_from_the_very_moment_of_the_exposure_on_and_not_before(database: Database) -> None:
    events = [exposed(at=1), did(at=1), did(at=2), replace(did(), at=START + HOUR - _TICK)]
    assert value_of(database, BUYS, events) == [2]


def test_an_event_of_another_experiment_does_not_count_and_one_of_none_does(database: Database) -> None:
    events = [exposed(), did(), did(experiment_id="e"), did(experiment_id="other"), did(unit="else")]
    assert value_of(database, BUYS, events) == [2]


def test_an_event_dated_at_the_moment_asked_of_does_not_count(database: Database) -> None:
    assert value_of(database, BUYS, [exposed(), did(at=5), did(at=6)], at=START + 6 * HOUR) == [1]


def test_an_event_that_has_expired_does_not_count(database: Database) -> None:
    events = [exposed(), did(expires_at=START + 10 * DAY), did(expires_at=START + 10 * DAY + _TICK)]
    assert value_of(database, BUYS, events) == [1]


def test_without_a_windows_end_events_count_until_the_end_of_the_experiment(database: Database) -> None:
    assert value_of(database, BUYS, [exposed(), did(at=47), did(at=48)], until=START + 2 * DAY) == [1]


def test_with_a_windows_end_they_count_to_before_it_past_the_end_of_the_experiment(database: Database) -> None:
    until_then = metric("mean", measure=BUY, window_end=3 * DAY)
    assert value_of(database, until_then, [exposed(), did(at=71), did(at=72)], until=START + 2 * DAY) == [1]


def test_events_count_from_the_windows_start_on(database: Database) -> None:
    later = metric("mean", measure=BUY, window_start=2 * HOUR)
    assert value_of(database, later, [exposed(at=1), did(at=2.9), did(at=3), did(at=9)]) == [2]


def test_a_unit_waits_until_its_window_is_over(database: Database) -> None:
    day = metric("proportion", measure=BUY, window_end=DAY)
    record(database, exposed("a"), exposed("b", at=1), did(unit="b", at=2))
    for at, waiting in ((DAY - _TICK, 2), (DAY, 1), (DAY + HOUR, 0)):
        told = ask(database, question(day, at=START + at)).metrics["m"]
        assert isinstance(told, MetricMoments)
        assert (told.waiting, told.moments.count.sum()) == (waiting, 2 - waiting)


def test_a_proportion_is_0_or_1_however_many_events_there_are(database: Database) -> None:
    record(database, exposed("a"), exposed("b"), did(unit="a", value=7), did(unit="a", value=0))
    assert values(database, question(BOUGHT)) == [(0, 0), (0, 1)]


def test_retention_is_of_the_window_alone(database: Database) -> None:
    back = metric("retention", measure=VISIT, window_start=DAY, window_end=2 * DAY)
    for unit, at in {"a": 23, "b": 24, "c": 47, "d": 48}.items():
        record(database, exposed(unit), did("visit", unit, at=at))
    assert values(database, question(back)) == [(0, 0), (0, 0), (0, 1), (0, 1)]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ({"value": 2.5}, 2.5),
        ({"value": -3}, -3),
        ({"value": True}, 1),
        ({"value": False}, 0),
        ({"value": 1e-300}, 1e-300),
        ({"value": 10**22}, 1e22),
        ({"value": "7"}, 1),
        ({"value": None}, 1),
        ({"value": [7]}, 1),
        ({"other": 7}, 1),
        ([7], 1),
        ("value", 1),
        ({"value": 10**400}, np.inf),
        ({"value": -(10**400)}, -np.inf),
    ],
)
@pytest.mark.parametrize("field", ["value", "amount", 'the "a.b" \\ $ amount'])
def test_the_value_of_an_event_is_its_number_or_1(database: Database, data: Any, value: float, field: str) -> None:
    if isinstance(data, dict) and "value" in data:
        data = {field: data["value"]}
    of_field = metric("mean", measure=Measure(event_type="buy", aggregation=Aggregation.SUM, field=field))
    assert value_of(database, of_field, [exposed(), did(data=data)]) == [value]


def test_values_are_added_up(database: Database) -> None:
    assert value_of(database, SPENDS, [exposed(), did(value=2.5), did(value=-1), did(), did("visit", value=9)]) == [2.5]


def test_the_steps_of_a_funnel_come_one_after_the_other_and_may_at_one_moment(database: Database) -> None:
    funnel = metric("funnel", steps=("visit", "add", "buy"))
    done: dict[str, list[tuple[str, float]]] = {
        "in order": [("visit", 1), ("add", 2), ("buy", 3)],
        "at once": [("buy", 1), ("add", 1), ("visit", 1)],
        "again": [("add", 0.5), ("buy", 0.6), ("visit", 1), ("add", 2), ("buy", 3)],
        "wrong way": [("buy", 1), ("add", 2), ("visit", 3)],
        "no last": [("visit", 1), ("add", 2)],
        "last too early": [("buy", 1.5), ("visit", 1), ("add", 2)],
        "before": [("visit", -1), ("add", 2), ("buy", 3)],
    }
    for unit, steps in done.items():
        record(database, exposed(unit), *(did(step, unit, at=at) for step, at in steps))
    assert sum(row[1] for row in values(database, question(funnel))) == 3
    short = metric("funnel", steps=("visit", "add", "buy"), window_end=3 * HOUR)
    assert sum(row[1] for row in values(database, question(short))) == 1


def test_a_funnel_has_up_to_twenty_steps(database: Database) -> None:
    steps = tuple(f"step {number}" for number in range(20))
    events = [exposed(), *(did(step, at=number + 1) for number, step in enumerate(steps))]
    assert value_of(database, metric("funnel", steps=steps), events) == [1]


def test_a_ratio_has_two_sides(database: Database) -> None:
    events = [exposed(), did(value=5), did(value=6), did("visit"), did("visit"), did("visit")]
    assert value_of(database, metric("ratio", measure=SPENT, denominator=VISIT), events) == [11, 3]


def test_a_covariate_is_the_same_of_the_time_before_the_exposure(database: Database) -> None:
    ratio = metric("ratio", measure=SPENT, denominator=VISIT, covariate=2 * HOUR)
    events = [exposed(at=3), did(at=1, value=7), did(at=0.9, value=70), did(at=3, value=5), did("visit", at=2)]
    assert value_of(database, ratio, events) == [5, 0, 7, 1]
    shares = metric("proportion", measure=BUY, covariate=HOUR, window_start=5 * HOUR)
    assert [list(row[1:]) for row in values(database, question(shares))] == [[0, 0]]


def test_an_event_may_be_an_exposure(database: Database) -> None:
    exposures = metric("mean", measure=Measure(event_type="exposure"))
    assert value_of(database, exposures, [exposed(), exposed(at=2), exposed(at=3)]) == [3]


def test_a_type_longer_than_an_index_entry_holds_is_measured_too(database: Database) -> None:
    long = "t" * 1_000
    both = metric("ratio", measure=Measure(event_type=long), denominator=BUY)
    unit = "u" * 1_000
    record(database, exposed(unit), did(long, unit), did(unit=unit))
    assert values(database, question(both)) == [(0, 1, 1)]


def test_a_cap_is_the_exact_quantile_of_all_units_that_are_in_and_only_cuts(database: Database) -> None:
    # 1 to 10 by turns in both variations. The smallest with at least 0.7 of the ten at or below it is 7.
    capped = metric("mean", measure=SPENT, cap_quantile=0.7, covariate=DAY)
    for number in range(1, 11):
        unit = f"u{number}"
        record(
            database,
            exposed(unit, ("control", "treatment")[number % 2]),
            did(unit=unit, value=number),
            did(unit=unit, at=-1, value=-number),
        )
    record(database, exposed("x"), exposed("x", "treatment"), did(unit="x", value=1_000))
    asked = question(capped)
    told = ask(database, asked).metrics["m"]
    assert isinstance(told, MetricMoments)
    assert (told.cap, told.variables) == (7, ("y", "x1", "raw"))
    # The covariate is cut to its own quantile: of -10 to -1 that is -4.
    wanted = [(number % 2, min(number, 7), min(-number, -4), number) for number in range(1, 11)]
    assert values(database, asked) == sorted(wanted)


def test_the_share_of_a_cap_is_taken_as_it_is_written(database: Database) -> None:
    # A float 0.1 times 30 is a little above 3, and would make the cap the fourth.
    for number in range(1, 31):
        record(database, exposed(f"u{number}"), did(unit=f"u{number}", value=number))
    told = ask(database, question(metric("mean", measure=SPENT, cap_quantile=0.1))).metrics["m"]
    assert isinstance(told, MetricMoments)
    assert told.cap == 3


def test_a_quantile_is_of_events_and_by_dimension_too(database: Database) -> None:
    record(
        database,
        exposed("a", more={"dimensions": {"country": "DE"}}),
        exposed("b"),
        exposed("c", "treatment"),
        *(did(unit="a", at=2, value=number) for number in (1, 2, 3, 4)),
        *(did(unit="b", at=2, value=number) for number in (10, 20)),
        did(unit="b", at=-1, value=0),
    )
    told = ask(database, question(metric("quantile", measure=BUY, quantile=0.5), dimensions=("country",))).metrics["m"]
    assert isinstance(told, MetricQuantiles)
    columns = (told.cells.dimension, told.cells.value, told.cells.variation, told.units, told.events, told.quantile)
    assert set(zip(*(list(each) for each in columns), strict=True)) == {
        ("", None, 0, 2, 6, 3),
        ("country", "DE", 0, 1, 4, 2),
        ("country", None, 0, 1, 2, 10),
    }
    assert set(told.cells.day.tolist()) == {-1}


def test_what_is_infinite_is_no_number_in_its_own_cell_and_variable_alone(database: Database) -> None:
    ratio = metric("ratio", measure=SPENT, denominator=VISIT)
    large: dict[str, list[float]] = {"a": [10**400, -(10**400)], "b": [1e300, 1e308], "c": [1.7e308, 1.7e308]}
    for unit, numbers in large.items():
        record(database, exposed(unit), *(did(unit=unit, value=number) for number in numbers), did("visit", unit))
    for number in range(3):
        record(database, exposed(f"t{number}", "treatment"), did(unit=f"t{number}", value=number))
    told = ask(database, question(ratio)).metrics["m"]
    assert isinstance(told, MetricMoments)
    order = np.argsort(told.cells.variation)
    np.testing.assert_allclose(told.moments.mean[order], np.asarray([[np.nan, 1], [1, 0]]))
    np.testing.assert_allclose(told.moments.products[order][:, 0, 0], [np.nan, 2])
    np.testing.assert_allclose(told.moments.products[order][:, 1, 1], [0, 0])


def test_infinity_can_be_cut(database: Database) -> None:
    for number in range(1, 11):
        record(database, exposed(f"u{number}"), did(unit=f"u{number}", value=number if number < 10 else 10**400))
    told = ask(database, question(metric("mean", measure=SPENT, cap_quantile=0.9))).metrics["m"]
    assert isinstance(told, MetricMoments)
    assert told.cap == 9
    np.testing.assert_allclose(told.moments.mean, [[5.4, np.nan]])


def test_units_of_one_value_vary_by_exactly_nothing(database: Database) -> None:
    for number in range(40):
        unit, value = f"u{number}", 0.1 if number < 20 else 1e6 / 3
        record(database, exposed(unit, at=number), did(unit=unit, at=50, value=value))
    told = ask(database, question(SPENDS)).metrics["m"]
    assert isinstance(told, MetricMoments)
    for day in (np.argmin(told.cells.day), np.argmax(told.cells.day)):
        assert told.moments.products[day, 0, 0] == told.moments.cubes[day, 0] == 0


def test_digits_hold_far_from_zero(database: Database) -> None:
    numbers = [1e9 + number / 8 for number in range(30)]
    for place, number in enumerate(numbers):
        record(database, exposed(f"u{place}"), did(unit=f"u{place}", value=number))
    told = ask(database, question(SPENDS)).metrics["m"]
    assert isinstance(told, MetricMoments)
    # The variance of 0 to 29 eighths: (30**2 - 1) / 12 / 64, times 30.
    np.testing.assert_allclose(told.moments.products, [[[899 / 12 / 64 * 30]]], rtol=1e-12)
