"""The command line in this process, on the local profile's file in a folder of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.acceptance.command import Outcome
from variate.cli import main


@dataclass(frozen=True, slots=True)
class InProcess:
    """Runs commands without a process of their own, which takes longer than most of them."""

    def __call__(self, *arguments: str | Path) -> Outcome:
        """Run the command to its end."""
        done = CliRunner().invoke(main, [*map(str, arguments)], prog_name="variate")
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


@pytest.fixture
def variate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """The command line over a folder of its own. A change of weights is in force at once."""
    for name, value in {
        "VARIATE_HOME": str(tmp_path / "home"),
        "VARIATE_ACTOR": "tester",
        "VARIATE_CHANGE_DELAY_SECONDS": "0",
        "COLUMNS": "80",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("VARIATE_PROFILE", "VARIATE_ENVIRONMENTS", "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    return InProcess()


@pytest.fixture
def experiment(variate: InProcess) -> str:
    """The id of an active experiment of control and green, for those of plan pro."""
    audience = '{"attribute": "plan", "operator": "equals", "value": "pro"}'
    arguments = ("--variation", "control", "--variation", "green", "--id", "green-button", "--audience", audience)
    variate.ok("experiments", "create", "Green button", *arguments)
    variate.ok("experiments", "status", "green-button", "active")
    return "green-button"


@pytest.fixture
def flag(variate: InProcess) -> str:
    """The id of an active flag that is on for those of plan pro."""
    rule = '{"name": "pros", "condition": {"attribute": "plan", "operator": "equals", "value": "pro"}, "serve": "on"}'
    options = ("--id", "dark-mode", "--rule", rule, "--default", "off", "--status", "active")
    variate.ok("flags", "create", "Dark mode", *options)
    return "dark-mode"


@pytest.fixture(autouse=True)
def _loggers_as_they_were() -> Iterator[None]:
    """A command quiets the clients' logger for its process; here that is the process of other tests, too."""
    logger = logging.getLogger("variate.clients")
    level = logger.level
    yield
    logger.setLevel(level)
