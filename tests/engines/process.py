"""One engine's process: started behind a keeper, awaited, paused, killed, stopped; always by its pid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.engines.waiting import wait_until

_KEEPER = Path(__file__).with_name("keeper.py")


class EngineFailedError(RuntimeError):
    """The engine ended or did not become ready; the message holds the end of its log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How to run an engine. ``user`` is a uid and gid to run as, None for the present ones."""

    arguments: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    user: tuple[int, int] | None = None
    stop_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineProcess:
    """A running engine: its pid, its keeper's pid and its folder."""

    pid: int
    keeper: int
    folder: Path

    def pause(self) -> None:
        """Stop it in its tracks, as a hung server: connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused engine go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End it with SIGKILL and return when it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        self._await_end()

    def ask_to_stop(self) -> None:
        """Have it end in good order; return at once."""
        if alive(self.keeper):
            os.kill(self.keeper, signal.SIGTERM)

    def stop(self) -> None:
        """End it in good order and return when it is gone."""
        self.ask_to_stop()
        self._await_end()

    def _await_end(self) -> None:
        wait_until(lambda: not alive(self.keeper), seconds=15, what=f"the end of engine {self.pid}")


def start(
    name: str,
    command: Command,
    *,
    folder: Path,
    owner: int,
    ready: Callable[[], bool],
    keep_folder: bool = False,
    seconds: float = 30.0,
) -> EngineProcess:
    """Start an engine that lives until it is stopped or process ``owner`` ends; return when ``ready()`` is true."""
    order_file, log, pid_file = folder / "order.json", folder / "log", folder / "pid"
    user, group = command.user or (None, None)
    order_file.write_text(
        json.dumps(
            {
                "command": list(command.arguments),
                "env": {**os.environ, **command.environ},
                "folder": str(folder),
                "log": str(log),
                "pid_file": str(pid_file),
                "owner": owner,
                "user": user,
                "group": group,
                "stop_signal": command.stop_signal.name,
                "delete_folder": not keep_folder,
            }
        )
    )
    # In two steps, so that the keeper is nobody's child here: nothing has to reap it, whichever worker started it.
    starter = (
        "import subprocess, sys; "
        "print(subprocess.Popen([sys.executable, '-I', *sys.argv[1:]], start_new_session=True, "
        "stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(sys.argv[2] + '.keeper', 'wb')).pid)"
    )
    answer = subprocess.run(
        [sys.executable, "-I", "-c", starter, str(_KEEPER), str(order_file)],
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )
    keeper = int(answer.stdout)

    def is_ready() -> bool:
        if not alive(keeper):
            raise EngineFailedError(f"{name} ended at once:\n{_end_of(log)}{_end_of(Path(f'{order_file}.keeper'))}")
        return pid_file.exists() and ready()

    try:
        wait_until(is_ready, seconds=seconds, what=f"{name} to be ready")
    except TimeoutError as error:
        text = _end_of(log)
        os.kill(keeper, signal.SIGTERM)
        raise EngineFailedError(f"{error}\n{text}") from error
    return EngineProcess(pid=int(pid_file.read_text()), keeper=keeper, folder=folder)


def alive(pid: int) -> bool:
    """Whether a process of this pid runs; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        # Either it has just ended, or there is no /proc here, where the signal above is all one can ask.
        return not Path("/proc/self/stat").exists()


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-2_000:] if log.exists() else ""
