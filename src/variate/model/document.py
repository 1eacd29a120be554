"""A JSON value that any of the stores can keep and give back unchanged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from variate.errors import InvalidInputError

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict with string keys."""

MAX_DOCUMENT_BYTES = 390_000
"""A DynamoDB item holds 409,600 bytes; the rest is for the keys and names beside the document."""

MAX_DEFINITION_BYTES = 80_000
"""A flag's item also holds, until it is logged, the audit entry of a change with what was before and after."""

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Document:
    """A checked JSON value, held as its compact text so that it is encoded once.

    Build it with ``Document.of``; ``Document(text)`` is for stores, which hand back what was checked before.
    """

    text: str

    @classmethod
    def of(cls, value: Json, *, field: str, max_bytes: int = MAX_DOCUMENT_BYTES) -> Document:
        """Encode ``value``; raise ``InvalidInputError`` naming ``field`` and the rule it breaks.

        Refused: NaN and infinity, what JSON has no form for, NUL, unpaired surrogates, keys that are not strings
        and more than ``max_bytes`` bytes.
        """
        try:
            text = _encode(value)
            size = len(text) if text.isascii() else len(text.encode())
        except UnicodeEncodeError as error:
            raise InvalidInputError(field, "must not contain an unpaired surrogate") from error
        except TypeError as error:
            raise InvalidInputError(field, f"must be made of JSON values: {error}") from error
        except ValueError as error:
            raise InvalidInputError(field, f"must not contain NaN, infinity or itself: {error}") from error
        except RecursionError as error:
            raise InvalidInputError(field, "is nested too deeply") from error
        if size > max_bytes:
            raise InvalidInputError(field, f"must be at most {max_bytes} bytes of JSON, not {size}")
        if "\\u0000" in text and _holds_nul(value):
            raise InvalidInputError(field, "must not contain the NUL character")
        if isinstance(value, (dict, list, tuple)) and not _keys_are_text(value):
            raise InvalidInputError(field, "must have only strings as keys")
        return cls(text)

    @property
    def value(self) -> Json:
        """The JSON value, decoded anew so that no two callers share it."""
        return json.loads(self.text)


def _holds_nul(value: Json) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_holds_nul(key) or _holds_nul(item) for key, item in value.items())
    return isinstance(value, (list, tuple)) and any(map(_holds_nul, value))


def _keys_are_text(value: Json) -> bool:
    if isinstance(value, dict):
        for key, item in value.items():
            if type(key) is not str and not isinstance(key, str):
                return False
            if isinstance(item, (dict, list, tuple)) and not _keys_are_text(item):
                return False
        return True
    return all(_keys_are_text(item) for item in value if isinstance(item, (dict, list, tuple)))
