"""A moment on the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

from variate.errors import InvalidInputError
from variate.model import parse_instant

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment(text: str) -> datetime:
    """Return the moment: ``10m`` (or s, h, d) for that long ago, or an ISO 8601 time with an offset."""
    try:
        if ago := re.fullmatch(r"([0-9]{1,9})([smhd])", text):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        return parse_instant("time", text)
    except InvalidInputError as error:
        raise click.BadParameter(f"{error.rule}; or 10m, 2h, 7d for that long ago") from error
    except OverflowError as error:
        raise click.BadParameter(f"{text!r} is before the calendar begins") from error
