"""Conditions compiled: each becomes the text of one Python expression, for a function that is called a million times.

``matching.py`` says the same slowly, straight from the rules; a property test holds the two to each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from variate.decision.bucketing import hash_bound
from variate.decision.comparisons import comparison_source
from variate.decision.constants import Constants
from variate.decision.draws import hash_source
from variate.decision.generated import build
from variate.model.condition import AllOf, AnyOf, Comparison, Condition, InAudience, Negation, Percentage

__all__ = ["Constants", "Matcher", "compile_condition", "condition_source"]

Matcher: TypeAlias = Callable[[bytes, Mapping[str, Any]], bool]
"""A compiled condition: the unit's UTF-8 and its attributes in, whether it matches out."""


def compile_condition(condition: Condition, *, matcher: Callable[[str], Matcher]) -> Matcher:
    """Return the function that tells whether ``condition`` matches a unit with its attributes.

    ``matcher`` gives the function of an audience, by its id; it is asked now, once for each mention.
    """
    constants = Constants()
    return build([f"return {condition_source(condition, constants, matcher=matcher)}"], constants)


def condition_source(condition: Condition, constants: Constants, *, matcher: Callable[[str], Matcher]) -> str:
    """Return a parenthesised expression that is True where ``condition`` matches, else False.

    It reads ``unit``, ``attributes`` and the names of ``constants``, assigns locals that ``constants`` names, and
    raises nothing whatever JSON value an attribute has. Conditions of one shape have one text.
    """
    match condition:
        case Comparison():
            return comparison_source(condition, constants)
        case AllOf(conditions):
            return f"({' and '.join(condition_source(each, constants, matcher=matcher) for each in conditions)})"
        case AnyOf(conditions):
            return f"({' or '.join(condition_source(each, constants, matcher=matcher) for each in conditions)})"
        case Negation(inner):
            return f"(not {condition_source(inner, constants, matcher=matcher)})"
        case InAudience(audience_id):
            return f"({constants.function(matcher(audience_id))}(unit, attributes))"
        case Percentage():
            return f"({hash_source(condition.salt, constants)} < {constants.literal(hash_bound(condition.buckets))})"
