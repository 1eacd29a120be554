"""Attributes with lists and dicts among them, for code that looks each value up in a set or a dict.

Nearly every attribute is text, a number or a bool. To ask of each whether it has a hash takes longer than to look it
up, so nobody asks: a list where a text is expected raises ``TypeError``, and then all is decided again with lists and
dicts that have one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

R = TypeVar("R")

Attributes = Mapping[str, Any]


class _List(list[Any]):
    """A list that equals what it equalled before and is found in no set: its hash is its own."""

    __slots__ = ()
    __hash__ = object.__hash__  # type: ignore[assignment]  # typed as None in a list, which has no hash


class _Dict(dict[str, Any]):
    """A dict of the same kind."""

    __slots__ = ()
    __hash__ = object.__hash__  # type: ignore[assignment]  # typed as None in a dict, which has no hash


def tolerantly(function: Callable[[bytes, Attributes], R], unit: bytes, attributes: Attributes) -> R:
    """Return what the compiled definition or condition says of the unit, whatever JSON its attributes hold."""
    try:
        return function(unit, attributes)
    except TypeError:
        wrapped = with_hashes(attributes)
        if wrapped is None:
            raise
        return function(unit, wrapped)


def with_hashes(attributes: Attributes) -> Attributes | None:
    """Return the attributes with each value that has no hash given one; None where there is none among them."""
    wrapped = {key: _with_hash(value) for key, value in attributes.items()}
    return wrapped if any(wrapped[key] is not value for key, value in attributes.items()) else None


def _with_hash(value: Any) -> Any:
    if isinstance(value, dict):
        return _Dict({key: _with_hash(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return _List(value)
    try:
        hash(value)
    except TypeError:
        return object()  # a set, say: it is there, and no JSON value of any kind
    return value
