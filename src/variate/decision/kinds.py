"""What compiled conditions ask of an attribute where no one expression tells: whether it is a scalar, and which."""

from __future__ import annotations

from collections.abc import Iterable

NUMBERS = (int, float)
LISTS = (list, tuple)
SIZED = (str, list, tuple, dict)

MISSING = object()
"""In place of an attribute that is not there."""

_NO_SCALAR = object()
_TRUE, _FALSE = object(), object()


def scalar_key(value: object) -> object:
    """Return what equals the keys of equal scalars and nothing else: in Python True is 1, in a condition it is not."""
    kind = type(value)
    if kind is str or kind is int or kind is float or value is None:
        return value
    if kind is bool:
        return _TRUE if value else _FALSE
    return value if isinstance(value, (str, int, float)) else _NO_SCALAR


def has_other_scalar_than(value: object, keys: frozenset[object]) -> bool:
    """Return whether ``value`` is a scalar and none of those."""
    key = scalar_key(value)
    return key is not _NO_SCALAR and key not in keys


def holds(items: Iterable[object], key: object) -> bool:
    """Return whether the scalar of ``key`` is among ``items``."""
    return any(scalar_key(item) == key for item in items)


def meets(items: Iterable[object], keys: frozenset[object]) -> bool:
    """Return whether a scalar of ``keys`` is among ``items``."""
    return any(scalar_key(item) in keys for item in items)


def meets_texts(items: Iterable[object], texts: frozenset[object]) -> bool:
    """Return whether one of ``texts`` is among ``items``."""
    try:
        return not texts.isdisjoint(items)
    except TypeError:  # a list or dict among the items has no hash
        return meets(items, texts)
