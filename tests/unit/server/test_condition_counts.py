"""How many units of a sample a condition matches, and what a pasted sample may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings

from tests.unit.decision.condition_strategies import attributes, conditions
from variate.decision.matching import matches
from variate.errors import InvalidInputError
from variate.model import Document, Event, Page
from variate.model.audience import Audience
from variate.model.condition import Condition, condition_record, read_condition
from variate.platform import Platform
from variate.server.dashboard.conditions.counting import count
from variate.server.dashboard.conditions.sample import MOST_UNITS, Sample, Samples, pasted

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PLAN = {"attribute": "plan", "operator": "equals", "value": "pro"}


def nobody(_: str) -> None:
    return None


def audience(condition: Any) -> Audience:
    return Audience(id="a", name="A", condition=read_condition("c", condition), created_at=NOW, updated_at=NOW)


def sample(*units: dict[str, Any]) -> Sample:
    return Sample(units={f"u{place}": each for place, each in enumerate(units)}, of="here")


@settings(deadline=None, max_examples=60)
@given(conditions(()), attributes())
def test_a_unit_counts_where_the_engine_says_that_it_matches(condition: Condition, given: dict[str, Any]) -> None:
    told = count(condition_record(condition), Sample(units={"u": given}, of="here"), audience=nobody)
    expected = int(matches(condition, "u", given, audiences={}))
    assert told.said.startswith(f"{expected} of 1 units here match")


def test_a_list_where_a_text_is_expected_does_not_match_and_is_no_failure() -> None:
    units = sample({"plan": ["pro"]}, {"plan": {"pro": 1}}, {"plan": "pro"})
    told = count({"attribute": "plan", "operator": "in", "value": ["pro", "team"]}, units, audience=nobody)
    assert told.said.startswith("1 of 3")


def test_the_count_names_the_share_and_what_no_unit_has() -> None:
    told = count(
        {"any": [PLAN, {"attribute": "age", "operator": "exists"}, {"attribute": "x", "operator": "not_exists"}]},
        sample({"plan": "pro", "x": 1}, {"plan": "free", "x": 1}, {"plan": "free", "x": {"y": 1}}),
        audience=nobody,
    )
    assert told.said == "1 of 3 units here match (33 %)"
    assert told.notes[0] == "No unit of the sample has age."
    assert "This is a sample" in told.notes[-1]


@pytest.mark.parametrize(("matching", "share"), [(0, "0"), (1, "less than 1"), (999, "more than 99"), (1000, "100")])
def test_few_is_not_none_and_most_is_not_all(matching: int, share: str) -> None:
    units = sample(*({"plan": "pro" if place < matching else "free"} for place in range(1_000)))
    assert count(PLAN, units, audience=nobody).said == f"{matching:,} of 1,000 units here match ({share} %)"


def test_audiences_count_and_one_that_is_not_there_has_nobody() -> None:
    known = {"pros": audience(PLAN), "inner": audience({"audience": "pros"}), "loop": audience({"audience": "loop"})}
    units = sample({"plan": "pro"}, {"plan": "free"})
    for name, expected in (("inner", 1), ("gone", 0), ("loop", 0)):
        assert count({"audience": name}, units, audience=known.get).said.startswith(f"{expected} of 2")


def test_everybody_is_all_of_the_sample_and_an_empty_sample_is_said() -> None:
    assert count(None, sample({}, {}), audience=nobody).said == "2 of 2 units here match (100 %)"
    assert "paste a sample" in count(None, sample(), audience=nobody).said


def test_lines_of_json_and_csv_are_samples() -> None:
    lines = pasted(
        '{"unit": "a", "plan": "pro"}\n\n{"unit": "b", "attributes": {"account": {"age": 3}}}\n{"plan": 1}\n'
    )
    assert lines.units == {
        "a": {"unit": "a", "plan": "pro"},
        "b": {"account": {"age": 3}},
        "line 3": {"plan": 1},
    }
    assert lines.names == ("account.age", "plan", "unit")
    table = pasted("unit,plan,age,staff,app\n7,pro,33,true,2.4.0\nb,,1e400x,,\n")
    assert table.units == {
        "7": {"unit": "7", "plan": "pro", "age": 33, "staff": True, "app": "2.4.0"},
        "b": {"unit": "b", "age": "1e400x"},
    }
    assert len(pasted("a\n" + "1\n" * 2_000).units) == MOST_UNITS


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ('{"a": 1}\n{"a": }', "line 2 must be JSON"),
        ('{"a": 1}\n[1]', "line 2 must be an object of attributes"),
        ('{"a": NaN}', "there is no NaN"),
        ("a,b\n1,2,3", "a line has more values than the first has names"),
        ('a\n"1', "must be lines of JSON, or CSV"),
    ],
)
def test_a_sample_that_is_none_is_told(text: str, rule: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        pasted(text)
    assert rule in refused.value.rule


class Exposures:
    """A platform that has exposures of some age, and counts how often it is asked."""

    def __init__(self, *ages: tuple[str, timedelta, Any]) -> None:
        self.events = [
            Event(id=f"e{place}", unit=unit, event_type="exposure", document=Document.of(data, field="d"), at=NOW - age)
            for place, (unit, age, data) in enumerate(ages)
        ]
        self.asked = 0

    def get_events(self, *, start: datetime, end: datetime, event_type: str, limit: int, last_key: str | None) -> Any:
        self.asked += 1
        found = [each for each in self.events if start <= each.at < end]
        first = int(last_key or 0)
        rest = str(first + limit) if len(found) > first + limit else None
        return Page(items=tuple(found[first : first + limit]), last_key=rest)

    @property
    def platform(self) -> Platform:
        return cast("Platform", self)


def test_the_sample_has_what_exposures_say_of_units_and_is_kept_for_a_minute() -> None:
    store = Exposures(
        ("u", timedelta(hours=30), {"variation": "a", "dimensions": {"country": "US"}}),
        ("u", timedelta(minutes=1), {"variation": "b", "dimensions": {"plan": "pro"}}),
        ("v", timedelta(hours=2), {"variation": "b"}),
        ("w", timedelta(days=9), {"variation": "b"}),
    )
    samples = Samples()
    assert samples.kept(NOW) is None
    found = samples.read(store.platform, NOW)
    assert found.units == {"u": {"country": "US", "plan": "pro"}, "v": {}}
    assert found.of == "of the last 7 days"
    asked = store.asked
    assert (
        samples.read(store.platform, NOW + timedelta(seconds=59)) is samples.kept(NOW + timedelta(seconds=59)) is found
    )
    assert store.asked == asked
    assert samples.kept(NOW + timedelta(seconds=60)) is None
    samples.read(store.platform, NOW + timedelta(seconds=60))
    assert store.asked > asked


def test_where_many_come_the_last_hour_is_enough_and_no_more_than_a_sample_is_read() -> None:
    store = Exposures(*((f"u{place}", timedelta(minutes=30), {}) for place in range(9_000)))
    found = Samples().read(store.platform, NOW)
    assert (len(found.units), found.of) == (MOST_UNITS, "of the last hour")
    assert store.asked <= 4
