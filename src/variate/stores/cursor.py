"""The opaque ``last_key`` of a page: a list of plain values as base64url JSON.

A cursor is text that a stranger may send, so everything about it is checked before an engine sees it.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeAlias

from variate.errors import InvalidInputError

CursorValue: TypeAlias = str | int | None

_MAX_CHARACTERS = 40_000
"""More than four ids of the longest kind make, each of their characters escaped."""
_INTEGERS = range(-(2**63), 2**63)
_RULE = "must be the last_key of the page before, unchanged"


def encode_cursor(values: list[CursorValue]) -> str:
    """Return ``values`` as opaque text that is safe in a URL."""
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def decode_cursor(text: object, *, length: int) -> list[CursorValue]:
    """Return the ``length`` values that ``encode_cursor`` made ``text`` of.

    Raise ``InvalidInputError`` for ``last_key`` where it did not: another form, another length, or a value that no
    engine holds (NUL, an unpaired surrogate, more than 64 bits). Which value is of which type is for the caller to
    check.
    """
    if not isinstance(text, str) or len(text) > _MAX_CHARACTERS:
        raise InvalidInputError("last_key", _RULE)
    try:
        values = json.loads(urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
        is_ours = isinstance(values, list) and all(map(_is_plain, values)) and encode_cursor(values) == text
    except (ValueError, RecursionError) as error:
        raise InvalidInputError("last_key", _RULE) from error
    if not is_ours or len(values) != length:
        raise InvalidInputError("last_key", _RULE)
    return list(values)


def _is_plain(value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, str):
        return "\x00" not in value
    return isinstance(value, int) and not isinstance(value, bool) and value in _INTEGERS
