"""Runs ``variate`` on a folder of its own: as a user would, in a process of its own, or in this process."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from variate.cli import main

COMMAND = (sys.executable, "-m", "variate.cli")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, read as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Variate:
    """The command line over the local profile's file in ``home``."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, but for variate's settings."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("VARIATE_")}
        source = str(Path(__file__).parents[2] / "src")
        return kept | {"VARIATE_HOME": str(self.home), "VARIATE_ACTOR": "tester", "PYTHONPATH": source}

    def __call__(self, *arguments: str | Path, **environment: str) -> Outcome:
        """Run the command to its end."""
        done = subprocess.run(
            [*COMMAND, *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=self.environment | environment,
            timeout=120,
            check=False,
        )
        return Outcome(code=done.returncode, out=done.stdout, err=done.stderr)

    def ok(self, *arguments: str | Path) -> Outcome:
        """Run the command, which is to succeed."""
        outcome = self(*arguments)
        assert outcome.code == 0, outcome.err
        return outcome

    def started(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start the command and leave it running, its output piped."""
        return subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self.environment,
        )


@dataclass(frozen=True, slots=True)
class InProcess:
    """Runs commands without a process of their own, which takes longer than most of them."""

    settings: Mapping[str, str] = field(default_factory=dict)
    """What is set for them beside this process's environment."""

    def __call__(self, *arguments: str | Path, **environment: str) -> Outcome:
        """Run the command to its end."""
        # A command quiets the clients' logger for its process; this is the process of other tests, too.
        clients = logging.getLogger("variate.clients")
        level = clients.level
        try:
            done = CliRunner().invoke(
                main, [*map(str, arguments)], env={**self.settings, **environment}, prog_name="variate"
            )
        finally:
            clients.setLevel(level)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Outcome(code=done.exit_code, out=done.stdout, err=done.stderr)

    def ok(self, *arguments: str | Path) -> Outcome:
        """Run the command, which is to succeed."""
        outcome = self(*arguments)
        assert outcome.code == 0, outcome.err
        return outcome

    def mistake(self, *arguments: str | Path) -> str:
        """Run the command, which is to end with code 2 and nothing but words, and return those."""
        outcome = self(*arguments)
        assert (outcome.code, outcome.out) == (2, "")
        assert "Traceback" not in outcome.err
        return outcome.err
