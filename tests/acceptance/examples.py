"""Runs Python in a process of its own, forked from one that has imported what takes long: that takes half a second.

Every warning is an error there, of the imports too.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
import traceback
from pathlib import Path

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(["tests.acceptance.imported"])


def errors_of(code: str, *, folder: Path) -> str | None:
    """Run the code in the folder; return what it wrote to standard error if it failed, None if it did not."""
    said = folder / "stderr"
    said.touch()
    process = _FORKING.Process(target=_run, args=(code, str(folder), str(said)))
    process.start()
    process.join(timeout=60)
    if process.exitcode is None:
        process.kill()
        process.join()
    return None if process.exitcode == 0 else said.read_text() or f"it ended with {process.exitcode}"


def _run(code: str, folder: str, said: str) -> None:
    os.chdir(folder)
    with Path(said).open("wb") as file, Path(os.devnull).open("wb") as nothing:
        os.dup2(file.fileno(), 2)
        os.dup2(nothing.fileno(), 1)
    try:
        exec(compile(code, "<examples>", "exec"), {"__name__": "__main__"})
    except BaseException:  # noqa: BLE001 - whatever it is, it is what is told
        traceback.print_exc()
        sys.exit(1)
    finally:
        atexit._run_exitfuncs()  # as at the end of a process that was not forked
