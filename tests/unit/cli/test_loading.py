"""A second run of an import makes the very same events, so that the stores can tell them for what they are."""

from __future__ import annotations

from datetime import UTC, datetime

from variate.cli.loading import events_of
from variate.cli.results_file import Columns, Row

AT = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = Columns(unit="id", variation="group", events=(("visit", "v"), ("buy", "b"), ("spend", "s")))


def test_ids_and_times_follow_from_the_row_and_the_experiment() -> None:
    row = Row(number=7, line=8, unit="u", variation="a", values=[1, 0, 2.5])
    events = list(events_of(row, "e", at=AT, columns=COLUMNS))
    assert [(event["id"], event["event_type"], event["data"]) for event in events] == [
        ("e/7/0", "exposure", {"variation": "a"}),
        ("e/7/1", "visit", {"value": 1}),
        ("e/7/3", "spend", {"value": 2.5}),
    ]
    assert {event["timestamp"] for event in events} == {AT}, "an exposure never comes after an event"
    assert {(event["user_id"], event["experiment_id"], event["ttl_days"]) for event in events} == {("u", "e", None)}
