"""A decision in words."""

from __future__ import annotations

from variate.model.decision import Decision, Outcome, Reason
from variate.rendering.decision_words import REASONS, decision_fields


def test_every_reason_has_its_meaning() -> None:
    assert set(REASONS) == set(Reason)


def test_what_a_decision_says_nothing_of_is_left_out() -> None:
    assert decision_fields(Decision.of(Outcome.none(Reason.AUDIENCE, version=2))) == {
        "variation": "none",
        "reason": "audience",
        "version": "2",
    }
