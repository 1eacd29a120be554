"""What of an event's data stands in columns beside it, so that an index can answer an analysis."""

from __future__ import annotations

import json
import math

import msgspec

from variate.model import EXPOSURE
from variate.model.metric import VALUE_FIELD

MAX_VARIATION_BYTES = 200
"""The longest name in the column: with two ids beside it, an entry of PostgreSQL's index holds no more."""

_HINTS = (f'"{VALUE_FIELD}"', '"variation"')


class _Read(msgspec.Struct):
    """The two fields, of any type. Nothing else of the data is decoded, which takes a tenth of the time."""

    value: object = None
    variation: object = None


_decode = msgspec.json.Decoder(_Read).decode


def read_columns(event_type: str, text: str) -> tuple[float | None, str | None]:
    """Return the number under ``value``, and an exposure's ``variation`` unless it is longer than the column takes."""
    value = variation = None
    if _HINTS[0] in text or _HINTS[1] in text:
        try:
            read = _decode(text)
            value, variation = read.value, read.variation
        except msgspec.MsgspecError:  # not an object, or one with a number that is not for that decoder
            data = json.loads(text)
            if isinstance(data, dict):
                value, variation = data.get(VALUE_FIELD), data.get("variation")
    if event_type != EXPOSURE or not isinstance(variation, str) or len(variation.encode()) > MAX_VARIATION_BYTES:
        return number_of(value), None
    return number_of(value), variation


def number_of(value: object) -> float | None:
    """Return the number that a JSON value counts as, if it is one: true is 1, and a whole one may be too great."""
    if not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
