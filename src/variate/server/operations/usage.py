"""What this process takes of its machine, as Prometheus's own clients name it."""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

_STARTED = time.time()


def cpu_seconds() -> float:
    """Return the seconds of CPU that this process has spent."""
    times = os.times()
    return times.user + times.system


def usage() -> dict[str, float]:
    """Return the gauges: memory, open files and since when it runs."""
    found = {"process_start_time_seconds": _STARTED, "process_resident_memory_bytes": _resident_bytes()}
    descriptors = Path("/proc/self/fd")
    if descriptors.exists():
        found["process_open_fds"] = float(len(os.listdir(descriptors)))
    return found


def _resident_bytes() -> float:
    statm = Path("/proc/self/statm")
    if statm.exists():
        return float(int(statm.read_text().split()[1]) * resource.getpagesize())
    # Where there is no /proc, the most it ever had is what one can ask: in bytes on macOS, in KiB elsewhere.
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most if sys.platform == "darwin" else most * 1024)
