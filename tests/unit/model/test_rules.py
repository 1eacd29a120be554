"""The rules every value obeys: a bad one is refused by the name of its field and the rule it breaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from variate.errors import InvalidInputError
from variate.model import ExperimentStatus
from variate.model.rules import check_choice, check_id, check_name, check_seconds, check_text, check_whole
from variate.testing.builders import (
    build_assignment,
    build_audit_entry,
    build_event,
    build_experiment,
    build_flag,
    build_override,
    build_variation,
)
from variate.testing.clocks import START

NOT_TEXT: list[Any] = [None, 7, 1.5, True, b"bytes", ["list"], {}]
NO_IDS = {
    "empty": "",
    "10 KB": "x" * 10_240,
    "1,025 bytes": "x" * 1_025,
    "1,028 bytes of emoji": "😀" * 257,
    "a NUL": "a\x00b",
    "an unpaired surrogate": "a\ud800b",
    "a low surrogate": "\udc00",
}

_VARIATION = build_variation()

# Each field that is an id, by the name it is refused under, and how to build a value with it.
IDS: dict[str, Callable[[Any], object]] = {
    "variation.id": lambda text: build_variation(id=text),
    "variation.name": build_variation,
    "experiment.id": build_experiment,
    "flag.id": build_flag,
    "assignment user_id": build_assignment,
    "assignment experiment_id": lambda text: build_assignment("ada", experiment_id=text),
    "assignment variation": lambda text: build_assignment("ada", variation=text),
    "override user_id": build_override,
    "override target_id": lambda text: build_override("ada", target_id=text),
    "override value": lambda text: build_override("ada", value=text),
    "event id": build_event,
    "event user_id": lambda text: build_event("e", unit=text),
    "event event_type": lambda text: build_event("e", event_type=text),
    "event experiment_id": lambda text: build_event("e", experiment_id=text),
    "audit.id": build_audit_entry,
    "audit.entity_id": lambda text: build_audit_entry("a", entity_id=text),
}
NAMES: dict[str, Callable[[Any], object]] = {
    "experiment.name": lambda text: build_experiment(name=text),
    "experiment.owner": lambda text: build_experiment(owner=text),
    "flag.name": lambda text: build_flag(name=text),
    "audit.actor": lambda text: build_audit_entry(actor=text),
}
TEXTS: dict[str, Callable[[Any], object]] = {
    "variation.description": lambda text: build_variation(description=text),
    "experiment.description": lambda text: build_experiment(description=text),
    "flag.description": lambda text: build_flag(description=text),
    "override reason": lambda text: build_override(reason=text),
}
INSTANTS: dict[str, Callable[[Any], object]] = {
    "variation.created_at": lambda at: build_variation(created_at=at, updated_at=START),
    "variation.updated_at": lambda at: build_variation(updated_at=at),
    "experiment.created_at": lambda at: build_experiment(created_at=at, updated_at=START, variations=[_VARIATION]),
    "experiment.updated_at": lambda at: build_experiment(updated_at=at),
    "flag.created_at": lambda at: build_flag(created_at=at, updated_at=START),
    "flag.updated_at": lambda at: build_flag(updated_at=at),
    "assignment assigned_at": lambda at: build_assignment(assigned_at=at),
    "assignment expires_at": lambda at: build_assignment(expires_at=at),
    "override created_at": lambda at: build_override(created_at=at),
    "override expires_at": lambda at: build_override(expires_at=at),
    "event timestamp": lambda at: build_event(at=at),
    "event expires_at": lambda at: build_event(expires_at=at),
    "audit.created_at": lambda at: build_audit_entry(created_at=at),
}


def named(case: str) -> str:
    """Return the field's name in the error; the word before it, if any, tells cases of one name apart."""
    return case.rpartition(" ")[2]


def refused(build: Callable[[Any], object], value: object) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as refusal:
        build(value)
    return refusal.value


@pytest.mark.parametrize("text", list(NO_IDS.values()), ids=list(NO_IDS))
@pytest.mark.parametrize("field", list(IDS))
def test_what_is_no_id_is_refused_wherever_an_id_stands(field: str, text: str) -> None:
    assert refused(IDS[field], text).field == named(field)


@pytest.mark.parametrize("field", [*IDS, *NAMES, *TEXTS])
def test_what_is_not_text_is_refused_wherever_text_stands(field: str) -> None:
    for value in NOT_TEXT[1:]:
        error = refused({**IDS, **NAMES, **TEXTS}[field], value)
        assert error.field == named(field)
        assert error.rule == f"must be a string, not {type(value).__name__}"


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u2003", "a\x00", "\udfff", "n" * 1_025])
@pytest.mark.parametrize("field", list(NAMES))
def test_what_is_no_name_is_refused_wherever_a_name_stands(field: str, text: str) -> None:
    assert refused(NAMES[field], text).field == field


@pytest.mark.parametrize("text", ["a\x00", "\ud800", "n" * 50_001, "é" * 25_001])
@pytest.mark.parametrize("field", list(TEXTS))
def test_text_that_no_store_holds_is_refused(field: str, text: str) -> None:
    assert refused(TEXTS[field], text).field == named(field)


@pytest.mark.parametrize("field", list(INSTANTS))
def test_a_time_must_be_an_aware_datetime(field: str) -> None:
    wrong: list[Any] = [datetime(2040, 3, 1), "2040-03-01T00:00:00Z", 2_214_000_000]  # noqa: DTZ001 - naive on purpose
    for value in wrong:
        assert refused(INSTANTS[field], value).field == named(field)


@pytest.mark.parametrize("build", [build_assignment, build_override])
@pytest.mark.parametrize("after", [timedelta(0), timedelta(microseconds=-1)])
def test_what_ends_must_end_after_it_begins(build: Callable[..., object], after: timedelta) -> None:
    assert refused(lambda end: build(expires_at=end), START + after).field == "expires_at"


@pytest.mark.parametrize("text", ["a", " ", "x" * 1_024, "😀" * 256, "\x01", "é", "e\u0301"])
def test_any_other_text_of_up_to_1024_bytes_is_an_id(text: str) -> None:
    assert check_id("id", text) == text


def test_the_longest_name_and_text_are_taken() -> None:
    assert check_name("name", "n" * 1_024) == "n" * 1_024
    assert check_text("text", "é" * 25_000) == "é" * 25_000
    assert check_text("text", "") == ""


def test_a_message_names_the_field_and_the_rule() -> None:
    with pytest.raises(InvalidInputError, match=r"^user_id: must be at most 1024 bytes of UTF-8, not 1028$"):
        check_id("user_id", "😀" * 257)


def test_a_choice_is_a_member_by_its_name() -> None:
    assert check_choice("status", "active", ExperimentStatus) is ExperimentStatus.ACTIVE
    assert check_choice("status", ExperimentStatus.DRAFT, ExperimentStatus) is ExperimentStatus.DRAFT


@pytest.mark.parametrize("value", ["Active", "", None, 1, "ACTIVE", "nonsense"])
def test_anything_else_is_refused_with_the_choices(value: object) -> None:
    error = refused(lambda given: check_choice("status", given, ExperimentStatus), value)
    assert error.field == "status"
    assert "draft, active, paused, completed, archived" in error.rule


@pytest.mark.parametrize("value", [True, False, 1.0, "1", None, 0, 11, -1, 10**30])
def test_a_whole_number_is_an_int_within_its_limits(value: object) -> None:
    assert check_whole("limit", 10, minimum=1, maximum=10) == 10
    assert refused(lambda given: check_whole("limit", given, minimum=1, maximum=10), value).field == "limit"


@pytest.mark.parametrize("value", [True, "1", None, 0, -1, float("nan"), float("inf"), 1e10, 10**400])
def test_a_length_of_time_is_a_finite_number_above_zero(value: object) -> None:
    assert check_seconds("ttl", 0.5) == 0.5
    assert refused(lambda given: check_seconds("ttl", given), value).field == "ttl"
