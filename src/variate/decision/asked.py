"""What the engine is asked, checked: units and attributes, one by one and in lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

from variate.errors import InvalidInputError
from variate.model.rules import check_id

Attributes = Mapping[str, Any]

NO_ATTRIBUTES: Attributes = {}
"""A dict, which is what most calls bring and what is told from the rest by one comparison."""


def bytes_of_one(unit: object) -> bytes:
    """Return the UTF-8 of a unit that is decided for alone: text, not empty, however long it is."""
    if not isinstance(unit, str):
        raise InvalidInputError("user_id", f"must be a string, not {type(unit).__name__}")
    if not unit:
        raise InvalidInputError("user_id", "must not be empty")
    try:
        return unit.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError("user_id", "must not contain an unpaired surrogate") from error


def bytes_of_any(unit: object) -> bytes:
    """Return the UTF-8 of a unit that every store can hold."""
    return check_id("user_id", unit).encode()


def checked_attributes(attributes: Attributes | None) -> Attributes:
    """Return the attributes, none for None; raise ``InvalidInputError`` where they are no mapping."""
    if attributes is None:
        return NO_ATTRIBUTES
    if not isinstance(attributes, Mapping):
        raise InvalidInputError("attributes", f"must be a dict, not {type(attributes).__name__}")
    return attributes


def asked_of_many(units: Sequence[str], attributes: Sequence[Attributes] | None) -> Iterator[tuple[bytes, Attributes]]:
    """Return the UTF-8 of each unit with its attributes, each checked when its turn comes, and the lists now."""
    _check_list("user_ids", units, of="ids")
    if attributes is None:
        return zip(map(bytes_of_any, units), repeat(NO_ATTRIBUTES), strict=False)  # the one of the two has no end
    _check_list("attributes", attributes, of="dicts")
    if len(attributes) != len(units):
        raise InvalidInputError("attributes", f"must be one for each of the {len(units)} units, not {len(attributes)}")
    return zip(map(bytes_of_any, units), map(checked_attributes, attributes), strict=True)


def _check_list(field: str, given: object, *, of: str) -> None:
    # Not only what is a Sequence by name: an array of ids is as good.
    is_list = hasattr(given, "__len__") and hasattr(given, "__getitem__")
    if isinstance(given, (str, bytes, Mapping)) or not is_list:
        raise InvalidInputError(field, f"must be a list of {of}, not {type(given).__name__}")
