"""What the README and the tutorial show of the service works as a beginner types it, from an empty folder on."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.waiting import free_port

_ROOT = Path(__file__).resolve().parents[2]
_SHOWN = re.compile(r"```(shell|json|python)\n(.*?)```", re.DOTALL)


def _ran(code: str, folder: Path) -> str:
    """Return what a shell prints of the code, with ``variate`` on its path and a port of the test's own."""
    (folder / "bin").mkdir()
    variate = folder / "bin" / "variate"
    variate.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m variate.cli "$@"\n')
    variate.chmod(0o755)
    port = str(free_port())
    done = subprocess.run(
        # With -m the service is a job, as in a shell that somebody types in.
        ["bash", "-emuc", "trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n" + code.replace(":8080", f":{port}")],
        cwd=folder,
        env={**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}", "VARIATE_PORT": port},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_the_tutorial_runs_from_top_to_bottom(tmp_path: Path) -> None:
    blocks = _SHOWN.findall((_ROOT / "docs" / "tutorial" / "serve-your-first-flag.md").read_text())
    (shown,) = (json.loads(text) for kind, text in blocks if kind == "json")
    python = f"{shlex.quote(sys.executable)} -W error - <<'PYTHON'\n%s\nPYTHON\n"
    said = _ran(
        "\n".join(python % text if kind == "python" else text for kind, text in blocks if kind != "json"), tmp_path
    )
    assert json.dumps(shown, separators=(",", ":")) in said
    assert '"reason":"DISABLED"' in said
    assert '"accepted":2' in said
    assert "No unit has come in yet" not in said


@pytest.mark.slow
def test_what_the_readme_says_of_the_service_works(tmp_path: Path) -> None:
    section = (_ROOT / "README.md").read_text().partition("\n## Ask it over HTTP\n")[2].partition("\n## ")[0]
    ((_, code), (_, shown)) = _SHOWN.findall(section)
    assert json.dumps(json.loads(shown), separators=(",", ":")) in _ran(code, tmp_path)
