"""Decisions as people read them: what is said of one, by name, and what its reason means."""

from __future__ import annotations

from variate.model.decision import Decision, Reason
from variate.rendering.definition_words import json_words

REASONS = {
    Reason.UNKNOWN: "the snapshot has no such experiment or flag",
    Reason.NOT_RUNNING: "it is not active, or it is not its time",
    Reason.HELD_OUT: "a holdout keeps the unit out",
    Reason.LAYER: "the unit's place in the layer belongs to other experiments",
    Reason.AUDIENCE: "the unit is not in the audience",
    Reason.TRAFFIC: "the unit is not in the share that is enrolled",
    Reason.INTAKE_STOPPED: "the unit has no assignment, and no new ones are made",
    Reason.OVERRIDE: "somebody forced the variation for this unit",
    Reason.KEPT: "the ledger holds the variation from before a change",
    Reason.SPLIT: "the draw by weights gives it",
    Reason.RULE: "a rule of the flag matches and names the variation",
    Reason.DEFAULT: "no rule of the flag decided",
    Reason.OFF: "the flag is switched off",
    Reason.PREREQUISITE: "a flag that this one depends on does not give what it has to",
    Reason.FREE_FORM: "the flag has no variations: its rules are the caller's own",
}
"""What a reason means, to be read after "because"."""


def decision_fields(decision: Decision) -> dict[str, str]:
    """Return what a decision says as names and texts; what it says nothing of is left out."""
    fields = {
        "variation": "none" if decision.variation is None else decision.variation,
        "value": "" if decision.variation is None else json_words(decision.value),
        "reason": decision.reason.value,
        "rule": decision.rule or "",
        "bucket": "" if decision.bucket is None else str(decision.bucket),
        "version": "" if decision.version is None else str(decision.version),
    }
    return {name: text for name, text in fields.items() if text}
