"""A JSON value that any of the stores can keep and give back unchanged."""

from __future__ import annotations

import json
import json.encoder
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from variate.errors import InvalidInputError

Json: TypeAlias = Any
"""A JSON value: None, bool, int, float, str, list or dict with string keys."""

MAX_DOCUMENT_BYTES = 390_000
"""A DynamoDB item holds 409,600 bytes; the rest is for the keys and names beside the document."""

MAX_DEPTH = 100
"""How deep a value that is given to us may be nested: well within what every encoder and decoder takes."""

_MAX_WRAPPED_DEPTH = MAX_DEPTH + 20
"""How deep a document of our own may be, such as the audit entry of a change that holds what was given."""

MAX_DEFINITION_BYTES = 120_000
"""The audit entry of a change holds what was before and after in one item, and sealing takes a third more."""

_SCALARS = frozenset({str, int, float, bool, type(None)})

_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"))


def _encoder() -> Callable[[Json], str]:
    """Return ``_ENCODER.encode``, but made once: it sets itself up anew at each call, for longer than it encodes."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter that has only the encoder in Python
        return _ENCODER.encode
    markers, indent, sort_keys, skip_keys, allow_nan = None, None, False, False, False
    chunks = make(
        markers,
        _ENCODER.default,
        json.encoder.encode_basestring,
        indent,
        _ENCODER.key_separator,
        _ENCODER.item_separator,
        sort_keys,
        skip_keys,
        allow_nan,
    )
    return lambda value: "".join(chunks(value, 0))


_encode = _encoder()


@dataclass(frozen=True, slots=True)
class Document:
    """A checked JSON value, held as its compact text so that it is encoded once.

    Build it with ``Document.of``; ``Document(text)`` is for stores, which hand back what was checked before.
    """

    text: str

    @classmethod
    def of(
        cls, value: Json, *, field: str, max_bytes: int = MAX_DOCUMENT_BYTES, max_depth: int = _MAX_WRAPPED_DEPTH
    ) -> Document:
        """Encode ``value``; raise ``InvalidInputError`` naming ``field`` and the rule it breaks.

        Refused: NaN and infinity, what JSON has no form for, NUL, unpaired surrogates, keys that are not strings,
        more than ``max_bytes`` bytes, and dicts and lists within each other more than ``max_depth`` deep.
        """
        try:
            text = _encode(value)
            size = len(text) if text.isascii() else len(text.encode())
        except UnicodeEncodeError as error:
            raise InvalidInputError(field, "must not contain an unpaired surrogate") from error
        except TypeError as error:
            raise InvalidInputError(field, f"must be made of JSON values: {error}") from error
        except ValueError as error:
            raise InvalidInputError(field, f"must not contain NaN or infinity: {error}") from error
        except RecursionError as error:
            raise _too_deep(field, max_depth) from error
        if size > max_bytes:
            raise InvalidInputError(field, f"must be at most {max_bytes} bytes of JSON, not {size}")
        if not _is_within(max_depth, field, value):
            raise _too_deep(field, max_depth)
        if "\\u0000" in text and _holds_nul(value):
            raise InvalidInputError(field, "must not contain the NUL character")
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


def _too_deep(field: str, max_depth: int) -> InvalidInputError:
    return InvalidInputError(field, f"must be nested at most {max_depth} deep, and not contain itself")


def _is_within(max_depth: int, field: str, value: Json) -> bool:
    """Return whether the value is no deeper than that; raise where a key is not text, which the encoder lets pass."""
    if not isinstance(value, (dict, list, tuple)):
        return True
    if max_depth < 1:
        return False
    items: Iterable[Json] = value
    if isinstance(value, dict):
        for key in value:
            if type(key) is not str and not isinstance(key, str):
                raise InvalidInputError(field, "must have only strings as keys")
        items = value.values()
    # Most values are flat, and then this alone looks at the items, without a call for each.
    return _SCALARS.issuperset(map(type, items)) or all(_is_within(max_depth - 1, field, item) for item in items)
