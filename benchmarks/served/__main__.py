"""``python -m benchmarks.served APPLICATION FOLDER CORE``: serve one until standard input ends; print its port first."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn


@contextmanager
def _ours(folder: Path) -> Iterator[Any]:
    from benchmarks.served.ours import ours  # each application imports its own only

    with ours(folder) as application:
        yield application


@contextmanager
def _bare(folder: Path) -> Iterator[Any]:
    from benchmarks.served.bare import bare

    bulk = folder / "bulk.json"
    yield bare(bulk.read_bytes() if bulk.exists() else b"")


@contextmanager
def _framework(_folder: Path) -> Iterator[Any]:
    from benchmarks.served.framework import framework

    yield framework()


_APPLICATIONS = {"ours": _ours, "bare": _bare, "framework": _framework}


def main(name: str, folder: str, core: str) -> None:
    """Serve it on this core."""
    if core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    with _APPLICATIONS[name](Path(folder)) as application, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)  # who is told the port may ask at once
        server = uvicorn.Server(
            uvicorn.Config(application, loop="uvloop", http="httptools", log_config=None, access_log=False)
        )

        def end() -> None:
            sys.stdin.read()
            server.should_exit = True

        import gc; os.environ.get("FREEZE") and (gc.collect(), gc.freeze())
        threading.Thread(target=end, daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        server.run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
