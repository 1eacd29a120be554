"""The functions on the local profile's file in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import variate

PRO = {"plan": "pro"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the process's own platform is on; a change of weights is in force at once."""
    for name in ("VARIATE_PROFILE", "VARIATE_ENVIRONMENTS", "ENVIRONMENT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VARIATE_HOME", str(tmp_path))
    monkeypatch.setenv("VARIATE_CHANGE_DELAY_SECONDS", "0")
    variate.default_platform().close()
    yield tmp_path
    variate.default_platform().close()


@pytest.fixture
def experiment() -> str:
    """The id of an active experiment of two variations, for those of plan pro."""
    variate.create_experiment(
        "Green button",
        "",
        [{"name": "control"}, {"name": "green", "value": {"colour": "#0f0"}}],
        experiment_id="green-button",
        audience={"attribute": "plan", "operator": "equals", "value": "pro"},
    )
    variate.update_experiment_status("green-button", "active")
    return "green-button"


@pytest.fixture
def flag() -> str:
    """The id of an active flag that is on for those of plan pro."""
    rule = {
        "name": "pros",
        "condition": {"attribute": "plan", "operator": "equals", "value": "pro"},
        "serve": "on",
    }
    variate.create_feature_flag("Dark mode", "", [rule], "active", flag_id="dark-mode", default="off")
    return "dark-mode"
