"""A JSON value on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import click

from variate.model import Json


def json_value(text: str) -> Json:
    """Return the value of JSON text, or of the file that ``@FILE`` names."""
    try:
        return json.loads(Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text)
    except OSError as error:
        raise click.BadParameter(f"cannot read {text[1:]!r}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"is not JSON: {error}") from error
