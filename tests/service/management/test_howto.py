"""The commands of the page about managing over HTTP, as somebody would type them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.running import running
from variate.platform import Platform
from variate.settings import Settings

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "manage-over-http.md"


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page's commands need curl")
def test_the_commands_of_the_page_work_from_top_to_bottom(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    commands = re.findall(r"```shell\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(commands) > 5
    with Platform.open(Settings(home=home)) as platform, running(platform, keyring=platform.keyring) as served:
        script = "\n".join(commands).replace("http://127.0.0.1:8080", served.url)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f'variate() {{ "{sys.executable}" -m variate.cli "$@"; }}\n{script}'],
            cwd=tmp_path,
            env={**os.environ, "VARIATE_HOME": str(home), "ENVIRONMENT": "dev"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        experiment = platform.get_experiment("checkout-button")
        assert experiment is not None
        assert (experiment.design.traffic, experiment.revision) == (80, 5)
        assert experiment.conclusion is not None
        assert (experiment.conclusion.decision, experiment.conclusion.variation) == ("ship", "treatment")
    assert "must be" in done.stdout
    assert json.loads((tmp_path / "report.json").read_text())["experiment_id"] == "checkout-button"
    assert "<html" in (tmp_path / "report.html").read_text()
