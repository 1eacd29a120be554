"""Our reasons in OpenFeature's words."""

from __future__ import annotations

from variate.model.decision import Reason

OPENFEATURE: dict[Reason, str] = {
    Reason.UNKNOWN: "ERROR",
    Reason.NOT_RUNNING: "DISABLED",
    Reason.HELD_OUT: "DEFAULT",
    Reason.LAYER: "DEFAULT",
    Reason.AUDIENCE: "DEFAULT",
    Reason.TRAFFIC: "DEFAULT",
    Reason.INTAKE_STOPPED: "DEFAULT",
    Reason.OVERRIDE: "TARGETING_MATCH",
    Reason.KEPT: "SPLIT",
    Reason.SPLIT: "SPLIT",
    Reason.RULE: "TARGETING_MATCH",
    Reason.DEFAULT: "DEFAULT",
    Reason.OFF: "DISABLED",
    Reason.PREREQUISITE: "DISABLED",
    Reason.FREE_FORM: "DEFAULT",
}
"""``CACHED`` and ``STALE`` are left to the provider, which knows what it holds; ours goes along in the metadata.

SDKs read the word as a member of their own list, so none stands here that they do not know.
"""
