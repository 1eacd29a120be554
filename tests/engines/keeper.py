"""Run one engine for as long as its owner lives: ``python keeper.py ORDER.json``.

The keeper stands between the tests and an engine, in a session of its own, so that neither Ctrl-C, nor a crash of a
worker, nor SIGKILL of the whole test run leaves an engine behind. It uses the standard library only.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

STOP_SECONDS = 5


def main(order_file: str) -> int:
    order: dict[str, Any] = json.loads(Path(order_file).read_text())
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.set_wakeup_fd(write_end)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    with Path(order["log"]).open("ab") as log:
        engine = subprocess.Popen(
            order["command"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=order["env"],
            cwd=order["folder"],
            user=order["user"],
            group=order["group"],
            extra_groups=None if order["user"] is None else [],
            start_new_session=True,
        )
    # Written beside and moved, so that a reader never meets half a number.
    pid_file = Path(order["pid_file"])
    pid_file.with_suffix(".part").write_text(str(engine.pid))
    pid_file.with_suffix(".part").rename(pid_file)
    _wait(engine, read_end, owner=order["owner"])
    ended_by_itself = engine.poll() is not None
    _stop(engine, signal.Signals[order["stop_signal"]])
    pid_file.unlink(missing_ok=True)
    if order["delete_folder"] and not ended_by_itself:  # else its log says why
        shutil.rmtree(order["folder"], ignore_errors=True)
    _tidy(Path(order["folder"]).parent)
    return 0


def _tidy(session: Path) -> None:
    """Remove the folder of a session that has died and has no engine left: nobody else will."""
    with suppress(FileNotFoundError):
        if not _alive(int((session / "owner").read_text())) and not list(session.glob("*/pid")):
            shutil.rmtree(session, ignore_errors=True)


def _wait(engine: subprocess.Popen[bytes], read_end: int, *, owner: int) -> None:
    """Return when the engine has ended, the owner has died or somebody asks the keeper to stop."""
    poll = select.poll()
    poll.register(read_end, select.POLLIN)
    patience = 500
    if hasattr(os, "pidfd_open"):
        try:
            poll.register(os.pidfd_open(owner), select.POLLIN)
            patience = 5_000
        except ProcessLookupError:
            return
        except OSError:
            pass  # not every kernel and sandbox has it: ask twice a second instead
    while engine.poll() is None and _alive(owner):
        for descriptor, _ in poll.poll(patience):
            if descriptor != read_end:
                return
            if set(os.read(read_end, 512)) - {signal.SIGCHLD}:
                return


def _stop(engine: subprocess.Popen[bytes], stop_signal: signal.Signals) -> None:
    if engine.poll() is None:
        engine.send_signal(signal.SIGCONT)
        engine.send_signal(stop_signal)
        with suppress(subprocess.TimeoutExpired):
            engine.wait(STOP_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(engine.pid, signal.SIGKILL)
    engine.wait()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
