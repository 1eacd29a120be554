"""``python -m benchmarks.served APPLICATION FOLDER CORE``: serve one until standard input ends."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn


@contextmanager
def _bare(folder: Path) -> Iterator[Any]:
    bulk = folder / "bulk.json"
    yield import_module("benchmarks.served.bare").bare(bulk.read_bytes() if bulk.exists() else b"")


@contextmanager
def _framework(_folder: Path) -> Iterator[Any]:
    yield import_module("benchmarks.served.framework").framework()


# Each imports its own only, so that its memory is its own.
_APPLICATIONS: dict[str, Callable[[Path], AbstractContextManager[Any]]] = {
    "ours": lambda folder: import_module("benchmarks.served.ours").ours(folder),
    "bare": _bare,
    "framework": _framework,
}


def _protocol(name: str) -> Any:
    """Return ours for ours, as `variate serve` has it, and uvicorn's own for the others."""
    if name != "ours":
        return "httptools"
    guarded = import_module("variate.server.operations.protocol").GuardedProtocol
    return partial(guarded, head_seconds=10)


def main(name: str, folder: str, core: str) -> None:
    """Serve it on this core, once its port is printed."""
    if core and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(core)})
    with _APPLICATIONS[name](Path(folder)) as application, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)  # who is told the port may ask at once
        server = uvicorn.Server(
            uvicorn.Config(
                application,
                loop="uvloop",
                http=_protocol(name),
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
            )
        )

        def end() -> None:
            sys.stdin.read()
            server.should_exit = True

        threading.Thread(target=end, daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        server.run(sockets=[listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
