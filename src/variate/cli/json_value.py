"""JSON on the command line."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Never

import click

from variate.model import Json


def json_value(text: str) -> Json:
    """Return the value of JSON text, or of the file that ``@FILE`` names."""
    try:
        given = Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
        return json.loads(given, parse_constant=_refused, parse_float=_finite)
    except OSError as error:
        raise click.BadParameter(f"cannot read {text[1:]!r}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"is not JSON: {error}") from error


def json_object(text: str) -> dict[str, Any]:
    """Return the dict of JSON text, or of the file that ``@FILE`` names."""
    value = json_value(text)
    if not isinstance(value, dict):
        raise click.BadParameter('must be a JSON object, such as {"country": "DE"}')
    return value


def named_json(text: str) -> tuple[str, Json]:
    """Return the name and the value of ``NAME=JSON``."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.BadParameter(f"{text!r} is not NAME=JSON, such as on=true or red='\"#f00\"'")
    try:
        return name, json_value(value)
    except click.BadParameter as error:
        raise click.BadParameter(f"the value of {name!r} {error.message}; text needs its quotes: '\"...\"'") from error


def _refused(number: str) -> Never:
    raise click.BadParameter(f"must not contain {number}: it is no finite number")


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refused(number)
