"""Values as DynamoDB attributes, and back.

Documents are kept as JSON text: a DynamoDB number has 38 digits, no 1e300, and gives 2.0 back as 2. What the guide's
own code wrote (maps, whole seconds, milliseconds) is read as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from variate.errors import InvalidInputError
from variate.model import Document, Json, check_instant, format_instant

Attribute: TypeAlias = dict[str, Any]
"""A value as the low-level client has it, such as ``{"S": "text"}``."""
Item: TypeAlias = dict[str, Attribute]

MAX_ITEM_BYTES = 409_600

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND_CHARACTERS = len("2026-01-31T09:30:00")
_MILLISECOND_CHARACTERS = _SECOND_CHARACTERS + len(".000")


def text(value: str) -> Attribute:
    """Return the text as an attribute."""
    return {"S": value}


def whole(value: int) -> Attribute:
    """Return the whole number as an attribute."""
    return {"N": str(value)}


def instant(moment: datetime) -> Attribute:
    """Return the moment as ISO text, whose order is the order of time."""
    return {"S": format_instant(moment)}


def microseconds(moment: datetime) -> int:
    """Return the microseconds since the epoch."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(since_epoch: int) -> datetime:
    """Return the moment so many microseconds after the epoch."""
    return _EPOCH + timedelta(microseconds=since_epoch)


def epoch(moment: datetime) -> Attribute:
    """Return the moment as epoch seconds, exact to the microsecond, so that the guide's whole seconds sort along."""
    seconds, fraction = divmod(microseconds(moment), 1_000_000)
    if seconds < 0:
        return {"N": f"{Decimal(seconds) + Decimal(fraction).scaleb(-6):f}"}
    return {"N": f"{seconds}.{fraction:06d}" if fraction else str(seconds)}


def read_epoch(attribute: Attribute) -> datetime:
    """Return the moment of epoch seconds, whole or not."""
    number: str = attribute["N"]
    seconds, _, fraction = number.partition(".")
    if seconds.isdecimal() and len(fraction) <= 6 and (fraction.isdecimal() or not fraction):
        return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(fraction.ljust(6, "0")))
    return moment_of(int(Decimal(number) * 1_000_000))


def read_instant(attribute: Attribute) -> datetime:
    """Return the moment of ISO text, ours or the guide's."""
    moment = datetime.fromisoformat(attribute["S"])
    return moment if moment.tzinfo is UTC else check_instant("timestamp", moment)


def tie_of(attribute: Attribute) -> str:
    """Return what ISO texts have in common that an index may hold in another order than that of their moments.

    It is the moment itself, but for a millisecond the guide writes (``09:30:00.000Z``): that sorts after ours of the
    same millisecond (``09:30:00.000999Z``).
    """
    value: str = attribute["S"]
    return value[:_MILLISECOND_CHARACTERS] if value.startswith(".000", _SECOND_CHARACTERS) else value


def latest(attribute: Attribute) -> Attribute:
    """Return text that no ISO text up to this one, ours or the guide's, sorts after; a few later ones do not."""
    value: str = attribute["S"]
    if not value.startswith(".000", _SECOND_CHARACTERS):
        return attribute
    return {"S": max(value, value[:_MILLISECOND_CHARACTERS] + "Z")}


def newest_first(attribute: Attribute) -> tuple[int, ...]:
    """Return what sorts ISO texts by their moments, the latest first.

    Text that is no ISO text has its place too, among the others as an index has it.
    """
    value: str = attribute["S"]
    if value[_SECOND_CHARACTERS:] == ".000Z":  # the whole of it: what goes on is nobody's moment
        value = value[:_MILLISECOND_CHARACTERS] + "000Z"
    return *(-ord(character) for character in value), 1


def read_document(attribute: Attribute, *, field: str) -> Document:
    """Return the document that the guide's own code wrote as a map, list or scalar."""
    return Document.of(_plain(attribute), field=field)


def item_bytes(item: Mapping[str, Attribute]) -> int:
    """Return at least the bytes DynamoDB counts for an item of texts and numbers."""
    size = 0
    for name, attribute in item.items():
        for value in attribute.values():
            size += len(name) + (len(value) if value.isascii() else len(value.encode())) + 3
    return size


def check_item(field: str, item: Item) -> Item:
    """Return the item if it fits in DynamoDB, else raise ``InvalidInputError`` for ``field``."""
    size = item_bytes(item)
    if size > MAX_ITEM_BYTES:
        raise InvalidInputError(field, f"must fit in a DynamoDB item of {MAX_ITEM_BYTES} bytes; it takes {size}")
    return item


def _plain(attribute: Attribute) -> Json:
    kind, value = next(iter(attribute.items()))
    if kind not in _PLAIN:
        raise TypeError(f"JSON has no form for DynamoDB's {kind}")
    return _PLAIN[kind](value)


def _number(value: str) -> int | float:
    try:
        return int(value)
    except ValueError:
        return float(value)


_PLAIN: dict[str, Callable[[Any], Json]] = {
    "S": str,
    "BOOL": bool,
    "NULL": lambda _: None,
    "N": _number,
    "M": lambda value: {name: _plain(item) for name, item in value.items()},
    "L": lambda value: [_plain(item) for item in value],
    "SS": sorted,
    "NS": lambda value: sorted(map(_number, value)),
}
