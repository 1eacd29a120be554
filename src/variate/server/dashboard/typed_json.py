"""JSON as it stands in a field, and as it is typed there."""

from __future__ import annotations

import json
from typing import NoReturn

from variate.errors import InvalidInputError
from variate.model import Json
from variate.rendering.text import is_fit


def json_text(value: Json, *, indent: int | None = 1) -> str:
    """Return the value as JSON that a text area holds as it is."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(each if is_fit(each) else json.dumps(each)[1:-1] if each != "\x7f" else "\\u007f" for each in text)


def json_value(field: str, text: str) -> Json:
    """Return what the JSON says; raise ``InvalidInputError`` saying where it is none."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InvalidInputError(field, f"must be JSON: {error.msg.lower()} at {place}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(field, f"must be JSON: {error}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"there is no {name} in it")
