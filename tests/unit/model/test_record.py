"""Values as plain dicts under the guide's names: JSON can hold them, and they come back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given

from tests.unit.model.values import (
    assignments,
    audit_entries,
    events,
    experiments,
    flags,
    instants,
    overrides,
    whole_seconds,
)
from variate.errors import InvalidInputError
from variate.model import (
    Assignment,
    AuditEntry,
    Event,
    Experiment,
    FeatureFlag,
    Override,
    Verdict,
    VerdictStatus,
)
from variate.model.record import (
    Record,
    assignment_record,
    audit_from_record,
    audit_record,
    epoch_seconds,
    event_record,
    experiment_from_record,
    experiment_record,
    flag_from_record,
    flag_record,
    override_from_record,
    override_record,
    plain_number,
    verdict_record,
)
from variate.testing.builders import build_assignment, build_event, build_experiment, build_override, build_variation
from variate.testing.clocks import START

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def through_json(record: Record) -> Record:
    """Return the record as it comes back from strict JSON."""
    found: Any = json.loads(json.dumps(record, allow_nan=False))
    assert isinstance(found, dict)
    assert found == record
    return found


@given(experiments)
def test_an_experiment_comes_back_from_its_record(experiment: Experiment) -> None:
    assert experiment_from_record(through_json(experiment_record(experiment))) == experiment


@given(flags)
def test_a_flag_comes_back_from_its_record(flag: FeatureFlag) -> None:
    assert flag_from_record(through_json(flag_record(flag))) == flag


@given(audit_entries)
def test_an_audit_entry_comes_back_from_its_record(entry: AuditEntry) -> None:
    assert audit_from_record(through_json(audit_record(entry))) == entry


@given(overrides(moments=whole_seconds))
def test_an_override_that_ends_on_a_whole_second_comes_back_from_its_record(override: Override) -> None:
    assert override_from_record(through_json(override_record(override))) == override


@given(events())
def test_an_event_is_json_under_the_guides_names(event: Event) -> None:
    record = through_json(event_record(event))
    assert (record["id"], record["user_id"], record["event_type"]) == (event.id, event.unit, event.event_type)
    assert record["data"] == event.data
    assert ("experiment_id" in record) == (event.experiment_id is not None)
    assert ("ttl" in record) == (event.expires_at is not None)
    assert (record.get("sender"), record.get("number")) == (event.sender, event.number)


@given(assignments())
def test_an_assignment_is_json_under_the_guides_names(assignment: Assignment) -> None:
    record = through_json(assignment_record(assignment))
    assert (record["user_id"], record["experiment_id"]) == (assignment.unit, assignment.experiment_id)
    assert (record["variation"], record["id"]) == (assignment.variation, assignment.id)
    assert type(record["assigned_at"]) is int


@given(instants)
@example(datetime(9998, 12, 31, 23, 59, 59, 1, tzinfo=UTC))
@example(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC))
def test_epoch_seconds_is_the_first_whole_second_that_is_not_before(moment: datetime) -> None:
    seconds = epoch_seconds(moment)
    assert type(seconds) is int
    since = moment - EPOCH
    assert timedelta(0) <= timedelta(seconds=seconds) - since < timedelta(seconds=1)


def test_an_assignment_has_the_guides_shape() -> None:
    assert assignment_record(build_assignment("ada", expires_at=START + timedelta(days=30))) == {
        "id": build_assignment("ada").id,
        "user_id": "ada",
        "experiment_id": "experiment",
        "version": 1,
        "variation": "control",
        "assigned_at": 2214120600,
        "ttl": 2214120600 + 30 * 86_400 + 1,
    }


def test_an_event_has_the_guides_shape() -> None:
    assert event_record(build_event("e", data={"price": 9.5})) == {
        "id": "e",
        "timestamp": "2040-02-29T09:30:00.123456Z",
        "user_id": "unit",
        "event_type": "purchase",
        "data": {"price": 9.5},
    }


def test_an_override_has_the_guides_shape() -> None:
    record = override_record(build_override("ada"))
    assert set(record) == {"id", "user_id", "target_id", "type", "value", "reason", "created_at"}
    assert (record["type"], record["value"]) == ("experiment", "treatment")


def test_a_variation_stands_in_its_experiment_as_a_row() -> None:
    experiment = build_experiment("e", variations=[build_variation("a", id="v", value={"colour": "red"}, weight=2.0)])
    assert experiment_record(experiment)["variations"] == [
        {
            "id": "v",
            "experiment_id": "e",
            "name": "a",
            "description": "",
            "value": {"colour": "red"},
            "weight": 2,
            "created_at": "2040-02-29T09:30:00.123456Z",
            "updated_at": "2040-02-29T09:30:00.123456Z",
        }
    ]


@pytest.mark.parametrize(("number", "shown"), [(1, "1"), (1.0, "1"), (0.5, "0.5"), (0, "0"), (1e300, str(int(1e300)))])
def test_a_whole_number_is_shown_without_a_point(number: float, shown: str) -> None:
    assert json.dumps(plain_number(number)) == shown


def test_a_verdict_says_why_an_event_was_rejected() -> None:
    assert verdict_record(Verdict(event_id="e", status=VerdictStatus.ACCEPTED)) == {"id": "e", "status": "accepted"}
    rejected = Verdict(event_id=None, status=VerdictStatus.REJECTED, error=InvalidInputError("data", "is wrong"))
    assert verdict_record(rejected) == {"id": None, "status": "rejected", "field": "data", "reason": "is wrong"}
