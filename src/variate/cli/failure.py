"""How a command ends when it cannot do what it was asked."""

from __future__ import annotations

from typing import IO, Any

import click

from variate.cli.text import shown
from variate.errors import (
    ConfigurationError,
    DecryptionError,
    NotFoundError,
    StoreError,
    StoreUnavailableError,
    VariateError,
)

_ADVICE: tuple[tuple[type[VariateError], str], ...] = (
    (NotFoundError, "see what there is with the command's list"),
    (ConfigurationError, "variate doctor shows what is configured"),
    (DecryptionError, "see that VARIATE_KMS_KEY_ID, or the key file under VARIATE_HOME, is the one it was sealed with"),
    (StoreUnavailableError, "see that the engine runs, then try again; variate doctor shows what is reachable"),
    (StoreError, "variate doctor shows the state of every engine"),
)
"""What to do, where the error does not say so itself, as a wrong value and a conflict do."""


class Failure(click.ClickException):
    """An error of variate's, in one line with what to do about it; the exit code is 2."""

    exit_code = 2

    def __init__(self, error: VariateError) -> None:
        advice = next((text for kind, text in _ADVICE if isinstance(error, kind)), None)
        message = " ".join(str(error).split())
        super().__init__(shown(message if advice is None else f"{message} ({advice})"))

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to standard error."""
        click.echo(f"error: {self.message}", file=file, err=file is None)


class Stopped(click.ClickException):
    """The user pressed Ctrl-C; the exit code is the shell's 130."""

    exit_code = 130

    def __init__(self, message: str = "stopped") -> None:
        super().__init__(message)

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to standard error."""
        click.echo(self.message, file=file, err=file is None)
