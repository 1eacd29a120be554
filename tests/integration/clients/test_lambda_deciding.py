"""A Lambda handler that assigns, in a process that is really frozen between its invocations."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from variate import Platform, Settings

AB = [{"name": "a"}, {"name": "b"}]


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """What everybody else sees, with an experiment that runs."""
    with Platform.open(Settings(home=tmp_path, change_delay_seconds=0)) as opened:
        opened.create_experiment("Prices", variations=AB, experiment_id="e")
        opened.update_experiment_status("e", "active")
        yield opened


@pytest.fixture
def function(platform: Platform) -> Iterator[subprocess.Popen[str]]:
    """The process that is frozen."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.integration.clients.lambda_deciding"],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "VARIATE_HOME": str(platform.settings.home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def invoke(process: subprocess.Popen[str], user: str) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"user": user, "experiment": "e"}) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def test_what_was_assigned_is_there_for_everybody_while_the_process_is_frozen(
    platform: Platform, function: subprocess.Popen[str]
) -> None:
    given = invoke(function, "u")["variation"]
    os.kill(function.pid, signal.SIGSTOP)
    kept = platform.get_user_assignment("u", "e")
    assert kept is not None
    assert kept.variation == given
    others = [{"name": name, "weight": int(name != given)} for name in "ab"]
    platform.update_experiment("e", variations=others)
    assert platform.assign("u", "e").variation == given
