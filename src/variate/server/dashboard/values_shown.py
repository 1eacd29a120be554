"""Values of fields as people read them, in histories and in the audit log."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from variate.errors import InvalidInputError
from variate.model import Json
from variate.model.condition import read_condition
from variate.rendering.definition_words import condition_words
from variate.rendering.text import cut

MOST_COLUMNS: Final = 2_000
"""A longer value is shown by its beginning and its end: a page has many of them."""

_CONDITION: Final = re.compile(r"(?:(?:.*\.)?rules\[[^\]]*\]\.)?condition|audience")
"""The paths of conditions; what is called so within a variation's value is its author's own."""
_MOMENT: Final = re.compile(r"(?:environments\..+\.|conclusion\.)?(?:starts|ends|expires|decided|revoked|last_used)_at")
_INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.0+|(\.\d+))?Z")


def words_of(path: str, value: Json) -> str:
    """Return the value of the field at ``path``: a moment without what computers alone want, else ``value_words``."""
    found = _INSTANT.fullmatch(value) if isinstance(value, str) and _MOMENT.fullmatch(path) else None
    if found is not None:
        return f"{found[1]} {found[2]}{found[3] or ''} UTC"
    return value_words(value)


def value_words(value: Json) -> str:
    """Return the value as it is read: text as it stands where it cannot be taken for something else, else JSON."""
    if value is None:
        return "none"
    if isinstance(value, str) and not _is_like_json(value):
        return cut(value, columns=MOST_COLUMNS)
    return cut(json.dumps(value, ensure_ascii=False), columns=MOST_COLUMNS)


def conditions_words(path: str, values: Sequence[Json]) -> list[str] | None:
    """Return conditions in words, none for everybody; None where the field holds no conditions, or one tells no other.

    What differs is not to look alike.
    """
    if not _CONDITION.fullmatch(path):
        return None
    try:
        told = ["none" if each is None else condition_words(read_condition(path, each)) for each in values]
    except InvalidInputError:
        return None
    return [cut(each, columns=MOST_COLUMNS) for each in told] if len({*told}) == len(told) else None


def _is_like_json(text: str) -> bool:
    if text in ("none", "") or text != text.strip():
        return True
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
