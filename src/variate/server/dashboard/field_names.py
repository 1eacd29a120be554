"""What fields are called: one table, for the labels of forms, what is wrong with them, and what was changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

_NAMES: Final = {
    "id": "Id",
    "name": "Name",
    "description": "Description",
    "status": "Status",
    "owner": "Owner",
    "tags": "Tags",
    "salt": "Salt",
    "version": "Version",
    "starts_at": "Begins (UTC)",
    "ends_at": "Ends (UTC)",
    "variations": "Variations",
    "variations.value": "Value (JSON)",
    "user_id": "Unit",
    "experiment_id": "Experiment",
    "flag_id": "Flag",
    "experiment": "Experiment",
    "flag": "Flag",
    "before_unknown": "How it was before cannot be told",
    # Of an override, and then of what is called the same elsewhere.
    "value": "Variation",
    "reason": "Why",
    "expires_at": "Until",
    "attributes.value": "Value",
    "items.value": "Value",
    "items.kind": "Value as",
    "items.inside": "The unit is",
    "items.percentage": "Percentage of units",
    "operator": "Comparison",
    "match": "Matches where",
    # Of an experiment.
    "hypothesis": "Hypothesis",
    "unit_type": "Unit type",
    "audience": "Audience",
    "traffic": "Traffic in percent",
    "layer": "Layer",
    "layer_range": "Range of the layer, in percent",
    "layer_range[0]": "From, in percent",
    "layer_range[1]": "To, in percent",
    "holdouts": "Holdouts",
    "control": "Control",
    "takes_new_units": "Take new units in",
    "keeps_outside_audience": "Who is in stays in, once no longer in the audience",
    "reads_ledger": "Look each assignment up",
    "variations.weight": "Weight",
    "metrics": "Metrics",
    "metrics.metric": "Metric",
    "metrics.role": "Role",
    "metrics.margin": "Margin, of a guardrail",
    "plan": "Plan",
    "plan.units": "Units in all variations",
    "plan.looks": "Looks",
    "plan.alpha": "Chance of error (alpha)",
    "plan.spending": "How looks share it",
    "power": "Power calculator",
    "power.metric": "Metric to plan for",
    "power.kind": "The metric is",
    "power.baseline": "Baseline: what it is today",
    "power.deviation": "Standard deviation a unit",
    "power.covariate_correlation": "Correlation with its covariate",
    "power.mde": "Smallest effect to tell",
    "power.scale": "Effect in",
    "power.power": "Power in percent",
    "power.daily_units": "Units a day",
    "conclusion": "Conclusion",
    "conclusion.decision": "Decision",
    "conclusion.variation": "Variation to ship",
    "conclusion.note": "Why",
    "conclusion.report_id": "Report it is decided on",
    "conclusion.decided_at": "Decided at",
    "conclusion.decided_by": "Decided by",
    # Of a flag.
    "type": "Type of its values",
    "schema": "JSON schema of the values",
    "rules": "Rules",
    "rules.condition": "Who it is for",
    "rules.serve": "Serves",
    "serve.experiment": "Id of the experiment",
    "rollout": "Shares",
    "default": "Served where no rule decides",
    "off": "Served while it is off",
    "prerequisites": "Prerequisites",
    "prerequisites.flag": "Id of the flag",
    "environments": "Environments",
    "environments.enabled": "Switched on",
    "active": "Switch it on at once",
    # Of an audience, a layer or a holdout.
    "condition": "Condition",
    "ranges": "Ranges of experiments, in percent",
    "percentage": "Percentage of the units that is kept out",
    # Of a metric.
    "kind": "Kind",
    "direction": "Better is",
    "measure": "The events that are measured",
    "denominator": "Below the line",
    "event_type": "Event type",
    "aggregation": "What is made of them",
    "field": "Number in their data",
    "steps": "Steps",
    "quantile": "Quantile",
    "window_start_hours": "From, in hours",
    "window_end_hours": "Until, in hours",
    "cap_quantile": "Cut at the quantile",
    "covariate_hours": "Covariate, in hours before the exposure",
    # Of a key or a person.
    "scopes": "What it may do",
    "hint": "Begins with",
    "created_by": "Created by",
    "revoked_at": "Revoked",
    "last_used_at": "Last used",
    "replaced_by": "Replaced by",
    "grace_hours": "Hours that the old one goes on counting",
    "email": "E-mail address",
    "role": "Role",
    "disabled": "Disabled: may not sign in, and is signed out",
    "has_password": "Has a password",
    "subject": "Name at the OpenID provider",
    "present": "Present password",
    "password": "Password",
    "password_again": "New password again",
    # Of what is in force.
    "sequence": "Number of the snapshot",
    "digest": "Digest of the snapshot",
}
"""By the field's name, or by the end of its path where one name is of several: the longest that fits counts."""

_ONE_OF: Final = {
    "variations": "Variation",
    "metrics": "Metric",
    "rules": "Rule",
    "prerequisites": "Prerequisite",
    "environments": "Environment",
    "ranges": "Range of",
    "rollout": "Share",
    "attributes": "Attribute",
    "items": "Row",
}
"""What one of several is called, before the name or the number that tells it from the others."""
_KEYED: Final = frozenset({"environments", "ranges"})
"""What holds several by names that people gave."""
_FREE: Final = frozenset({"value", "schema"})
"""What holds JSON whose names are its author's own."""

_STEP: Final = re.compile(r"(?P<name>[^.\[\]]+)(?:\[(?P<item>[^\]]*)\])?(?:\.|$)")


def label_of(name: str) -> str:
    """Return what the field is called by its label: ``name`` is that of the field, without rows' numbers.

    Raise ``LookupError`` for one that the table has not.
    """
    return _NAMES[name]


def field_words(path: str, *, row: Callable[[str, str], str] | None = None) -> str:
    """Return what the field at a path such as ``variations[blue].weight`` is called: ``Variation blue, weight``.

    ``row`` says for a list's path and what stands in the brackets by what the item is told from the others. Names that
    people gave stay as they are; so does a path that cannot be read.
    """
    said: list[str] = []
    names: list[str] = []
    end = 0
    keyed = None
    while end < len(path):
        found = _STEP.match(path, end)
        if found is None:
            return path
        name, item = found["name"], found["item"]
        before, end = path[: found.start()] + name, found.end()
        if keyed is not None:
            said[-1] = f"{_ONE_OF[keyed]} {name}"
            keyed = None
            continue
        names.append(name)
        if item is None:
            said.append(_name_of(names))
        elif (exact := _NAMES.get(f"{name}[{item}]")) is not None:
            said.append(exact)
        else:
            said.append(f"{_ONE_OF.get(name, _spelt(name))} {row(before, item) if row else item}")
        if item is None and name in _KEYED:
            keyed = name
        if name in _FREE and end < len(path):
            said.append(path[end:])
            return ", ".join([said[0], *map(within_a_sentence, said[1:-1]), said[-1]])
    return ", ".join([*said[:1], *map(within_a_sentence, said[1:])])


def within_a_sentence(words: str) -> str:
    """Return the words as they go on after others: an abbreviation stays as it is."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _name_of(names: list[str]) -> str:
    ends = (".".join(names[start:]) for start in range(len(names)))
    return next((_NAMES[end] for end in ends if end in _NAMES), _spelt(names[-1]))


def _spelt(name: str) -> str:
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]
