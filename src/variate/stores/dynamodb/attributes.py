"""Values as DynamoDB attributes, and back.

Documents are kept as JSON text: a DynamoDB number has 38 digits, no 1e300, and gives 2.0 back as 2. What the guide's
own code wrote (maps, whole seconds, milliseconds) is read as well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias, TypeVar

from variate.errors import InvalidInputError, StoreError
from variate.model import Document, Json, format_instant, parse_instant

Attribute: TypeAlias = dict[str, Any]
"""A value as the low-level client has it, such as ``{"S": "text"}``."""
Item: TypeAlias = dict[str, Attribute]

MAX_ITEM_BYTES = 409_600

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND_CHARACTERS = len("2026-01-31T09:30:00.000")


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
    return {"N": str(seconds) if not fraction else f"{Decimal(seconds) + Decimal(fraction).scaleb(-6):f}"}


def read_epoch(attribute: Attribute) -> datetime:
    """Return the moment of epoch seconds, whole or not."""
    return moment_of(int(Decimal(attribute["N"]) * 1_000_000))


def read_instant(attribute: Attribute) -> datetime:
    """Return the moment of ISO text, ours or the guide's."""
    return parse_instant("timestamp", attribute["S"])


def millisecond(attribute: Attribute) -> str:
    """Return ISO text up to the millisecond: as far as ours and the guide's (``.000Z``) sort alike."""
    value: str = attribute["S"]
    return value[:_MILLISECOND_CHARACTERS]


def end_of_millisecond(moment: datetime) -> Attribute:
    """Return text that no ISO text of the moment's millisecond, ours or the guide's, sorts after."""
    return {"S": format_instant(moment)[:_MILLISECOND_CHARACTERS] + "Z"}


def read_document(attribute: Attribute, *, field: str) -> Document:
    """Return the document that the guide's own code wrote as a map, list or scalar."""
    return Document.of(_plain(attribute), field=field)


def reading(read: Callable[[Item], T], item: Item, *, table: str) -> T:
    """Return ``read(item)``; raise ``StoreError`` naming the item where that is not what is written there."""
    try:
        return read(item)
    except (InvalidInputError, KeyError, TypeError, ValueError, OverflowError, InvalidOperation) as error:
        raise StoreError(f"the item {item.get('id')} of {table} is not what variate writes there: {error!r}") from error


def item_bytes(item: Mapping[str, Attribute]) -> int:
    """Return at least the bytes DynamoDB counts for an item of texts and numbers."""
    return sum(len(name) + len(next(iter(attribute.values())).encode()) + 3 for name, attribute in item.items())


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
