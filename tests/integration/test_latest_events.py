"""The newest events, alike on each engine's store, and few reads however many there are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.engines.databases import database
from tests.engines.tables import FreshTables, each_engine, tables
from variate.errors import InvalidInputError
from variate.model import Event
from variate.recording.latest import Latest
from variate.stores.dynamodb import DynamoDBEventStore
from variate.stores.events import EventStore, NewestEvents
from variate.stores.sql import SqlEventStore
from variate.stores.sql.database import Database
from variate.testing.builders import build_event
from variate.testing.clocks import START

__all__ = ["database", "each_engine", "tables"]

NOW = START + timedelta(hours=1)


def event(number: int, *, ago: float, **given: Any) -> Event:
    return build_event(f"e-{number:05}", at=NOW - timedelta(seconds=ago), **given)


def add(store: EventStore, *events: Event) -> None:
    for start in range(0, len(events), 500):
        store.append(events[start : start + 500], at=NOW)


def ids(found: NewestEvents) -> list[str]:
    return [each.id for each in found.events]


class LatestEvents:
    """The promises, of any store."""

    @pytest.fixture
    def latest(self, store: EventStore) -> Latest:
        return Latest(store=store, clock=lambda: NOW)

    def test_the_newest_come_first_and_nothing_of_before_ten_minutes(self, store: EventStore, latest: Latest) -> None:
        add(store, event(1, ago=601), event(2, ago=599), event(3, ago=30), event(4, ago=30), event(5, ago=0))
        assert ids(latest.latest_events()) == ["e-00005", "e-00003", "e-00004", "e-00002"]
        assert ids(latest.latest_events(limit=1)) == ["e-00005"]
        assert ids(latest.latest_events(since=NOW - timedelta(seconds=30))) == ["e-00005", "e-00003", "e-00004"]

    def test_they_are_of_what_is_asked_for(self, store: EventStore, latest: Latest) -> None:
        add(
            store,
            event(1, ago=1, unit="ana", event_type="order", experiment_id="x"),
            event(2, ago=2, unit="ben", event_type="order", experiment_id="y"),
            event(3, ago=3, unit="ana", event_type="visit", experiment_id="y"),
        )
        assert ids(latest.latest_events(unit="ana")) == ["e-00001", "e-00003"]
        assert ids(latest.latest_events(event_type="order")) == ["e-00001", "e-00002"]
        assert ids(latest.latest_events(experiment_id="y")) == ["e-00002", "e-00003"]
        assert ids(latest.latest_events(experiment_id="y", unit="ana")) == ["e-00003"]

    def test_of_many_those_are_found_that_are_the_newest(self, store: EventStore, latest: Latest) -> None:
        add(store, *(event(number, ago=number / 400) for number in range(1_500)))
        assert ids(latest.latest_events(limit=200)) == [f"e-{number:05}" for number in range(200)]

    def test_a_rare_one_is_found_among_many(self, store: EventStore, latest: Latest) -> None:
        rare = event(9_999, ago=500, event_type="rare", experiment_id="x")
        add(store, rare, *(event(number, ago=number / 4) for number in range(1_500)))
        questions: list[dict[str, Any]] = [
            {"event_type": "rare"},
            {"experiment_id": "x"},
            {"event_type": "rare", "unit": rare.unit},
        ]
        for asked in questions:
            found = latest.latest_events(**asked)
            assert (ids(found), found.is_cut) == (["e-09999"], False)

    def test_what_is_beyond_the_bound_is_said_to_be_left_out(
        self, store: EventStore, latest: Latest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("variate.recording.latest.AMONG", 160)
        monkeypatch.setattr("variate.recording.latest._OF_UNIT", 100)
        add(store, *(event(number, ago=number / 4, unit="ana") for number in range(1_500)))
        add(store, event(9_999, ago=500, event_type="rare", unit="ben"))
        assert latest.latest_events(event_type="rare") == NewestEvents(events=(), is_cut=True)
        assert not latest.latest_events(limit=5).is_cut
        assert latest.latest_events(unit="ana", experiment_id="x").is_cut
        assert not latest.latest_events(unit="ben").is_cut

    def test_a_burst_of_one_moment_is_found(self, store: EventStore, latest: Latest) -> None:
        add(store, *(event(number, ago=200) for number in range(700)))
        assert len(latest.latest_events().events) == 100
        add(store, event(9_999, ago=100))
        assert ids(latest.latest_events())[0] == "e-09999"

    @pytest.mark.parametrize(
        ("given", "field"),
        [({"limit": 0}, "limit"), ({"limit": 201}, "limit"), ({"unit": ""}, "unit"), ({"event_type": 3}, "event_type")],
    )
    def test_what_breaks_a_rule_is_named(self, latest: Latest, given: dict[str, object], field: str) -> None:
        with pytest.raises(InvalidInputError) as refusal:
            latest.latest_events(**given)  # type: ignore[arg-type]  # on purpose
        assert refusal.value.field == field


class TestOfSql(LatestEvents):
    @pytest.fixture
    def store(self, database: Database) -> EventStore:
        return SqlEventStore(database)


class TestOfDynamoDB(LatestEvents):
    @pytest.fixture
    def store(self, tables: FreshTables) -> EventStore:
        return DynamoDBEventStore(tables)
