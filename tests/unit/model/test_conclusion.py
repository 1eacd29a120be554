"""A conclusion is true once built: a decision, and the variation that it ships."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from variate.errors import InvalidInputError
from variate.model import ExperimentStatus
from variate.model.conclusion import (
    Conclusion,
    ConclusionDecision,
    conclusion_from_record,
    conclusion_record,
    read_conclusion,
)
from variate.model.record import experiment_from_record, experiment_record
from variate.testing.builders import build_experiment
from variate.testing.clocks import START
from variate.testing.conformance.samples import CONCLUSION


def read(**given: Any) -> Conclusion:
    return read_conclusion(given, decided_at=START, decided_by="ana")


def refused(**given: Any) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as refusal:
        read(**given)
    return refusal.value


def test_what_is_not_said_is_nothing() -> None:
    concluded = read(decision="keep")
    assert (concluded.decision, concluded.variation, concluded.note) == (ConclusionDecision.KEEP, None, "")
    assert (concluded.report_id, concluded.decided_at, concluded.decided_by) == (None, START, "ana")


@pytest.mark.parametrize("decision", ["keep", "inconclusive", "invalid"])
def test_only_what_is_shipped_is_named(decision: str) -> None:
    assert read(decision=decision, note="why").variation is None
    assert refused(decision=decision, variation="b").field == "conclusion.variation"
    assert read(decision="ship", variation="b").variation == "b"


def test_to_ship_is_to_ship_something() -> None:
    missing = refused(decision="ship")
    assert (missing.field, missing.rule) == (
        "conclusion.variation",
        "must be given: the name of the variation to ship",
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "conclusion.decision"),
        ({"decision": "shipped"}, "conclusion.decision"),
        ({"decision": None}, "conclusion.decision"),
        ({"decision": "ship", "variation": ""}, "conclusion.variation"),
        ({"decision": "ship", "variation": 3}, "conclusion.variation"),
        ({"decision": "keep", "note": None}, "conclusion.note"),
        ({"decision": "keep", "note": "x" * 50_001}, "conclusion.note"),
        ({"decision": "keep", "note": "\x00"}, "conclusion.note"),
        ({"decision": "keep", "report_id": ""}, "conclusion.report_id"),
        ({"decision": "keep", "decided_by": "ben"}, "conclusion.decided_by"),
    ],
)
def test_what_breaks_a_rule_is_named(given: dict[str, Any], field: str) -> None:
    assert refused(**given).field == field


def test_what_is_no_dict_is_refused() -> None:
    with pytest.raises(InvalidInputError, match=r"^conclusion: must be a dict, not str"):
        read_conclusion("ship", decided_at=START, decided_by="ana")


def test_a_conclusion_comes_back_from_its_record() -> None:
    for each in (CONCLUSION, read(decision="invalid")):
        assert conclusion_from_record(json.loads(json.dumps(conclusion_record(each)))) == each


def test_two_say_the_same_whoever_says_it_and_whenever() -> None:
    first = read(decision="ship", variation="b", note="why")
    later = read_conclusion(
        {"decision": "ship", "variation": "b", "note": "why"},
        decided_at=START + timedelta(days=1),
        decided_by="ben",
    )
    assert first.says_as(later)
    assert not first.says_as(read(decision="ship", variation="b", note="why else"))
    assert not first.says_as(None)


@pytest.mark.parametrize("status", ["draft", "active", "paused"])
def test_an_experiment_is_concluded_once_it_has_ended(status: str) -> None:
    with pytest.raises(
        InvalidInputError, match=f"^conclusion: is of a completed experiment only; this one is {status}"
    ):
        build_experiment(status=ExperimentStatus(status), conclusion=CONCLUSION)


@pytest.mark.parametrize(
    ("variation", "rule"),
    [
        ("blue", "must be one of the variations control, treatment, not 'blue'"),
        ("control", "must not be the control control; to stay with it, decide keep"),
    ],
)
def test_what_is_shipped_is_a_variation_of_the_experiment_and_not_its_control(variation: str, rule: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        build_experiment(status=ExperimentStatus.COMPLETED, conclusion=read(decision="ship", variation=variation))
    assert (refusal.value.field, refusal.value.rule) == ("conclusion.variation", rule)


def test_an_experiment_keeps_its_conclusion_in_its_record_and_in_the_archive() -> None:
    concluded = build_experiment(status=ExperimentStatus.COMPLETED, conclusion=CONCLUSION)
    archived = concluded.moved_to(ExperimentStatus.ARCHIVED, at=START)
    for each in (concluded, archived):
        assert each.conclusion == CONCLUSION
        assert experiment_from_record(json.loads(json.dumps(experiment_record(each)))) == each


def test_a_record_from_before_there_were_conclusions_has_none() -> None:
    record = experiment_record(build_experiment())
    assert record.pop("conclusion") is None
    assert experiment_from_record(record).conclusion is None
