"""The service of the benchmarks, started and stopped, and what wrk does to it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from benchmarks.engines import MissingEngineError
from benchmarks.served.workload import SECRET

_found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
CORES = _found[:2] if len(_found) > 1 else []
"""The core for the service and the one for wrk; none where there is no choice."""

# Users come back in no order, as those of the other benchmarks; ids are each one's own.
_SCRIPT = """
local number = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {secret}"
request = function()
  local events = {{}}
  for place = 1, {size} do
    number = number + 1
    local user = (number * 7919) % 100003
    events[place] = string.format(
      '{{"id":"{run}-%d","user_id":"user-%d","event_type":"purchase","experiment_id":"checkout-button",' ..
      '"data":{{"value":%d,"page":"/checkout","items":%d}}}}', number, user, number % 1000, number % 7)
  end
  return wrk.format(nil, "/v1/events", nil, '{{"events":[' .. table.concat(events, ",") .. ']}}')
end
"""


@dataclass(frozen=True, slots=True)
class Served:
    """Intake that answers at a port of the loopback."""

    port: int
    pid: int

    def megabytes(self) -> float:
        """Return what of it is in memory (RSS); raise ``MissingEngineError`` where the system does not say."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            raise MissingEngineError("memory of another process is read from /proc, which is not here")
        found = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
        return int(found[1]) * 1024 / 1e6 if found else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What one run of wrk saw: durable events a second, and how long the slowest of a hundred requests took."""

    events_per_second: float
    p99_milliseconds: float


@contextmanager
def served(folder: Path, database_url: str | None = None) -> Iterator[Served]:
    """Serve intake until the block ends."""
    command = [sys.executable, "-m", "benchmarks.intake", str(folder), *([database_url] if database_url else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Served(int(process.stdout.readline()), process.pid)
        finally:
            process.stdin.close()
            process.wait(timeout=60)


def send(service: Served, folder: Path, *, size: int, connections: int, seconds: int) -> Sent:
    """Send requests of ``size`` new events each as fast as they are acknowledged; raise where one is not."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise MissingEngineError("wrk is not on this machine: apt-get install wrk")
    script = folder / "events.lua"
    script.write_text(_SCRIPT.format(secret=SECRET, size=size, run=uuid4().hex))
    pinned = ["taskset", "-c", str(CORES[1])] if CORES and shutil.which("taskset") else []
    load = ["--threads=1", f"--connections={connections}", f"--duration={seconds}s", "--timeout=20s", "--latency"]
    command = [*pinned, wrk, *load, f"--script={script}", f"http://127.0.0.1:{service.port}"]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    late = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    if rate is None or late is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"not every request was acknowledged:\n{said}")
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}[late[2]]
    return Sent(events_per_second=float(rate[1]) * size, p99_milliseconds=float(late[1]) * unit)
