"""A length of time on the command line: ``36h``, ``7d``."""

from __future__ import annotations

import re

import click

_HOURS = {"m": 1 / 60, "h": 1, "d": 24}


def hours(text: str) -> float | None:
    """Return the hours of ``36h`` (or m, d; ``1.5d`` too); the empty text takes away what there was."""
    if not text:
        return None
    length = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([mhd])", text)
    if length is None:
        raise click.BadParameter(f"{text!r} is no length of time such as 30m, 36h or 7d")
    return float(length[1]) * _HOURS[length[2]]
