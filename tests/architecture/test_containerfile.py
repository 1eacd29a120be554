"""The image, as far as it can be looked at without building it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.running import Running, running
from variate.platform import Platform
from variate.settings import Settings

PROJECT = Path(__file__).parents[2]


def instructions() -> list[tuple[str, str]]:
    """Return each instruction and what it says, lines that go on put together."""
    text = re.sub(r"\\\n", " ", (PROJECT / "Containerfile").read_text())
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in lines]


def said(name: str) -> list[str]:
    return [what for instruction, what in instructions() if instruction == name]


def exec_form(what: str) -> list[str]:
    """Return the command that is run without a shell, so that signals reach it."""
    command: list[str] = json.loads(what[what.index("[") :])
    return command


def test_it_is_made_in_stages_and_runs_as_no_root() -> None:
    assert len(said("FROM")) == 2
    assert [re.fullmatch(r"[1-9]\d+:[1-9]\d+", user) is not None for user in said("USER")] == [True]


def test_it_serves_to_every_address_and_is_told_to_stop_as_the_service_heeds() -> None:
    assert exec_form(said("ENTRYPOINT")[0]) + exec_form(said("CMD")[0]) == ["variate", "serve"]
    assert said("STOPSIGNAL") == ["SIGTERM"]
    assert any("VARIATE_HOST=0.0.0.0" in each for each in said("ENV"))


def test_what_it_is_made_from_is_there_and_not_ignored() -> None:
    wanted = [part for what in said("COPY") if not what.startswith("--from") for part in what.split()[:-1]]
    kept = {line[1:] for line in (PROJECT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    assert [part for part in wanted if not (PROJECT / part).exists()] == []
    assert set(wanted) == kept


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Running]:
    """A running service to look at the health of."""
    with Platform.open(Settings(home=tmp_path)) as platform, running(platform) as served:
        yield served


def test_its_health_is_asked_by_python_which_is_there(service: Running) -> None:
    command = exec_form(said("HEALTHCHECK")[0])
    assert command[0] == "python"
    port = service.url.rpartition(":")[2]

    def asked(at: str) -> int:
        done = subprocess.run(
            [sys.executable, *command[1:]], env={"VARIATE_PORT": at}, capture_output=True, timeout=30, check=False
        )
        return done.returncode

    assert asked(port) == 0
    assert asked("1") != 0
