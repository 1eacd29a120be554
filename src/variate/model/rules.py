"""The rules every value obeys, whichever store will hold it.

The limits are the narrowest of the engines': a DynamoDB sort key holds 1,024 bytes, a DynamoDB item 400 KB,
and neither PostgreSQL's ``text`` nor its ``jsonb`` holds a NUL.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from variate.errors import InvalidInputError

MAX_ID_BYTES = 1_024
MAX_NAME_BYTES = 1_024
MAX_TEXT_BYTES = 50_000
MAX_SEALED_TEXT_BYTES = 70_000
"""A text of 50,000 bytes after sealing: 4/3 of it in base64url, and the wrapped key before it."""
MAX_SECONDS = 1_000_000_000
_SHOWN_CHARACTERS = 100

SEALED_MARK = "$sealed"
"""What a sealed text begins with, before a colon, and the one key of a sealed document."""

S = TypeVar("S", bound=StrEnum)


def shown(value: object) -> str:
    """Return ``value`` as an error's message shows it: short, whatever somebody sent."""
    try:
        text = repr(value)
    except ValueError:  # a whole number of more digits than Python writes
        return "one beyond showing"
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}..."


def check_text(field: str, value: object, *, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Return ``value`` if it is text every store can hold, else raise ``InvalidInputError``."""
    if not isinstance(value, str):
        raise InvalidInputError(field, f"must be a string, not {type(value).__name__}")
    if "\x00" in value:
        raise InvalidInputError(field, "must not contain the NUL character")
    try:
        size = len(value) if value.isascii() else len(value.encode())
    except UnicodeEncodeError as error:
        raise InvalidInputError(field, "must not contain an unpaired surrogate") from error
    if size > max_bytes:
        raise InvalidInputError(field, f"must be at most {max_bytes} bytes of UTF-8, not {size}")
    return value


def check_prose(field: str, value: object) -> str:
    """Return ``value`` if it is text of at most 50,000 bytes; sealed, it may be longer by what sealing adds."""
    sealed = isinstance(value, str) and value.startswith(f"{SEALED_MARK}:")
    return check_text(field, value, max_bytes=MAX_SEALED_TEXT_BYTES if sealed else MAX_TEXT_BYTES)


def check_id(field: str, value: object) -> str:
    """Return ``value`` if it is 1 to 1,024 bytes of text, else raise ``InvalidInputError``."""
    # The usual id, told by one line: an event has four, and an import millions.
    if type(value) is str and value.isascii() and 0 < len(value) <= MAX_ID_BYTES and "\x00" not in value:
        return value
    text = check_text(field, value, max_bytes=MAX_ID_BYTES)
    if not text:
        raise InvalidInputError(field, "must not be empty")
    return text


def check_name(field: str, value: object) -> str:
    """Return ``value`` if it is a name a person can read: not blank, at most 1,024 bytes."""
    text = check_text(field, value, max_bytes=MAX_NAME_BYTES)
    if not text.strip():
        raise InvalidInputError(field, "must not be blank")
    return text


def check_choice(field: str, value: object, choices: type[S]) -> S:
    """Return the member of ``choices`` named ``value``, else raise ``InvalidInputError`` listing them."""
    try:
        return choices(str(value))
    except ValueError as error:
        names = ", ".join(choices)
        raise InvalidInputError(field, f"must be one of {names}, not {shown(value)}") from error


def check_weight(field: str, value: object) -> float:
    """Return ``value`` if it is a share relative to others: a number that a float can hold, and not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidInputError(field, f"must be a number, not {type(value).__name__}")
    if not 0 <= value <= sys.float_info.max:  # false for NaN, and for a whole number too long for a float
        raise InvalidInputError(field, f"must be finite and not negative, not {shown(value)}")
    return value


def check_distinct(field: str, names: Iterable[str]) -> None:
    """Raise ``InvalidInputError`` where one of the names stands twice."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidInputError(field, f"must have different names; {shown(name)} stands twice")
        seen.add(name)


def check_int(field: str, value: object) -> int:
    """Return ``value`` if it is an int (no bool), else raise ``InvalidInputError``."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInputError(field, f"must be a whole number, not {type(value).__name__}")
    return value


def check_whole(field: str, value: object, *, minimum: int, maximum: int) -> int:
    """Return ``value`` if it is an int (no bool) in ``[minimum, maximum]``, else raise ``InvalidInputError``."""
    number = check_int(field, value)
    if not minimum <= number <= maximum:
        raise InvalidInputError(field, f"must be from {minimum} to {maximum}, not {shown(number)}")
    return number


def check_seconds(field: str, value: object) -> float:
    """Return ``value`` if it is a length of time: a number above 0 and at most 1,000,000,000."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidInputError(field, f"must be a number of seconds, not {type(value).__name__}")
    if not 0 < value <= MAX_SECONDS:  # NaN too
        raise InvalidInputError(field, f"must be above 0 and at most {MAX_SECONDS} seconds, not {shown(value)}")
    return value
