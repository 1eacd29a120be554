"""Who enters an analysis, and who does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from tests.integration.sql.aggregation.asking import (
    BOUGHT,
    BUYS,
    DAY,
    HOUR,
    ask,
    did,
    exposed,
    question,
    record,
    value_of,
    values,
)
from tests.integration.sql.aggregation.reference import keys
from variate.stores.sql import Database
from variate.testing.clocks import START


def test_the_first_exposure_is_that_which_happened_first_not_that_which_came_first(database: Database) -> None:
    events = [exposed(at=5), exposed(at=3), did(at=2), did(at=4)]
    assert value_of(database, BUYS, events) == [1]


def test_a_unit_that_met_two_variations_is_dropped_and_counted(database: Database) -> None:
    record(
        database,
        exposed("a"),
        exposed("a", "treatment", at=5),
        exposed("a", at=6),
        exposed("b", "treatment"),
        did(unit="a"),
    )
    answer = ask(database, question(BOUGHT))
    assert answer.crossed == 1
    assert values(database, question(BOUGHT)) == [(1, 0)]


def test_overridden_units_are_dropped_and_counted_even_where_they_crossed(database: Database) -> None:
    record(database, exposed("a"), exposed("b"), exposed("b", "treatment"), exposed("c"))
    answer = ask(database, question(BOUGHT, overridden=frozenset({"a", "b", "z"})))
    assert (answer.overridden, answer.crossed, answer.units.count.sum()) == (2, 0, 1)


def test_tens_of_thousands_may_be_overridden(database: Database) -> None:
    record(database, exposed("unit-7"), exposed("b"))
    many = frozenset(f"unit-{number}" for number in range(40_000))
    assert ask(database, question(BOUGHT, overridden=many)).overridden == 1


def test_who_is_overridden_later_leaves_and_who_is_no_longer_returns(database: Database) -> None:
    record(database, exposed("a"), exposed("b", "treatment"), did(unit="a"))
    assert ask(database, question(BOUGHT, overridden=frozenset({"b"}))).overridden == 1
    assert values(database, question(BOUGHT, overridden=frozenset({"a"}))) == [(1, 0)]
    assert values(database, question(BOUGHT)) == [(0, 1), (1, 0)]


def test_a_metric_of_events_that_nobody_did_is_there_with_a_zero_for_everybody(database: Database) -> None:
    record(database, exposed("a"), exposed("b", "treatment"), did("visit", "a"), did(unit="never exposed"))
    assert values(database, question(BOUGHT)) == [(0, 0), (1, 0)]


def test_an_exposure_to_no_known_variation_is_counted_and_otherwise_ignored(database: Database) -> None:
    strange = [
        {"variation": "gone"},
        {"variation": None},
        {"variation": 7},
        {"variation": ["control"]},
        {},
        ["control"],
        "control",
        None,
    ]
    record(database, *(exposed(data=data, at=1) for data in strange), exposed("b"))
    answer = ask(database, question(BOUGHT))
    assert (answer.unknown, answer.units.count.sum(), answer.crossed) == (len(strange), 1, 0)


def test_the_exposures_of_another_experiment_do_not_count(database: Database) -> None:
    record(
        database, exposed(experiment_id="other"), exposed(experiment_id=None), exposed(data={}, experiment_id="other")
    )
    answer = ask(database, question(BOUGHT))
    assert (answer.units.count.sum(), answer.unknown) == (0, 0)


def test_exposures_count_from_the_start_until_the_end_and_before_the_moment_asked_of(database: Database) -> None:
    at = {"early": -1, "first": 0, "last": 47, "late": 48}
    record(database, *(exposed(unit, at=hours) for unit, hours in at.items()), exposed("gone", "gone", at=48))
    for until, moment in ((START + 2 * DAY, START + 9 * DAY), (None, START + 2 * DAY)):
        answer = ask(database, question(BOUGHT, until=until, at=moment))
        assert (answer.units.count.sum(), answer.unknown) == (2, 0)
    assert ask(database, question(BOUGHT)).units.count.sum() == 3


def test_a_unit_whose_only_exposure_has_expired_is_not_in(database: Database) -> None:
    record(database, exposed("a", expires_at=START + DAY), exposed("b", expires_at=START + DAY + HOUR))
    assert ask(database, question(BOUGHT, at=START + DAY)).units.count.sum() == 1
    assert ask(database, question(BOUGHT, at=START + DAY + HOUR)).units.count.sum() == 0


def test_a_unit_that_crossed_is_in_again_once_the_other_exposure_has_expired(database: Database) -> None:
    record(database, exposed(), exposed(variation="treatment", at=1, expires_at=START + DAY))
    assert ask(database, question(BOUGHT, at=START + DAY - HOUR)).crossed == 1
    assert values(database, question(BOUGHT, at=START + DAY)) == [(0, 0)]


def test_units_are_counted_by_variation_and_day_in_utc(database: Database) -> None:
    record(database, exposed("a", at=14.4), exposed("b", at=14.6), exposed("c", "treatment", at=14.6))
    answer = ask(database, question(BOUGHT))
    found = dict(zip(keys(answer.units.cells), answer.units.count.tolist(), strict=True))
    day = date(2040, 2, 29).toordinal() - date(1970, 1, 1).toordinal()
    assert found == {("", None, 0, day, 0): 1, ("", None, 0, day + 1, 0): 1, ("", None, 1, day + 1, 0): 1}


def test_days_before_1970_are_days_too(database: Database) -> None:
    moment = datetime(1969, 12, 30, 23, tzinfo=UTC)
    record(database, replace(exposed("a"), at=moment), replace(exposed("b"), at=moment + HOUR))
    answer = ask(database, question(BOUGHT, start=moment, at=moment + DAY))
    assert sorted(answer.units.cells.day.tolist()) == [-2, -1]


def test_a_dimension_has_the_value_that_the_first_exposure_says(database: Database) -> None:
    record(
        database,
        exposed("a", at=2, more={"dimensions": {"country": "US", "plan": "pro"}}),
        exposed("a", at=1, more={"dimensions": {"country": "DE"}}),
        exposed("b", more={"dimensions": {"country": 7, "plan": {"deep": 1}}}),
        exposed("c", more={"dimensions": "DE"}),
        exposed("d", more={"dimensions": {"country": 'a "b", \\ é'}}),
        did(unit="a", at=3),
    )
    answer = ask(database, question(BOUGHT, dimensions=("country", "plan")))
    counts = {key[:2]: count for key, count in zip(keys(answer.units.cells), answer.units.count.tolist(), strict=True)}
    assert counts == {
        ("", None): 4,
        ("country", "DE"): 1,
        ("country", None): 2,
        ("country", 'a "b", \\ é'): 1,
        ("plan", None): 4,
    }
    told = answer.metrics["m"]
    place = keys(told.cells).index(next(key for key in keys(told.cells) if key[:2] == ("country", "DE")))
    assert told.moments.mean[place, 0] == 1  # type: ignore[union-attr]  # a proportion has moments


def test_of_exposures_at_one_moment_the_one_that_came_first_says_the_dimension(database: Database) -> None:
    record(database, *(exposed(more={"dimensions": {"country": each}}) for each in ("DE", "US", "AT")))
    answer = ask(database, question(BOUGHT, dimensions=("country",)))
    assert set(answer.units.cells.value) == {None, "DE"}


def test_a_dimension_and_a_variation_may_be_called_anything(database: Database) -> None:
    names = ("a.b", 'the "x"', "back\\slash", "$", "é ü", ":b0 %s ? '")
    long = "v" * 1_000
    record(
        database,
        exposed("a", long, more={"dimensions": {name: f"is {name}" for name in names}}),
        exposed("b", ":b1 'x'"),
    )
    asked = replace(question(BOUGHT, dimensions=names), variations=(long, ":b1 'x'"))
    answer = ask(database, asked)
    assert {value for value in answer.units.cells.value if value} == {f"is {name}" for name in names}
    assert sorted(answer.units.cells.variation.tolist()) == [0] * 7 + [1] * 7


def test_nobody_is_no_failure(database: Database) -> None:
    answer = ask(database, question(BOUGHT, dimensions=("country",)))
    assert answer.units.count.shape == (0,)
    assert answer.metrics["m"].moments.mean.shape == (0, 1)  # type: ignore[union-attr]  # a proportion has moments
    assert (answer.crossed, answer.overridden, answer.unknown, answer.late, answer.completeness) == (
        0,
        0,
        0,
        None,
        None,
    )


def test_a_unit_is_of_the_period_of_its_first_exposure(database: Database) -> None:
    record(database, exposed("a", at=1), exposed("b", at=2), exposed("c", "treatment", at=2.5), exposed("d", at=30))
    record(database, exposed("a", at=40), did(unit="d", at=31))
    reweighed = (START + 2 * HOUR, START + 30 * HOUR)
    asked = question(BOUGHT, reweighed=reweighed, dimensions=("country",))
    answer = ask(database, asked)
    for told in (answer.units.cells, answer.metrics[BOUGHT.id].cells):
        overall = [
            (variation, period)
            for variation, period, name in zip(told.variation, told.period, told.dimension, strict=True)
            if name == ""
        ]
        assert sorted(overall) == [(0, 0), (0, 1), (0, 2), (1, 1)]
        assert sorted(told.period.tolist()) == [0, 0, 1, 1, 1, 1, 2, 2], "of the dimension, too"
    assert set(ask(database, question(BOUGHT)).units.cells.period.tolist()) == {0}
