"""What an operator compares with, as it is typed, and back: exactly the same value, or a rule that is broken."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from variate.errors import InvalidInputError
from variate.model import Json
from variate.model.operators import Operator
from variate.model.timestamps import moment_key
from variate.rendering.text import is_fit
from variate.server.dashboard.typed_json import json_text, json_value

_MOMENT_TYPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")
_MOMENT_WHOLE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_WHOLE = re.compile(r"[-+]?[0-9]{1,400}")


class Shape(StrEnum):
    """What is typed for an operator."""

    NONE = "none"
    SCALAR = "scalar"
    LIST = "list"
    TEXT = "text"
    PATTERN = "pattern"
    NUMBER = "number"
    MOMENT = "moment"
    VERSION = "version"
    NETWORKS = "networks"


class Kind(StrEnum):
    """As what a typed value is taken where an operator compares with several kinds."""

    TEXT = "text"
    NUMBER = "number"
    TRUE = "true"
    FALSE = "false"
    NULL = "null"
    JSON = "json"


_CONSTANTS: dict[str, Json] = {Kind.TRUE: True, Kind.FALSE: False, Kind.NULL: None}

SHAPES: dict[Operator, Shape] = {
    Operator.EQUALS: Shape.SCALAR,
    Operator.NOT_EQUALS: Shape.SCALAR,
    Operator.INCLUDES: Shape.SCALAR,
    Operator.NOT_INCLUDES: Shape.SCALAR,
    Operator.IN: Shape.LIST,
    Operator.NOT_IN: Shape.LIST,
    Operator.INCLUDES_ANY: Shape.LIST,
    Operator.NOT_INCLUDES_ANY: Shape.LIST,
    Operator.CONTAINS: Shape.TEXT,
    Operator.NOT_CONTAINS: Shape.TEXT,
    Operator.STARTS_WITH: Shape.TEXT,
    Operator.ENDS_WITH: Shape.TEXT,
    Operator.MATCHES: Shape.PATTERN,
    Operator.NOT_MATCHES: Shape.PATTERN,
    Operator.GREATER_THAN: Shape.NUMBER,
    Operator.GREATER_THAN_OR_EQUALS: Shape.NUMBER,
    Operator.LESS_THAN: Shape.NUMBER,
    Operator.LESS_THAN_OR_EQUALS: Shape.NUMBER,
    Operator.BEFORE: Shape.MOMENT,
    Operator.AFTER: Shape.MOMENT,
    Operator.SEMVER_EQUALS: Shape.VERSION,
    Operator.SEMVER_NOT_EQUALS: Shape.VERSION,
    Operator.SEMVER_GREATER_THAN: Shape.VERSION,
    Operator.SEMVER_GREATER_THAN_OR_EQUALS: Shape.VERSION,
    Operator.SEMVER_LESS_THAN: Shape.VERSION,
    Operator.SEMVER_LESS_THAN_OR_EQUALS: Shape.VERSION,
    Operator.IN_CIDR: Shape.NETWORKS,
    Operator.NOT_IN_CIDR: Shape.NETWORKS,
}
"""Who is not here takes no value."""


class Typed(NamedTuple):
    """An operand as it is typed. ``listed`` says that one network alone is a list of one."""

    value: str = ""
    kind: str = Kind.TEXT
    listed: bool = False


EMPTY = Typed()


def shape_of(operator: str) -> Shape:
    """Return what is typed for an operator; for one that is none, a text."""
    try:
        return SHAPES.get(Operator(operator), Shape.NONE)
    except ValueError:
        return Shape.TEXT


def typed(operator: Operator, value: Json) -> Typed | None:
    """Return how the value is typed; None where no field can hold it as it is."""
    shape = SHAPES.get(operator, Shape.NONE)
    if shape is Shape.NONE:
        return Typed()
    if shape is Shape.LIST:
        return _typed_list(value)
    if shape is Shape.NETWORKS and isinstance(value, list):
        return Typed("\n".join(value), listed=True) if value else None
    if shape is Shape.SCALAR and (value is None or isinstance(value, bool)):
        return Typed("", next(kind for kind, constant in _CONSTANTS.items() if constant is value))
    if isinstance(value, str):
        return Typed(value) if value and is_line(value) else None
    return Typed(json.dumps(value), Kind.NUMBER)


def operand(operator: str, given: Typed) -> Json:
    """Return the value that was typed; raise ``InvalidInputError`` whose field is ``value`` or ``kind``.

    What the operator does not compare with is for the condition to refuse.
    """
    return _READERS.get(shape_of(operator), _text)(given)


def number(field: str, text: str) -> float:
    """Return the number, an int for one that is written whole; raise ``InvalidInputError`` for another text."""
    found: float
    try:
        found = int(text) if _WHOLE.fullmatch(text) else float(text)
    except ValueError:
        found = math.nan
    if isinstance(found, float) and not math.isfinite(found):
        said = f"must be a number such as 12.5, not {text!r}" if text else "must be given: a number such as 12.5"
        raise InvalidInputError(field, said)
    return found


def is_line(text: str) -> bool:
    """Whether a field of one line holds the text as it is."""
    return "\n" not in text and "\r" not in text and is_fit(text)


def is_trimmed_line(text: str) -> bool:
    """Whether a field of one line that drops blanks at its ends holds the text as it is."""
    return bool(text) and text == text.strip() and is_line(text)


def for_local(text: str) -> str | None:
    """Return the time as a field of the type ``datetime-local`` has it, in UTC; None where that cannot say it."""
    if not text:
        return ""
    whole = _moment(text)
    return whole.removesuffix("Z") if _MOMENT_WHOLE.fullmatch(whole) and moment_key(whole) is not None else None


def _typed_list(values: Sequence[Json]) -> Typed | None:
    if not values:
        return None
    if all(isinstance(each, str) and is_trimmed_line(each) for each in values):
        return Typed("\n".join(values))
    if all(type(each) in (int, float) for each in values):
        return Typed("\n".join(map(json.dumps, values)), Kind.NUMBER)
    return Typed("\n".join(json_text(each, indent=None) for each in values), Kind.JSON)


def _text(given: Typed) -> str:
    return _needed(given.value)


def _scalar(given: Typed) -> Json:
    if given.kind in _CONSTANTS:
        return _CONSTANTS[given.kind]
    if given.kind == Kind.NUMBER:
        return number("value", given.value.strip())
    if given.kind != Kind.TEXT:
        raise InvalidInputError("kind", "must be a text, a number, true, false or null")
    return _needed(given.value)


def _list(given: Typed) -> list[Json]:
    lines = _lines(given.value)
    if given.kind == Kind.TEXT:
        return [*lines]
    if given.kind not in (Kind.NUMBER, Kind.JSON):
        raise InvalidInputError("kind", "must be texts, numbers, or JSON")
    found = []
    for place, line in enumerate(lines, 1):
        try:
            found.append(number("value", line) if given.kind == Kind.NUMBER else json_value("value", line))
        except InvalidInputError as error:
            raise InvalidInputError("value", f"{error.rule} (value {place})") from None
    return found


def _networks(given: Typed) -> Json:
    lines = _lines(given.value)
    return lines if given.listed or len(lines) > 1 else lines[0]


def _lines(text: str) -> list[str]:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        raise InvalidInputError("value", "must be given: one value a line")
    return lines


def _moment(text: str) -> str:
    """Return the time; one that is typed without an offset is in UTC, as the label says."""
    whole = _MOMENT_TYPED.fullmatch(text)
    if whole is None:
        return _needed(text)
    return f"{text}Z" if whole[1] else f"{text}:00Z"


def _needed(text: str) -> str:
    if not text:
        raise InvalidInputError("value", "must be given")
    return text


_READERS: dict[Shape, Callable[[Typed], Json]] = {
    Shape.SCALAR: _scalar,
    Shape.LIST: _list,
    Shape.NUMBER: lambda given: number("value", given.value.strip()),
    Shape.MOMENT: lambda given: _moment(given.value.strip()),
    Shape.VERSION: lambda given: _needed(given.value.strip()),
    Shape.NETWORKS: _networks,
}
"""Any other is a text."""
