"""The operators of conditions, and what each compares an attribute with."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from variate.errors import InvalidInputError
from variate.model.networks import check_network
from variate.model.patterns import check_pattern
from variate.model.rules import check_text, shown
from variate.model.semver import version_key
from variate.model.timestamps import moment_key

MAX_VALUES = 10_000

Scalar: TypeAlias = str | int | float | bool | None
Operand: TypeAlias = Scalar | tuple[Scalar, ...]
"""What an attribute is compared with: it cannot change."""


class Operator(StrEnum):
    """How an attribute is compared. ``docs/reference/conditions.md`` has the rules."""

    EQUALS = "equals"
    NOT_EQUALS = "not_equals"
    IN = "in"
    NOT_IN = "not_in"
    CONTAINS = "contains"
    NOT_CONTAINS = "not_contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    MATCHES = "matches"
    NOT_MATCHES = "not_matches"
    GREATER_THAN = "greater_than"
    GREATER_THAN_OR_EQUALS = "greater_than_or_equals"
    LESS_THAN = "less_than"
    LESS_THAN_OR_EQUALS = "less_than_or_equals"
    BEFORE = "before"
    AFTER = "after"
    SEMVER_EQUALS = "semver_equals"
    SEMVER_NOT_EQUALS = "semver_not_equals"
    SEMVER_GREATER_THAN = "semver_greater_than"
    SEMVER_GREATER_THAN_OR_EQUALS = "semver_greater_than_or_equals"
    SEMVER_LESS_THAN = "semver_less_than"
    SEMVER_LESS_THAN_OR_EQUALS = "semver_less_than_or_equals"
    IN_CIDR = "in_cidr"
    NOT_IN_CIDR = "not_in_cidr"
    INCLUDES = "includes"
    NOT_INCLUDES = "not_includes"
    INCLUDES_ANY = "includes_any"
    NOT_INCLUDES_ANY = "not_includes_any"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"
    IS_NULL = "is_null"
    NOT_NULL = "not_null"
    EMPTY = "empty"
    NOT_EMPTY = "not_empty"


def takes_value(operator: Operator) -> bool:
    """Return whether a comparison by ``operator`` has a value."""
    return operator in _TAKES


def what_it_takes(operator: Operator) -> str:
    """Return in words what ``operator`` compares with."""
    return _TAKES[operator].what if operator in _TAKES else "no value"


def check_operand(field: str, operator: Operator, value: object) -> Operand:
    """Return ``value`` as ``operator`` compares with it, lists as tuples; raise ``InvalidInputError`` if it cannot."""
    if operator in _TAKES:
        return _TAKES[operator].check(field, value)
    if value is not None:
        raise InvalidInputError(field, f"must not be given: {operator} takes no value")
    return None


def _check_scalar(field: str, value: object) -> Scalar:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return check_text(field, value)
    if isinstance(value, (int, float)):
        return _check_number(field, value)
    raise InvalidInputError(field, f"must be a string, a number, true, false or null, not {type(value).__name__}")


def _check_scalar_but_null(field: str, value: object) -> Scalar:
    if value is None:
        raise InvalidInputError(field, "must not be null here, as nothing would match: use not_null")
    return _check_scalar(field, value)


def _check_number(field: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidInputError(field, f"must be a number, not {type(value).__name__}")
    if not abs(value) <= sys.float_info.max:  # false for NaN, and for a whole number too long for a float
        raise InvalidInputError(field, f"must be finite, not {shown(value)}")
    return value


def _check_moment(field: str, value: object) -> str:
    text = check_text(field, value)
    if moment_key(text) is None:
        raise InvalidInputError(field, f"must be a time such as 2026-01-31T09:30:00Z, not {shown(text)}")
    return text


def _check_version(field: str, value: object) -> str:
    text = check_text(field, value)
    if version_key(text) is None:
        raise InvalidInputError(field, f"must be a version such as 1.10.0 or 2.0.0-beta.1, not {shown(text)}")
    return text


def _each(check: Callable[[str, object], Scalar]) -> Callable[[str, object], tuple[Scalar, ...]]:
    def check_each(field: str, value: object) -> tuple[Scalar, ...]:
        if not isinstance(value, (list, tuple)):
            raise InvalidInputError(field, f"must be a list, not {type(value).__name__}")
        if len(value) > MAX_VALUES:
            raise InvalidInputError(field, f"must be at most {MAX_VALUES} values, not {len(value)}")
        return tuple(check(f"{field}[{index}]", each) for index, each in enumerate(value))

    return check_each


def _check_networks(field: str, value: object) -> str | tuple[Scalar, ...]:
    return _each(check_network)(field, value) if isinstance(value, (list, tuple)) else check_network(field, value)


class _Takes(NamedTuple):
    what: str
    check: Callable[[str, object], Operand]


_SCALAR = _Takes("a string, a number, true, false or null", _check_scalar)
_SCALAR_BUT_NULL = _Takes("a string, a number, true or false", _check_scalar_but_null)
_SCALARS = _Takes("a list of strings, numbers, true, false or null", _each(_check_scalar))
_TEXT = _Takes("a string", check_text)
_PATTERN = _Takes("a regular expression", check_pattern)
_NUMBER = _Takes("a number", _check_number)
_MOMENT = _Takes("a time such as 2026-01-31T09:30:00Z", _check_moment)
_VERSION = _Takes("a version such as 1.10.0", _check_version)
_NETWORKS = _Takes("an address, a network such as 10.0.0.0/8, or a list of them", _check_networks)

_TAKES: dict[Operator, _Takes] = {
    Operator.EQUALS: _SCALAR,
    Operator.NOT_EQUALS: _SCALAR_BUT_NULL,
    Operator.IN: _SCALARS,
    Operator.NOT_IN: _SCALARS,
    Operator.CONTAINS: _TEXT,
    Operator.NOT_CONTAINS: _TEXT,
    Operator.STARTS_WITH: _TEXT,
    Operator.ENDS_WITH: _TEXT,
    Operator.MATCHES: _PATTERN,
    Operator.NOT_MATCHES: _PATTERN,
    Operator.GREATER_THAN: _NUMBER,
    Operator.GREATER_THAN_OR_EQUALS: _NUMBER,
    Operator.LESS_THAN: _NUMBER,
    Operator.LESS_THAN_OR_EQUALS: _NUMBER,
    Operator.BEFORE: _MOMENT,
    Operator.AFTER: _MOMENT,
    Operator.SEMVER_EQUALS: _VERSION,
    Operator.SEMVER_NOT_EQUALS: _VERSION,
    Operator.SEMVER_GREATER_THAN: _VERSION,
    Operator.SEMVER_GREATER_THAN_OR_EQUALS: _VERSION,
    Operator.SEMVER_LESS_THAN: _VERSION,
    Operator.SEMVER_LESS_THAN_OR_EQUALS: _VERSION,
    Operator.IN_CIDR: _NETWORKS,
    Operator.NOT_IN_CIDR: _NETWORKS,
    Operator.INCLUDES: _SCALAR,
    Operator.NOT_INCLUDES: _SCALAR,
    Operator.INCLUDES_ANY: _SCALARS,
    Operator.NOT_INCLUDES_ANY: _SCALARS,
}
"""Who is not here takes no value."""
