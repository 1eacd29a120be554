"""Conditions as the reference has them: each rule written once, plainly, one after the other.

What decides in earnest is compiled (``conditions.py``); this is what it is checked against, and what explains a
decision. ``docs/reference/conditions.md`` has the rules in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from variate.decision.bucketing import bucket
from variate.model.condition import AllOf, AnyOf, Comparison, Condition, InAudience, Negation, Percentage
from variate.model.operators import Operator
from variate.model.patterns import compiled_pattern, found_in
from variate.model.semver import version_key
from variate.model.timestamps import moment_key

_MISSING = object()
_SCALARS = frozenset({"null", "boolean", "number", "string"})
_SIZED = frozenset({"string", "list", "dict"})


def matches(
    condition: Condition,
    unit: str,
    attributes: Mapping[str, Any],
    *,
    audiences: Mapping[str, Condition | None],
) -> bool:
    """Return whether ``condition`` matches ``unit`` with its ``attributes``.

    Nobody is in an audience that ``audiences`` does not have, or has None for.
    """
    match condition:
        case Comparison():
            return _compares(condition, _find(attributes, condition.path))
        case AllOf(conditions):
            return all(matches(each, unit, attributes, audiences=audiences) for each in conditions)
        case AnyOf(conditions):
            return any(matches(each, unit, attributes, audiences=audiences) for each in conditions)
        case Negation(inner):
            return not matches(inner, unit, attributes, audiences=audiences)
        case InAudience(audience_id):
            audience = audiences.get(audience_id)
            return audience is not None and matches(audience, unit, attributes, audiences=audiences)
        case Percentage(salt=salt):
            return bucket(salt, unit) < condition.buckets


def _find(attributes: Mapping[str, Any], path: tuple[str, ...]) -> object:
    found: Any = attributes
    for depth, name in enumerate(path):
        if (depth > 0 and not isinstance(found, dict)) or name not in found:
            return _MISSING
        found = found[name]
    return found


def _compares(comparison: Comparison, found: object) -> bool:
    if found is _MISSING:
        return comparison.operator is Operator.NOT_EXISTS
    return _RULES[comparison.operator](found, comparison.value)


def _kind(value: object) -> str:
    """Return the kind of a JSON value, and of what stands for one in Python."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for kind, types in _KINDS.items():
        if isinstance(value, types):
            return kind
    return "other"


_KINDS: dict[str, tuple[type, ...]] = {
    "number": (int, float),
    "string": (str,),
    "list": (list, tuple),
    "dict": (dict,),
    "datetime": (datetime,),
}


def _same(found: object, value: object) -> bool:
    """Return whether both are one scalar: of one kind, and equal."""
    return _kind(found) in _SCALARS and _kind(found) == _kind(value) and found == value


def _differs(found: object, value: object) -> bool:
    return _kind(found) == _kind(value) and not _same(found, value)


def _is_in(found: object, values: Any) -> bool:
    return any(_same(found, value) for value in values)


def _is_not_in(found: object, values: Any) -> bool:
    return _kind(found) in _SCALARS and not _is_in(found, values)


def _includes(found: Any, value: object) -> bool:
    return any(_same(item, value) for item in found)


def _includes_any(found: Any, values: Any) -> bool:
    return any(_includes(found, value) for value in values)


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda found, value: _kind(found) == "string" and test(found, value)


def _number(test: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    return lambda found, value: _kind(found) == "number" and test(found, value)


def _list(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda found, value: _kind(found) == "list" and test(found, value)


def _moment(test: Callable[[int, int], bool]) -> Callable[[Any, Any], bool]:
    def rule(found: Any, value: Any) -> bool:
        left, right = moment_key(found), moment_key(value)
        return left is not None and right is not None and test(left, right)

    return rule


def _version(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def rule(found: Any, value: Any) -> bool:
        left = version_key(found) if _kind(found) == "string" else None
        return left is not None and test(left, version_key(value))

    return rule


def _pattern(*, found_means: bool) -> Callable[[Any, Any], bool]:
    return lambda found, value: _kind(found) == "string" and found_in(found, compiled_pattern(value)) is found_means


def _network(*, inside_means: bool) -> Callable[[Any, Any], bool]:
    def rule(found: Any, value: Any) -> bool:
        if _kind(found) != "string" or "%" in found:
            return False
        try:
            address = ip_address(found)
        except ValueError:
            return False
        if address.version == 6:
            address = address.ipv4_mapped or address
        networks = map(ip_network, value if isinstance(value, tuple) else (value,))
        return any(address in network for network in networks) is inside_means

    return rule


_RULES: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.EQUALS: _same,
    Operator.NOT_EQUALS: _differs,
    Operator.IN: _is_in,
    Operator.NOT_IN: _is_not_in,
    Operator.CONTAINS: _text(lambda found, value: value in found),
    Operator.NOT_CONTAINS: _text(lambda found, value: value not in found),
    Operator.STARTS_WITH: _text(lambda found, value: found.startswith(value)),
    Operator.ENDS_WITH: _text(lambda found, value: found.endswith(value)),
    Operator.MATCHES: _pattern(found_means=True),
    Operator.NOT_MATCHES: _pattern(found_means=False),
    Operator.GREATER_THAN: _number(lambda found, value: found > value),
    Operator.GREATER_THAN_OR_EQUALS: _number(lambda found, value: found >= value),
    Operator.LESS_THAN: _number(lambda found, value: found < value),
    Operator.LESS_THAN_OR_EQUALS: _number(lambda found, value: found <= value),
    Operator.BEFORE: _moment(lambda found, value: found < value),
    Operator.AFTER: _moment(lambda found, value: found > value),
    Operator.SEMVER_EQUALS: _version(lambda found, value: found == value),
    Operator.SEMVER_NOT_EQUALS: _version(lambda found, value: found != value),
    Operator.SEMVER_GREATER_THAN: _version(lambda found, value: found > value),
    Operator.SEMVER_GREATER_THAN_OR_EQUALS: _version(lambda found, value: found >= value),
    Operator.SEMVER_LESS_THAN: _version(lambda found, value: found < value),
    Operator.SEMVER_LESS_THAN_OR_EQUALS: _version(lambda found, value: found <= value),
    Operator.IN_CIDR: _network(inside_means=True),
    Operator.NOT_IN_CIDR: _network(inside_means=False),
    Operator.INCLUDES: _list(_includes),
    Operator.NOT_INCLUDES: _list(lambda found, value: not _includes(found, value)),
    Operator.INCLUDES_ANY: _list(_includes_any),
    Operator.NOT_INCLUDES_ANY: _list(lambda found, values: not _includes_any(found, values)),
    Operator.EXISTS: lambda _found, _value: True,
    Operator.NOT_EXISTS: lambda _found, _value: False,
    Operator.IS_NULL: lambda found, _value: found is None,
    Operator.NOT_NULL: lambda found, _value: found is not None,
    Operator.EMPTY: lambda found, _value: _kind(found) in _SIZED and len(found) == 0,
    Operator.NOT_EMPTY: lambda found, _value: _kind(found) in _SIZED and len(found) > 0,
}
