"""``variate serve`` as it is run: in processes of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from variate.testing.waiting import wait_until

SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass
class Serving:
    """The parent process, and what it has printed."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it answers, once it says so."""
        wait_until(lambda: bool(self.said) or self.process.poll() is not None, seconds=60, what="the address")
        assert self.said, self.logged
        found = re.search(r"http://\S+", self.said[0])
        assert found is not None
        return found[0]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to stop; return at once."""
        self.process.send_signal(number)

    def ended(self, seconds: float = 60) -> int:
        """Return the exit status once it has ended."""
        return self.process.wait(seconds)


def environment(home: Path, **settings: str) -> dict[str, str]:
    """Return this process's environment with only these settings of variate's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VARIATE_", "OTEL_"))}
    return {**kept, "VARIATE_HOME": str(home), "VARIATE_PORT": "0", "PYTHONPATH": str(SOURCE), **settings}


@contextmanager
def serving(home: Path, *arguments: str, **settings: str) -> Iterator[Serving]:
    """Run ``variate serve`` on a free port until the block ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "variate.cli", "serve", *arguments],
        env=environment(home, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        running = Serving(process)
        readers = [
            threading.Thread(target=_read, args=(stream, lines), daemon=True)
            for stream, lines in ((process.stdout, running.said), (process.stderr, running.logged))
        ]
        for reader in readers:
            reader.start()
        try:
            yield running
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
            for reader in readers:
                reader.join(10)


def _read(stream: Iterator[str] | None, lines: list[str]) -> None:
    for line in stream or ():
        lines.append(line.rstrip("\n"))  # noqa: PERF401 - each is to be seen as soon as it comes
