"""Python processes of their own, for what only a new process can show: import time and peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

_REPORT = """
import json, resource, sys
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"seconds": seconds, "megabytes": peak / 1e6}))
"""


def in_a_child(code: str, *arguments: str) -> tuple[float, float]:
    """Run ``code``, which sets ``seconds``, as ``python -c``; return the seconds and the peak memory in megabytes.

    The shell between forks the child: at exec, Linux counts the memory of the image that was there before into the
    ``ru_maxrss`` of the new one, and ours is large.
    """
    command = ["sh", "-c", '"$@"; exit $?', "sh", sys.executable, "-c", code + _REPORT, *arguments]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(answer.stdout)
    return found["seconds"], found["megabytes"]
