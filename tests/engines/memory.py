"""Where the temporary files of a test session are: in memory where there is room, for tests wait for disks else.

SQLite waits for the disk at every commit, and PostgreSQL copies a database for each test. No test here takes the power
away: what a process has written outlives the process in memory as it does on a disk.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_BYTES = 2 * 1024**3
"""A session's files take a few hundred megabytes; a machine with less than this left needs it otherwise."""


def keep_temporary_files_in_memory() -> None:
    """Have this process and those it starts make temporary files in memory, unless TMPDIR says where."""
    if "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK | os.X_OK) and _available() >= _BYTES:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None  # it is found once and then remembered


def _available() -> int:
    """Return how many bytes may be written there: a file system in memory does not know how much of it is left."""
    free = shutil.disk_usage(_MEMORY).free
    try:
        told = Path("/proc/meminfo").read_text()
    except FileNotFoundError:
        return free
    kilobytes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in told.splitlines())}
    return min(free, kilobytes["MemAvailable"] * 1024)
