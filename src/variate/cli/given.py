"""Options that stand for what a definition has: only those that were given change anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click
from click.core import ParameterSource

F = TypeVar("F", bound=Callable[..., Any])


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the command's options that were given on the command line."""
    context = click.get_current_context()
    return {
        name: value
        for name, value in options.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def with_options(options: Sequence[Callable[[F], F]], command: F) -> F:
    """Return the command with these options, in this order in its help."""
    for option in reversed(options):
        command = option(command)
    return command


def text_or_none(text: str) -> str | None:
    """Return the text; the empty one takes away what there was."""
    return text or None


def without_blanks(_context: click.Context, _option: click.Parameter, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a repeated option was given; the empty text alone takes away what there was."""
    return tuple(value for value in values if value)


def number(text: str) -> float:
    """Return the number, whole where it is written so."""
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a number") from error
