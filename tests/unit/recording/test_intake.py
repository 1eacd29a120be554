"""Each event gets a verdict of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from tests.unit.testing.reference_records import ReferenceEventStore
from variate.errors import InvalidInputError
from variate.recording.batch import Reader
from variate.recording.intake import Intake
from variate.testing.clocks import SettableClock


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def intake(clock: SettableClock) -> Intake:
    numbers = count(1)
    reader = Reader(clock=clock, new_id=lambda: f"made-{next(numbers)}")
    return Intake(store=ReferenceEventStore(), reader=reader)


def _event(**given: Any) -> dict[str, Any]:
    return {"user_id": "u", "event_type": "order", "data": {"value": 1.5}, **given}


def test_an_event_comes_back_as_it_was_recorded(intake: Intake) -> None:
    made = intake.record_event("u", "order", {"value": 1.5, "tags": []}, experiment_id="e")
    assert list(intake.get_user_events("u")) == [made]
    assert (made.data, made.experiment_id) == ({"value": 1.5, "tags": []}, "e")


def test_an_event_of_its_own_id_is_recorded_once(intake: Intake) -> None:
    first = intake.record_event("u", "order", 1, event_id="o-1")
    intake.record_event("u", "order", 2, event_id="o-1")
    assert list(intake.get_user_events("u")) == [first]


def test_each_event_of_a_batch_gets_a_verdict_in_order(intake: Intake) -> None:
    verdicts = intake.batch_create_events(
        [_event(id="1"), _event(id="2", data=float("nan")), _event(id="1"), _event(), {"user_id": "u"}]
    )
    assert [(v.event_id, v.status) for v in verdicts] == [
        ("1", "accepted"),
        ("2", "rejected"),
        ("1", "duplicate"),
        ("made-1", "accepted"),
        (None, "rejected"),
    ]
    assert [v.error.field for v in verdicts if v.error] == ["data", "event_type"]
    assert len(intake.get_user_events("u")) == 2


def test_nothing_of_an_event_is_dropped(intake: Intake) -> None:
    intake.batch_create_events([_event(id="1", experiment_id="e", timestamp="2040-01-02T03:04:05.678901+02:00")])
    (event,) = intake.get_user_events("u")
    assert event.experiment_id == "e"
    assert event.at == datetime.fromisoformat("2040-01-02T01:04:05.678901+00:00")


def test_more_than_a_batch_is_taken_in_order(intake: Intake) -> None:
    verdicts = intake.batch_create_events(_event(id=str(number)) for number in range(1_201))
    assert [v.event_id for v in verdicts] == [str(number) for number in range(1_201)]


def test_no_events_get_no_verdicts(intake: Intake) -> None:
    assert intake.batch_create_events([]) == []


def test_events_are_kept_for_ninety_days_or_as_told(intake: Intake, clock: SettableClock) -> None:
    usual = intake.record_event("u", "order", 1)
    kept = intake.record_event("u", "order", 1, ttl_days=None)
    assert usual.expires_at == clock() + timedelta(days=90)
    clock.advance(days=90)
    assert list(intake.get_user_events("u")) == [kept]


def test_an_exposure_names_its_variation(intake: Intake) -> None:
    made = intake.record_exposure("u", "e", "a")
    assert (made.event_type, made.data, made.experiment_id) == ("exposure", {"variation": "a"}, "e")


def test_an_exposure_says_what_the_unit_is_like(intake: Intake) -> None:
    made = intake.record_exposure("u", "e", "a", dimensions={"country": "US", "new": ""})
    assert made.data == {"variation": "a", "dimensions": {"country": "US", "new": ""}}


BAD_DIMENSIONS: list[Any] = [
    7,
    ["country"],
    {"country": 7},
    {"country": None},
    {7: "US"},
    {" ": "US"},
    {"country": "x" * 101},
    {"é" * 51: "US"},
    {"country": "\x00"},
    {f"{number}": "" for number in range(21)},
]


@pytest.mark.parametrize("dimensions", BAD_DIMENSIONS, ids=lambda given: repr(given)[:20])
def test_bad_dimensions_are_refused(intake: Intake, dimensions: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"^dimensions: "):
        intake.record_exposure("u", "e", "a", dimensions=dimensions)
    (verdict,) = intake.batch_create_events(
        [_event(event_type="exposure", data={"variation": "a", "dimensions": dimensions})]
    )
    assert (verdict.status, verdict.error and verdict.error.field) == ("rejected", "dimensions")
    assert len(intake.get_user_events("u")) == 0


def test_the_dimensions_of_what_is_no_exposure_are_anything(intake: Intake) -> None:
    assert intake.record_event("u", "order", {"dimensions": [20, 30]}).data == {"dimensions": [20, 30]}


def test_a_sender_numbers_what_it_sends(intake: Intake) -> None:
    intake.record_event("u", "order", 1, event_id="1", sender="web-1", number=1)
    intake.record_exposure("u", "e", "a", event_id="2", sender="web-1", number=2)
    intake.batch_create_events([_event(id="3", sender="web-1", number=4)])
    found = {each.id: (each.sender, each.number) for each in intake.get_user_events("u")}
    assert found == {"1": ("web-1", 1), "2": ("web-1", 2), "3": ("web-1", 4)}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"user_id": ""}, "user_id"),
        ({"user_id": None}, "user_id"),
        ({"user_id": "x" * 10_240}, "user_id"),
        ({"event_type": "a\x00"}, "event_type"),
        ({"event_type": "\udc00"}, "event_type"),
        ({"data": float("inf")}, "data"),
        ({"data": {"a": {1, 2}}}, "data"),
        ({"data": {"a": "\x00"}}, "data"),
        ({"data": {"\ud800": 1}}, "data"),
        ({"data": "x" * 410_000}, "data"),
        ({"data": {"when": datetime(2026, 1, 1)}}, "data"),  # noqa: DTZ001 - what is refused
        ({"id": ""}, "id"),
        ({"id": 7}, "id"),
        ({"experiment_id": ""}, "experiment_id"),
        ({"timestamp": datetime(2026, 1, 1)}, "timestamp"),  # noqa: DTZ001 - what is refused
        ({"timestamp": "2026-01-01T00:00:00"}, "timestamp"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": 7}, "timestamp"),
        ({"ttl_days": 0}, "ttl_days"),
        ({"source": "web"}, "source"),
        ({"sender": "web-1"}, "number"),
        ({"number": 1}, "sender"),
        ({"sender": "", "number": 1}, "sender"),
        ({"sender": 7, "number": 1}, "sender"),
        ({"sender": "web-1", "number": 0}, "number"),
        ({"sender": "web-1", "number": 1.0}, "number"),
        ({"sender": "web-1", "number": True}, "number"),
        ({"sender": "web-1", "number": 2**53 + 1}, "number"),
    ],
)
def test_a_bad_event_is_rejected_by_field_and_its_neighbours_are_stored(
    intake: Intake, given: dict[str, Any], field: str
) -> None:
    before, verdict, after = intake.batch_create_events([_event(), _event(**given), _event()])
    assert (before.status, verdict.status, after.status) == ("accepted", "rejected", "accepted")
    assert verdict.error is not None
    assert verdict.error.field == field
    assert len(intake.get_user_events("u")) == 2


@pytest.mark.parametrize("given", [None, 7, "event", ["user_id"]])
def test_what_is_not_a_dict_is_rejected(intake: Intake, given: Any) -> None:
    (verdict,) = intake.batch_create_events([given])
    assert verdict.error is not None
    assert verdict.error.field == "event"


@pytest.mark.parametrize("given", [None, 7, "events", _event()])
def test_what_is_not_a_list_is_refused(intake: Intake, given: Any) -> None:
    with pytest.raises(InvalidInputError, match="events"):
        intake.batch_create_events(given)
