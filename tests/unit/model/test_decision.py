"""A decision says what a unit gets and why, in fields, as a dict and in words."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from variate.model.decision import BUCKETS, Decision, Outcome, Reason, decision_record

OUTCOME = Outcome("a", {"n": 1}, Reason.SPLIT, "wave", 3)


def test_its_parts_have_names() -> None:
    decision = Decision.of(OUTCOME, 2**31)
    assert (decision.variation, decision.value, decision.reason) == ("a", {"n": 1}, Reason.SPLIT)
    assert (decision.rule, decision.version, decision.bucket) == ("wave", 3, BUCKETS // 2)


@given(st.integers(0, 2**32 - 1))
def test_the_bucket_is_told_from_the_hash(drawn: int) -> None:
    assert Decision.of(OUTCOME, drawn).bucket == drawn * BUCKETS // 2**32


def test_without_a_draw_there_is_no_bucket() -> None:
    assert Decision.of(OUTCOME).bucket is None
    assert Decision.of(OUTCOME, 0).bucket == 0
    assert Decision.of(OUTCOME, 2**32 - 1).bucket == BUCKETS - 1


def test_where_there_is_no_variation_a_default_is_the_value() -> None:
    none = Decision.of(Outcome.none(Reason.AUDIENCE, version=2))
    assert (none.variation, none.value, none.version) == (None, None, 2)
    assert none.value_or("default") == "default"
    assert Decision.of(OUTCOME).value_or("default") == {"n": 1}
    assert Decision.of(Outcome("a", None, Reason.SPLIT, None, 1)).value_or("default") is None


def test_it_is_shown_by_the_names_of_its_parts() -> None:
    assert repr(Decision.of(OUTCOME, 0)) == (
        "Decision(variation='a', value={'n': 1}, reason=<Reason.SPLIT: 'split'>, rule='wave', bucket=0, version=3)"
    )


def test_as_a_dict_json_can_hold_it() -> None:
    record = decision_record(Decision.of(OUTCOME, 0))
    assert json.loads(json.dumps(record)) == {
        "variation": "a",
        "value": {"n": 1},
        "reason": "split",
        "rule": "wave",
        "bucket": 0,
        "version": 3,
    }
    assert type(record["reason"]) is str


def test_equal_decisions_are_equal_and_can_be_sent_to_another_process() -> None:
    decision = Decision.of(OUTCOME, 7)
    assert decision == Decision.of(OUTCOME, 7) != Decision.of(OUTCOME, 8)
    sent = pickle.loads(pickle.dumps(decision))
    assert (sent, type(sent)) == (decision, Decision)


def test_a_decision_cannot_be_changed() -> None:
    decision = Decision.of(OUTCOME)
    for name in ("variation", "value", "bucket", "anything"):
        with pytest.raises(AttributeError):
            setattr(decision, name, "b")
