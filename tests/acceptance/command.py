"""Runs ``variate`` as a user would, in a process of its own, on a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
