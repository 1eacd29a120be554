"""Conditions and what a flag serves, on one line, as a person reads them."""

from __future__ import annotations

import json

from variate.model import Json
from variate.model.condition import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    InAudience,
    Negation,
    Percentage,
    condition_record,
)
from variate.model.record import plain_number
from variate.model.targeting import Serve, ServeExperiment, ServeVariation


def condition_words(condition: Condition) -> str:
    """Return the condition on one line: ``country in ["DE"] and not (audience beta)``."""
    match condition:
        case Comparison(attribute=attribute, operator=operator):
            record = condition_record(condition)
            value = f" {json_words(record['value'])}" if "value" in record else ""
            return f"{attribute} {str(operator).replace('_', ' ')}{value}"
        case AllOf(conditions):
            return " and ".join(map(_within, conditions))
        case AnyOf(conditions):
            return " or ".join(map(_within, conditions))
        case Negation(inner):
            return f"not ({condition_words(inner)})"
        case InAudience(audience_id):
            return f"audience {audience_id}"
        case Percentage(percentage=percentage, salt=salt):
            return f"{percentage:g} % by {salt}"


def serve_words(serve: Serve) -> str:
    """Return what is served on one line: a variation, ``on 20, off 80`` or an experiment."""
    if isinstance(serve, ServeVariation):
        return serve.variation
    if isinstance(serve, ServeExperiment):
        return f"experiment {serve.experiment_id}"
    return "rollout: " + ", ".join(f"{name} {plain_number(weight)}" for name, weight in serve.weights)


def json_words(value: Json) -> str:
    """Return the value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False)


def _within(condition: Condition) -> str:
    text = condition_words(condition)
    return f"({text})" if isinstance(condition, (AllOf, AnyOf)) else text
