"""Reading a definition's fields from the JSON in which callers and stores hold them, each error naming its field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from variate.errors import InvalidInputError
from variate.model.condition import Condition, read_condition
from variate.model.document import Json
from variate.model.instant import parse_instant
from variate.model.rules import check_id, shown

T = TypeVar("T")


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
