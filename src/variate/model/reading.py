"""Reading a definition's fields from the JSON in which callers and stores hold them, each error naming its field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from variate.errors import DecryptionError, InvalidInputError, VariateError
from variate.model.condition import Condition, read_condition
from variate.model.document import Json
from variate.model.instant import parse_instant
from variate.model.rules import check_id, shown

T = TypeVar("T")

NOT_OF_FORM = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What reading JSON of some form raises where it is of another; ``InvalidInputError`` is one of these."""


def read_stored(entity: str, entity_id: str, read: Callable[[], T]) -> T:
    """Return what ``read`` makes of what is stored as this entity.

    Raise ``InvalidInputError`` naming it where that breaks a rule or is of no form that is known, ``DecryptionError``
    naming it where it cannot be opened.
    """
    try:
        return read()
    except DecryptionError as error:
        raise DecryptionError(f"{entity} {shown(entity_id)} cannot be opened: {error}") from error
    except NOT_OF_FORM as error:
        raise InvalidInputError(
            entity, f"{shown(entity_id)} cannot be read: {wrong_with(error)}; mend what is stored, or upgrade variate"
        ) from error


def wrong_with(error: Exception) -> str:
    """Return what an error of ``NOT_OF_FORM`` says of what was read."""
    return str(error) if isinstance(error, VariateError) else f"it is of no form that is known: {shown(error)}"


def read_keys(field: str, given: object, known: Iterable[str]) -> Mapping[str, Any]:
    """Return ``given`` if it is a dict with none but the known keys, so that a misspelt one is not passed over."""
    if not isinstance(given, Mapping):
        raise InvalidInputError(field, f"must be a dict, not {type(given).__name__}")
    names = tuple(known)
    for key in given:
        if key not in names:
            place = f"{field}.{key}" if field else str(key)
            raise InvalidInputError(place, f"is not known; there are {', '.join(names)}")
    return given


def read_list(field: str, given: object, read: Callable[[str, Json], T]) -> tuple[T, ...]:
    """Return what ``read`` makes of each item of a list."""
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise InvalidInputError(field, f"must be a list, not {type(given).__name__}")
    return tuple(read(f"{field}[{place}]", item) for place, item in enumerate(given))


def read_names(field: str, given: object) -> tuple[str, ...]:
    """Return a list of ids or names."""
    return read_list(field, given, check_id)


def read_optional_condition(field: str, given: Json) -> Condition | None:
    """Return the condition, or None for None: every unit."""
    return None if given is None else read_condition(field, given)


def read_optional_instant(field: str, given: object) -> datetime | None:
    """Return the moment, or None for None."""
    return None if given is None else parse_instant(field, given)


def read_truth(field: str, given: object) -> bool:
    """Return a bool as it is."""
    if not isinstance(given, bool):
        raise InvalidInputError(field, f"must be true or false, not {shown(given)}")
    return given
