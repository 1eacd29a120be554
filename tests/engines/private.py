"""An engine of one test's own, that keeps its data: to hang, to kill, and to start again where it was."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.engines.process import Command, EngineProcess, start


class PrivateEngine:
    """Runs ``command`` until it is stopped; its port and what it wrote to disk outlive that.

    ``folder`` is for its process; what it is to keep stands elsewhere, or in there under another name than the log's.
    """

    def __init__(self, name: str, command: Command, *, folder: Path, ready: Callable[[], bool]) -> None:
        self.name = name
        self._command = command
        self._folder = folder
        self._ready = ready
        self._process: EngineProcess | None = None
        self.start()

    def start(self) -> None:
        """Start it; return when it answers."""
        if self._process is None:
            self._process = start(
                self.name, self._command, folder=self._folder, owner=os.getpid(), ready=self._ready, keep_folder=True
            )

    def stop(self) -> None:
        """Stop it in good order."""
        if self._process is not None:
            self.resume()
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End it with SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process = None

    def pause(self) -> None:
        """Let it hang with all its processes: clients stay connected, and wait."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        # The first of all, so that it makes no others meanwhile.
        for pid in (self._process.pid, *_children(self._process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def _children(parent: int) -> list[int]:
    found = []
    for each in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = each.read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent:
                found.append(int(each.parent.name))
    return found
