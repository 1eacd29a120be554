"""A service in a process on the first core, and wrk, which asks it, on the second."""

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

from benchmarks.engines import MissingEngineError

CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Served:
    """A service that answers at a port of the loopback."""

    port: int
    pid: int

    def memory_megabytes(self) -> float:
        """Return what of it is in memory (RSS); raise ``MissingEngineError`` where the system does not say."""
        found = re.search(r"VmRSS:\s+(\d+) kB", self._told("status"))
        return int(found[1]) * 1024 / 1e6 if found else 0.0

    def processor_seconds(self) -> float:
        """Return for how long a core has worked for it so far, its system calls included."""
        user, system = self._told("stat").rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def processor_milliseconds(self) -> float:
        """Return the same, finer, of the threads that there are."""
        tasks = list(Path(f"/proc/{self.pid}/task").glob("*"))
        if not tasks:
            return self.processor_seconds() * 1_000
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e6

    def _told(self, name: str) -> str:
        try:
            return Path(f"/proc/{self.pid}/{name}").read_text()
        except FileNotFoundError as error:
            raise MissingEngineError("what a process takes is read from /proc, which is not here") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run of wrk saw, and what an answer took of the core: that, what else the machine does leaves alone.

    ``core_share`` is how much of its core the service took. Where that is far from all of it, something else ran on
    this core or on wrk's, and ``per_second`` says how often wrk came to ask.
    """

    per_second: float
    p99_milliseconds: float
    processor_microseconds: float
    core_share: float


@contextmanager
def served(name: str, folder: Path) -> Iterator[Served]:
    """Serve the application of this name until the block ends."""
    command = [sys.executable, "-m", "benchmarks.served", name, str(folder), cores()[0]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Served(port=int(process.stdout.readline()), pid=process.pid)
        finally:
            process.stdin.close()
            process.wait(timeout=30)


def asked(service: Served, script: Path, *, seconds: int) -> Run:
    """Ask as fast as it answers; raise ``RuntimeError`` where an answer is not 2xx."""
    wrk = shutil.which("wrk")
    if wrk is None:
        raise MissingEngineError("wrk is not on this machine: apt-get install wrk")
    core = cores()[1]
    pinned = ["taskset", "-c", core] if core and shutil.which("taskset") else []
    before = service.processor_seconds()
    done = subprocess.run(
        [
            *pinned,
            wrk,
            "--threads=1",
            f"--connections={CONNECTIONS}",
            f"--duration={seconds}s",
            "--latency",
            f"--script={script}",
            f"http://127.0.0.1:{service.port}",
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    if "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        raise RuntimeError(f"not every request was answered:\n{done.stdout}")
    took = service.processor_seconds() - before
    answers = re.search(r"(\d+) requests in", done.stdout)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    late = re.search(r"99%\s+([\d.]+)(us|ms|s)", done.stdout)
    if rate is None or late is None or answers is None:
        raise RuntimeError(f"wrk said what is not understood:\n{done.stdout}")
    unit = {"us": 1e-3, "ms": 1.0, "s": 1e3}[late[2]]
    return Run(
        per_second=float(rate[1]),
        p99_milliseconds=float(late[1]) * unit,
        processor_microseconds=took / int(answers[1]) * 1e6,
        core_share=took / seconds,
    )


def cores() -> tuple[str, str]:
    """Return the core for the service and the one for who asks; of a machine with one core, or no choice, none."""
    found = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return (str(found[0]), str(found[1])) if len(found) > 1 else ("", "")
