"""The command line in this process, on the local profile's file in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.command import InProcess


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
