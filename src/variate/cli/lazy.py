"""A group of commands that imports a command's module only when it is asked for, and that ends errors in one line."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from variate.cli.failure import Failure, Stopped
from variate.errors import VariateError


class LazyGroup(click.Group):
    """``modules`` gives each command the module that has it, as ``command``, and its line in the help."""

    def __init__(self, *args: Any, modules: Mapping[str, tuple[str, str]], **named: Any) -> None:
        super().__init__(*args, **named)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click may pass it by its name
        """Return the names, in alphabetical order."""
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click may pass it by its name
        """Import and return the command, or None."""
        if cmd_name not in self.modules:
            return None
        command = importlib.import_module(self.modules[cmd_name][0]).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{self.modules[cmd_name][0]}.command is not a command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.modules[name][1]) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong by the user's or an engine's doing ends in one line, without a traceback."""
        try:
            return super().invoke(ctx)
        except VariateError as error:
            raise Failure(error) from error
        except KeyboardInterrupt as interrupt:
            raise Stopped from interrupt
