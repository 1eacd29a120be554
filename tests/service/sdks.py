"""OpenFeature's SDKs for Node, as they come from npm."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.engines.missing import miss

_PROJECT = Path(__file__).resolve().parents[2]
_SCRIPTS = Path(__file__).parent / "node"


def node(package: str) -> str:
    """Return the path of Node; skip, or fail in CI, where it or the package of this name is missing."""
    found = shutil.which("node")
    if found is None:
        miss("node", remedy="install Node.js 20 or later")
    if not (_PROJECT / "node_modules" / package).is_dir():
        miss(package, remedy="make test installs it by npm")
    return found


def server_sdk(url: str, asked: Sequence[tuple[str, str, Any, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return what the server SDK tells of each (type, key, default, context)."""
    command = [node("@openfeature/ofrep-provider"), str(_SCRIPTS / "server.mjs"), url, "secret-evaluate"]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


@contextmanager
def web_sdk(url: str) -> Iterator[Iterator[dict[str, Any]]]:
    """Yield the steps of ``web.mjs``, each when it is done."""
    command = [node("@openfeature/ofrep-web-provider"), str(_SCRIPTS / "web.mjs"), url, "secret-evaluate"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield (json.loads(line) for line in process.stdout)
        finally:
            process.kill()
